"""Starts the whole stack on one machine, sends it orders and tells what became of them."""
