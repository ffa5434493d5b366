"""Orders in: the message and its wrappings, the use case of the order queue, its waves and its redelivery."""
