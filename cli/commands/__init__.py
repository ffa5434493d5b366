"""The commands of the program, one module a group: arguments in, output out. The work is done in the rooms beside."""
