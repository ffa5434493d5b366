"""Replay: what the same consignments would come to under two catalogues or modes. No AWS, HTTP or clocks."""
