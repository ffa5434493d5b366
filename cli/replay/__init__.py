"""Replays that the program runs: where the consignments come from, the processes that decide, and how it is shown."""
