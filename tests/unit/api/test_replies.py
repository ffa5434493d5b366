"""Which of JSON and XML is answered."""

import pytest

from allocation.api.replies import reply_type


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"),
        ("application/xml", "application/xml"),
        ("Text/XML; charset=utf-8", "text/xml"),
        ("application/json;q=0.5, text/xml;q=0.6", "text/xml"),
        ("application/xml, application/json", "application/json"),
        ("application/xml;q=0", "application/json"),
        ("application/xml;q=nonsense", "application/json"),
        (";;,,=", "application/json"),
    ],
)
def test_xml_is_answered_where_it_is_preferred(accept: str | None, expected: str) -> None:
    assert reply_type(accept) == expected
