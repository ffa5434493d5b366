"""Orders in: the message and its wrappings, the use case, and what is reported of a batch."""
