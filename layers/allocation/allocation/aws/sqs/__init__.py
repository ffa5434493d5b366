"""The order queue and its dead-letter queue."""
