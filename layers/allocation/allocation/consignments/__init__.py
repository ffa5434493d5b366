"""Consignments that are kept, what can be done with them, and the reading of PRO's consignment JSON."""
