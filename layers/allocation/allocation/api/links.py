"""The links that replies carry."""

from typing_extensions import TypedDict


class ApiLink(TypedDict):
    """A link to another resource of the API."""

    Rel: str
    Href: str


def consignment_link(base_url: str, reference: str) -> ApiLink:
    """The link to a consignment. `base_url` has no trailing slash."""
    return ApiLink(Rel="Link", Href=f"{base_url}/consignments/{reference}")
