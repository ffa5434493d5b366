"""The catalogue as people write it: read and checked, compared, and compiled for the engine.

Functions load only the compiled catalogue. They need none of this package nor its libraries.
"""
