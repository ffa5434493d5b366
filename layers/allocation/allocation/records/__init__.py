"""The allocation record as it is kept and streamed."""
