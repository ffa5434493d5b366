"""The program `carrier`, and what it runs on a developer's machine. Not deployed."""
