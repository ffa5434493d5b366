"""Consignments, modes, outcomes and records: pure, no AWS, no HTTP, no clocks, no randomness."""
