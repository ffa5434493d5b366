"""Fuzzing of the three readers that meet bytes from outside: order messages, SortedPRO's replies, stream records."""
