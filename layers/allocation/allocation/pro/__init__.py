"""SortedPRO as a client: calls, replies, verdicts, rounds, claims and the circuit."""
