"""An imitation of SortedPRO, so that `Allocator=pro` can be tried without an account (`docs/with-sortedpro.md`).

It runs in the local AWS's own Python, so it imports the standard library only.
"""
