"""Calls of AWS over kept connections, for what functions call all the time. botocore does the rest.

A part of a millisecond a call and a hundred of each cold start less than botocore takes. Requests, signatures,
attempts, answers and errors are botocore's.
"""
