"""Allocates consignments to carrier services."""
