"""A deterministic simulation: the real pipeline over a simulated queue, table, stream and topic, and a faulty PRO."""
