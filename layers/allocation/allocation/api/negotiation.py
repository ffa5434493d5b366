"""Which of JSON and XML a caller wants in reply (RFC 9110, 12.5.1)."""

from typing import Final

JSON: Final = "application/json"
XML_TYPES: Final = ("application/xml", "text/xml")


def reply_type(accept: str | None) -> str:
    """The media type of the reply: XML where it is preferred to JSON, else JSON, as PRO does it.

    >>> reply_type("text/xml"), reply_type("application/xml;q=0.4, application/json"), reply_type(None)
    ('text/xml', 'application/json', 'application/json')
    """
    qualities = dict(map(quality, (accept or "").split(",")))
    of_json = max(qualities.get(JSON, 0.0), qualities.get("application/*", 0.0), qualities.get("*/*", 0.0))
    best = max(XML_TYPES, key=lambda name: qualities.get(name, 0.0))
    return best if qualities.get(best, 0.0) > of_json else JSON


def quality(media_range: str) -> tuple[str, float]:
    """A media range's name and its weight; one that can't be read weighs nothing."""
    name, *parameters = (part.strip().lower() for part in media_range.split(";"))
    weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
    try:
        return name, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return name, 0.0
