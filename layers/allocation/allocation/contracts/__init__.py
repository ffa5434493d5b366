"""What crosses a boundary: the order-created message, stream records and the published allocation event."""
