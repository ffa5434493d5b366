"""The operations that the imitation of SortedPRO answers, by method and path (`docs/pro-api.md`)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from cli.imitation.consignments import ACCEPTED, CHEAPEST, GROUPS, SERVICES, Document, ImitatedPro, ProError

NOT_FOUND: Final = 404
_CREATED: Final = 201


def answer(pro: ImitatedPro, method: str, path: str, document: Any) -> tuple[int, Any]:
    """Do the work of one request. Return the status and the JSON of the reply."""
    place = urlsplit(path)
    for verb, pattern, action in _ROUTES:
        match = pattern.fullmatch(place.path) if verb == method else None
        if match:
            try:
                reply = action(pro, parse_qs(place.query) if verb == "GET" else document, *map(unquote, match.groups()))
            except ProError as error:
                return error.status, error.document()
            return _status(action, reply), reply
    return NOT_FOUND, {"statusCode": NOT_FOUND, "message": "Resource not found"}


def _status(action: Callable[..., Any], reply: Any) -> int:
    """Return the status of a reply: of its items, too, where they say that work is not finished."""
    if action is _create:
        return _CREATED
    is_accepted = isinstance(reply, list) and any(_item_status(each) == ACCEPTED for each in reply)
    return ACCEPTED if is_accepted else 200


def _item_status(item: Any) -> int | None:
    return item.get("StatusCode") if isinstance(item, dict) else None


def _with_service(pro: ImitatedPro, document: Any) -> list[Document]:
    service = document["MpdCarrierServiceReference"]
    if service not in SERVICES:
        raise ProError(400, "MpdCarrierServiceNotFoundException", "The carrier service was not found")
    return [pro.allocate(reference, service) for reference in document["ConsignmentReferences"]]


def _with_group(pro: ImitatedPro, _: Any, reference: str, group: str) -> list[Document]:
    if group not in GROUPS:
        raise ProError(400, "ServiceGroupNotFoundException", "The service group was not found")
    return [pro.allocate(reference, GROUPS[group], group)]


def _by_default_rules(pro: ImitatedPro, document: Any) -> list[Document]:
    return [pro.allocate(reference, CHEAPEST) for reference in document["ConsignmentReferences"]]


def _create(pro: ImitatedPro, document: Any) -> list[Document]:
    reference = pro.create(document)
    return [{"Rel": "Link", "Href": f"{pro.base_url}/consignments/{reference}"}]


def _update(pro: ImitatedPro, document: Any) -> list[Document]:
    return [{"Rel": "Link", "Href": f"{pro.base_url}/consignments/{pro.update(document)}"}]


def _detail(pro: ImitatedPro, _: Any, reference: str) -> Document:
    return pro.detail(reference)


def _find(pro: ImitatedPro, query: Any) -> list[str]:
    wanted = {name.casefold(): values for name, values in query.items()}.get("referenceprovidedbycustomer")
    if not wanted:
        raise ProError(400, "ValidationException", "Name a ReferenceProvidedByCustomer to search for")
    return pro.find(wanted[0])


def _label(pro: ImitatedPro, _: Any, reference: str) -> Document:
    return pro.label(reference)


def _documents(pro: ImitatedPro, _: Any, reference: str) -> Document:
    """Answer that no customs document is needed, for a consignment whose labels can be had."""
    pro.label(reference)
    return {"CommercialInvoiceDocuments": [], "CN22Documents": [], "CN23Documents": []}


def _deallocate(pro: ImitatedPro, _: Any, reference: str) -> None:
    pro.deallocate(reference)


def _cancel(pro: ImitatedPro, _: Any, reference: str) -> None:
    pro.cancel(reference)


def _manifest(pro: ImitatedPro, document: Any) -> list[Document]:
    return [_manifested(pro, reference) for reference in document["ConsignmentReferences"]]


def _manifested(pro: ImitatedPro, reference: str) -> Document:
    try:
        pro.manifest(reference)
    except ProError as error:
        return {"IsSuccess": False, "Message": str(error), "Data": reference, "ApiLinks": []}
    text = f"Consignment {reference} has been manifested successfully."
    return {"IsSuccess": True, "Message": text, "Data": reference, "ApiLinks": []}


def _state_events(pro: ImitatedPro, document: Any) -> Document:
    """Answer the changes from `Start` to `End` into one of the states. PRO's SDK calls both mandatory."""
    start, end = (datetime.fromisoformat(document[name]) for name in ("Start", "End"))
    wanted = document["ConsignmentStates"]
    if not wanted:
        raise ProError(400, "ValidationException", "ConsignmentStates must name at least one state")
    found = [
        _state_event(pro, number, *change)
        for number, change in enumerate(list(pro.changes))
        if start <= change[0] < end and change[2] in wanted
    ]
    return {"Events": found}


def _state_event(pro: ImitatedPro, number: int, at: datetime, reference: str, state: str) -> Document:
    details = {"EventDate": at.isoformat(), "EventType": state, "EventDetails": [], "Message": "", "User": ""}
    return {
        "EventId": f"imitation-{number}",
        "ConsignmentReference": reference,
        "ConsignmentReferenceProvidedByCustomer": pro.senders(reference),
        "ConsignmentState": state,
        "EventDetails": details,
        "Links": [],
    }


_ROUTES: Final[tuple[tuple[str, re.Pattern[str], Callable[..., Any]], ...]] = tuple(
    (verb, re.compile(path, re.IGNORECASE), action)
    for verb, path, action in (
        ("PUT", "/allocation/allocate", _by_default_rules),
        ("PUT", "/allocation/allocatewithcarrierservice", _with_service),
        ("PUT", "/allocation/([^/]+)/allocatewithservicegroup/([^/]+)", _with_group),
        ("POST", "/consignments/?", _create),
        ("PUT", "/consignments/?", _update),
        ("PUT", "/consignments/manifest", _manifest),
        ("PUT", "/consignments/([^/]+)/deallocate", _deallocate),
        ("PUT", "/consignments/([^/]+)/cancel", _cancel),
        ("GET", "/consignments/getconsignmentreferences", _find),
        ("GET", "/consignments/docs/([^/]+)", _documents),
        ("GET", "/consignments/([^/]+)", _detail),
        ("GET", "/labels/([^/]+)(?:/(?:PDF|PNG|ZPL|ZPLII))?", _label),
        ("POST", "/events/consignments/stateevents", _state_events),
    )
)
