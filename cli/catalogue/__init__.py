"""The catalogue as people write it: read, checked with all errors at once, compared, and compiled for the engine.

Needs PyYAML, Pydantic and `holidays`; the functions load only what is compiled, and never import this package.
"""
