"""The ports of the workflow, implemented over AWS and SortedPRO."""
