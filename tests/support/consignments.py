"""Consignments as PRO's clients send them, and a store that keeps them in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.errors import RequestError
from allocation.consignments.intake import REFERENCE_CHARACTERS
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.market import Choices
from allocation.consignments.register import Register
from allocation.consignments.store import Known, ReferenceText, StoredConsignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, Outcome
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.records.items import from_item, record_item, step_item, stored_record
from allocation.records.stored_record import StoredRecord
from tests.support.ports import InMemoryCatalogues, InMemoryLimits

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UNKNOWN = "EC-ZZZ-ZZZ-ZZZ"
ENGINE = Engine(packaged_catalogue())


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = MONDAY_MORNING

    def __call__(self) -> datetime:
        return self.now


def counted_characters() -> Any:
    """Characters for references: 000000001, 000000002 and so on."""
    numbers = count(1)

    def characters(length: int) -> str:
        number, text = next(numbers), ""
        while number:
            number, digit = divmod(number, len(REFERENCE_CHARACTERS))
            text = REFERENCE_CHARACTERS[digit] + text
        return text.rjust(length, "0")

    return characters


@dataclass
class InMemoryConsignments:
    """A `ConsignmentStore`. `taken` are references that others have; `meanwhile` happens before the next write."""

    limits: InMemoryLimits = field(default_factory=InMemoryLimits)
    kept: dict[ConsignmentReference, StoredConsignment] = field(default_factory=dict)
    records: dict[ConsignmentReference, StoredRecord] = field(default_factory=dict)
    written: list[AllocationRecord] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    unavailable: bool = False
    meanwhile: Callable[[], object] | None = None

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        if self.unavailable:
            raise RetryableError("the store does not answer")
        return {
            reference: Known(reference, self.kept.get(reference), self.records.get(reference))
            for reference in references
            if reference in self.kept or reference in self.records
        }

    def add(self, stored: StoredConsignment) -> bool:
        if stored.reference in self.kept.keys() | self.records.keys() | self.taken:
            return False
        self.kept[stored.reference] = stored
        return True

    def replace(self, stored: StoredConsignment, seen: Known) -> bool:
        if not self._stands(seen):
            return False
        self.kept[stored.reference] = stored
        return True

    def note_labels(self, reference: ConsignmentReference, given: LabelsGiven) -> None:
        stored = self.kept[reference]
        if stored.labels_given is None or stored.labels_given.tracking_reference != given.tracking_reference:
            self.kept[reference] = replace(stored, labels_given=given, version=stored.version + 1)

    def record(self, record: AllocationRecord, seen: Known) -> bool:
        if not self._stands(seen) or not self._counted(record, seen):
            return False
        self.written.append(record)
        read = stored_record(record_item(record, by_order=False))
        assert read is not None
        self.records[seen.reference] = read
        return True

    def take_steps(self, steps: Sequence[tuple[Step, Known]]) -> Sequence[bool | RetryableError]:
        return [self._take_step(step, seen) for step, seen in steps]

    def _take_step(self, step: Step, seen: Known) -> bool:
        if not self._stands(seen) or seen.record is None:
            return False
        before = seen.record.model_dump(by_alias=True, exclude={"refused_update"})
        after = step_item(step, seen.reference, seen.record.tried_event_ids, seen.record.version)
        read = StoredRecord.model_validate(before | from_item(after))
        self.records[seen.reference] = read
        return True

    def _stands(self, seen: Known) -> bool:
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return Known(seen.reference, self.kept.get(seen.reference), self.records.get(seen.reference)) == seen

    def _counted(self, record: AllocationRecord, seen: Known) -> bool:
        limit = record.outcome.limit if isinstance(record.outcome, Allocated) else None
        if limit and self.limits.counts.get(limit.on, 0) >= limit.most:
            return False
        if limit:
            self.limits.counts[limit.on] = self.limits.counts.get(limit.on, 0) + 1
        if seen.record and seen.record.counted_on:
            self.limits.counts[seen.record.counted_on] -= 1
        return True

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        return [each for each, stored in self.kept.items() if stored.customer_reference == reference]

    def with_package(self, package: str) -> Sequence[ConsignmentReference]:
        return [each for each, stored in self.kept.items() if package in stored.package_references]

    def in_state(self, state: str, most: int) -> Sequence[ConsignmentReference]:
        known = self.find([*dict.fromkeys([*self.kept, *self.records])])
        return [reference for reference, each in known.items() if each.state == state][:most]

    def erase(self, reference: ConsignmentReference) -> bool:
        return self.kept.pop(reference, None) is not None


@dataclass
class Consignments:
    """The use cases over the in-memory store and the packaged catalogue."""

    store: InMemoryConsignments = field(default_factory=InMemoryConsignments)
    clock: Clock = field(default_factory=Clock)
    engine: Engine = ENGINE
    record_retention: timedelta | None = None
    archive: InMemoryCatalogues = field(default_factory=InMemoryCatalogues)

    def __post_init__(self) -> None:
        changes = Changes(self.store, self.clock, self.record_retention)
        self.register = Register(changes, counted_characters(), timedelta(days=90))
        self.allocations = Allocations(changes)

    @property
    def choices(self) -> Choices:
        return Choices(lambda: self.engine, self.store.limits, self.archive, self.clock, "https://api.example.com")

    def create(self, **changes: Any) -> ConsignmentReference:
        """Creates the sample consignment, changed."""
        return self.register.create(consignment(**changes))

    def allocate(
        self, reference: ReferenceText, mode: AllocationMode | None = None, request_id: str = "request"
    ) -> Outcome:
        return self.allocations.allocate(reference, self.choices.by_mode(mode or DefaultRules()), request_id)

    def allocate_all(
        self, references: Sequence[ReferenceText], mode: AllocationMode | None = None
    ) -> list[tuple[ReferenceText, Outcome | RequestError]]:
        """Allocates in turn, within five seconds."""
        until = self.clock() + timedelta(seconds=5)
        choose = self.choices.by_mode(mode or DefaultRules())
        return self.allocations.allocate_all(references, choose, "request", until)

    def state(self, reference: ConsignmentReference) -> str:
        return self.store.find([reference])[reference].state

    def in_state(self, state: str) -> ConsignmentReference:
        """Creates a consignment and takes it to a state."""
        reference = self.create(Packages=[HEAVY if state == "AllocationFailed" else package()])
        if state in ("AllocationFailed", "Allocated"):
            self.allocate(reference)
        elif state == "Cancelled":
            self.register.cancel(reference, "request")
        assert self.state(reference) == state
        return reference

    def limit_to(self, most: int) -> None:
        """Lets every carrier service take so many consignments a day."""
        catalogue = self.engine.catalogue
        services = tuple(replace(service, daily_limit=most) for service in catalogue.services)
        self.engine = Engine(replace(catalogue, services=services))


def consignment(**changes: Any) -> dict[str, Any]:
    """A consignment within the country, as PRO's own example has it."""
    return {
        "ConsignmentReferenceProvidedByCustomer": "WEB-100045-1",
        "Direction": "Outbound",
        "Tags": [],
        "MetaData": [],
        "ShippingDate": None,
        "RequestedDeliveryDate": None,
        "Packages": [package()],
        "Addresses": [ORIGIN, DESTINATION],
        **changes,
    }


def package(**changes: Any) -> dict[str, Any]:
    return {
        "Weight": {"Value": Decimal("0.5"), "Unit": "Kg"},
        "Dimensions": {"Unit": "Cm", "Width": Decimal("10.0"), "Length": Decimal("10.0"), "Height": Decimal("10.0")},
        "Description": "Socks",
        "Value": {"Amount": Decimal("5.99"), "Currency": {"IsoCode": "GBP"}},
        **changes,
    }


ORIGIN = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1", "IsCached": False}
DESTINATION = {
    "AddressType": "Destination",
    "Contact": {
        "Title": "Mr",
        "FirstName": "Peter",
        "LastName": "McPetersson",
        "Telephone": "07702123456",
        "Mobile": "07702123456",
        "Email": "peter.mcpetersson@test.com",
    },
    "AddressLine1": "13 Porter Street",
    "Region": "Greater Manchester",
    "Postcode": "M1 5WG",
    "Country": {"Name": "Great Britain", "IsoCode": {"TwoLetterCode": "GB"}},
    "IsCached": False,
}
HEAVY = package(Weight={"Value": 5000, "Unit": "Kg"})
