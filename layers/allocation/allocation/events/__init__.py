"""Events out: the allocation event and the use case that publishes it."""
