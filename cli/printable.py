"""Text from outside as it may be shown: an order's references can hold whatever JSON can."""


def printable(text: str) -> str:
    r"""The text with an escape, as `\x1b`, for all that would steer a terminal, break a line or can't be encoded."""
    return "".join(letter if letter.isprintable() else escape(letter) for letter in text)


def escape(letter: str) -> str:
    r"""A character as Python writes it: `\n`, `\u202e`, and `\ud800` for half a surrogate pair."""
    return letter.encode("unicode_escape").decode("ascii")
