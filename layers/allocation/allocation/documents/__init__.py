"""Labels and customs documents: pure functions, data in and bytes out, the same bytes for the same data."""
