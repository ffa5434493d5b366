"""SortedPRO's HTTP API over our own engine: routes, JSON and XML, errors, and the key that opens it."""
