"""The allocation endpoint, path and body of each mode (`pro-api.md`, Allocation endpoints)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from allocation.batches import batches
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.reference import ConsignmentReference


@dataclass(frozen=True, slots=True)
class AllocationCall:
    """One `PUT` that asks for the allocation of `references`. Its body is empty where the path says it all."""

    path: str
    body: bytes
    references: tuple[ConsignmentReference, ...]


def allocation_calls(
    mode: AllocationMode, references: Sequence[ConsignmentReference], bulk_size: int
) -> list[AllocationCall]:
    """The calls that allocate `references`: one each for a service group, else bulk calls of at most `bulk_size`.

    >>> allocation_calls(ServiceGroup("valuableGoods"), [ConsignmentReference("EC-000-05B-MMA")], bulk_size=5)[0].path
    '/allocation/EC-000-05B-MMA/allocatewithservicegroup/valuableGoods'
    """
    size = 1 if isinstance(mode, ServiceGroup) else bulk_size
    return [allocation_call(mode, tuple(run)) for run in batches(references, size)]


def allocation_call(mode: AllocationMode, references: tuple[ConsignmentReference, ...]) -> AllocationCall:
    """The call that allocates `references`, of which there is just one where the mode is a service group."""
    match mode:
        case DefaultRules():
            return AllocationCall("/allocation/allocate", _body(references), references)
        case CarrierService(service):
            body = _body(references, MpdCarrierServiceReference=service)
            return AllocationCall("/allocation/allocatewithcarrierservice", body, references)
        case ServiceGroup(group):
            [reference] = references
            path = f"/allocation/{_segment(reference)}/allocatewithservicegroup/{_segment(group)}"
            return AllocationCall(path, b"", references)


def consignment_path(reference: ConsignmentReference) -> str:
    """Where PRO tells the state of one consignment."""
    return f"/consignments/{_segment(reference)}"


def _body(references: tuple[ConsignmentReference, ...], **fields: str) -> bytes:
    return json.dumps({**fields, "ConsignmentReferences": references}).encode()


def _segment(text: str) -> str:
    """`text` as one path segment: nothing in it can end the segment or leave the path."""
    return quote(text, safe="")
