"""What whoever runs a stack does by hand: brings orders back from the DLQ, and traces one order."""
