"""The client of SortedPRO (`docs/pro-client.md`). Start at `allocator`; `verdicts` says what each reply means.

`allocator` claims consignments and asks PRO in `rounds`. A round sends `calls` in parallel through the `client`, reads
the `replies`, and settles doubts by the `state` that PRO tells. `claims`, `circuit` and `credentials` live in AWS.
"""
