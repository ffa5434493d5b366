"""What people do to a deployed stack by hand: look at orders, redrive the DLQ, publish events again."""
