"""The allocation record as it is kept and streamed, with the one serialiser that writes and reads it."""
