"""The use cases of the allocation API: consignments are created, changed, allocated, deallocated and cancelled."""
