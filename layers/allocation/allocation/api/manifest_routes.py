"""Manifests: their list, and each with its consignments and its document.

PRO's help, "Manifesting Consignments", has a list of manifests and a PDF in base64, its SDK a manifest's items.
"""

from base64 import b64encode
from typing import Final

from allocation.api.manifest_views import ManifestFileInfo, ManifestView, manifest_info, manifest_lines, manifest_view
from allocation.api.operations import Operation, UseCases, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.documents.results import LabelFile

OPERATIONS: Final[list[Operation]] = []
_CONTENT_TYPES: Final = {"PDF": "application/pdf", "CSV": "text/csv"}


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifests",
    "List manifests",
    gives=list[ManifestFileInfo],
    query=("ShippingLocationReference",),
)
def get_customer_manifests(request: Request, use_cases: UseCases) -> Reply:
    """Return the latest manifests, of a shipping location or all, the newest first."""
    location = request.query.get("shippinglocationreference") or None
    found = use_cases.manifests.recent(location)
    names = use_cases.engine.catalogue.locations if found else {}
    return Reply([manifest_info(each, names) for each in found], root="ManifestFileInfo")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifest/{manifest}",
    "Get a manifest",
    gives=ManifestView,
    errors=(404,),
)
def get_customer_manifest(request: Request, use_cases: UseCases) -> Reply:
    """Return a manifest's consignments. Its document is one level below, under PDF or CSV."""
    manifest, booked = use_cases.manifests.booked(request.path["manifest"])
    return Reply(manifest_view(manifest, booked, use_cases.located), root="ManifestItemsView")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/customer/manifest/{manifest}/{format}",
    "Get a manifest's list in a format",
    gives=LabelFile,
    errors=(404,),
)
def get_customer_manifest_in_format(request: Request, use_cases: UseCases) -> Reply:
    """Return the list of a manifest's consignments as a file in base64: PDF or CSV. PRO has no such operation."""
    return Reply(_file(request, use_cases, request.path["format"]), root="GetLabelsResponse")


@operation(
    OPERATIONS,
    "GET",
    "/consignmentcustomers/manifests",
    "List manifests at the address of 2016",
    gives=list[ManifestFileInfo],
    query=("ShippingLocationReference",),
)
def get_manifests_of_customers(request: Request, use_cases: UseCases) -> Reply:
    """Return the latest manifests, for clients of 2016."""
    return get_customer_manifests(request, use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/consignmentcustomers/manifest/{manifest}",
    "Get a manifest at the address of 2016",
    gives=ManifestView,
    errors=(404,),
)
def get_manifest_of_customers(request: Request, use_cases: UseCases) -> Reply:
    """Return a manifest, for clients of 2016."""
    return get_customer_manifest(request, use_cases)


def _file(request: Request, use_cases: UseCases, wanted: str) -> LabelFile:
    """Return a manifest's list as a file. Raises `RequestError` for an unknown manifest or format."""
    content_type = _CONTENT_TYPES.get(wanted.upper())
    if content_type is None:
        text = f"Unknown manifest format {wanted[:16]!r}: use {', '.join(_CONTENT_TYPES)}."
        raise RequestError("ManifestFormatNotFoundException", text, NOT_FOUND)
    # The drawing library slows every cold start: it is loaded with the first document.
    from allocation.documents.manifest_list import manifest_csv, manifest_pdf

    manifest, booked = use_cases.manifests.booked(request.path["manifest"])
    heading, lines = manifest_lines(manifest, booked, use_cases.located)
    content = manifest_pdf(heading, lines) if wanted.upper() == "PDF" else manifest_csv(lines)
    return LabelFile(File=b64encode(content).decode("ascii"), ContentType=content_type)
