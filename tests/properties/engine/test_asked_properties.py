"""What a decision was asked comes back from the bytes that are kept of it: the same question, and no personal data."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from allocation.domain.consignment import (
    Address,
    AddressFlags,
    Consignment,
    Dimensions,
    Direction,
    Package,
    RequestedDelivery,
)
from allocation.domain.contents import Content
from allocation.domain.currencies import Money
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Failure
from allocation.domain.preference import Preference, PreferenceName
from allocation.engine.asked import asked_bytes, asked_consignment
from allocation.engine.compact_bytes import UnreadableBytesError
from allocation.engine.explanation import inputs_digest
from allocation.engine.inquiries import Inquiry
from tests.support.engines import NOW, PARCEL, engine_of, package, service

ENGINE = engine_of(
    {"S": service(tags=["Alcohol"], destinations=["*"], excluded=["ES-CN", "CA-QC", "US-NY"])},
    packageSizes={"Box": {"length": 30, "width": 20, "height": 10}},
)
PLACES = [
    ("GB", "m15wg"),
    ("GB", "JE2 3AB"),
    ("GB", "GX11 1AA"),
    ("UK", "BFPO 61"),
    ("IC", None),
    ("ES", "35001"),
    ("US", "10001-1234"),
    ("US", "00601"),
    ("DE", "D-10115"),
    ("LV", "LV-1050"),
    ("NL", "1011 AB"),
    ("CA", "H2X 1Y4"),
    ("IE", "D02 AF30"),
    ("FR", None),
    ("AO", "Bairro Azul, Rua 7"),
]
REGIONS = [None, "Québec", "ES-CN", "Canarias", "NY", "Jane Doe"]

decimals = st.decimals("0.01", "9999", places=2) | st.decimals("0.000001", "1E+8").filter(lambda each: each < 10**8)
flags = st.builds(AddressFlags, st.sampled_from([None, True, False]), st.sampled_from([None, True, False]))
addresses = st.builds(
    lambda place, region, said, guessed: Address(None, place[0], place[1], region, said, guessed),
    st.sampled_from(PLACES),
    st.sampled_from(REGIONS),
    flags,
    flags,
)
depots = st.builds(lambda said: Address("Depot", "GB", "M2 6LW", "Jane Doe", said), flags)
boxes = st.builds(Dimensions, decimals, decimals, decimals)
sizes = st.tuples(boxes, st.sampled_from([None, "Jane Doe"])) | st.just((None, "Box"))
packages = st.builds(
    lambda weight, size, value, contents: Package(weight, size[0], size[1], value, contents),
    decimals,
    sizes,
    st.none() | st.builds(Money, decimals, st.sampled_from(["GBP", "JPY"])),
    st.frozensets(st.frozensets(st.sampled_from(list(Content)), max_size=3), max_size=2),
)
consignments = st.builds(
    Consignment,
    reference=st.just(PARCEL.reference),
    packages=st.lists(packages, min_size=1, max_size=3).map(tuple),
    origin=addresses | depots,
    destination=addresses | depots,
    tags=st.frozensets(st.sampled_from(["Alcohol", "Jane Doe", "Fragile"])),
    shipping_date=st.none() | st.dates(date(1990, 1, 1)),
    requested_delivery=st.none() | st.builds(RequestedDelivery, st.dates(date(1990, 1, 1)), st.booleans()),
    direction=st.sampled_from(Direction),
)
within = st.builds(lambda amount: Preference(PreferenceName.FASTEST_WITHIN, Money(amount, "GBP")), decimals)
plain = st.sampled_from([Preference(name) for name in PreferenceName if name is not PreferenceName.FASTEST_WITHIN])
preferences = st.none() | plain | within
modes: st.SearchStrategy[AllocationMode] = st.one_of(
    st.builds(DefaultRules, preferences),
    st.builds(ServiceGroup, st.just("nextDay"), preferences),
    st.just(CarrierService("CX_NDS")),
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware


def inquiry_of(consignment: Consignment) -> Inquiry:
    inquiry = ENGINE.inquire(consignment)
    if isinstance(inquiry, Failure):
        reject()
    return inquiry


@given(consignments, modes, moments)
def test_what_was_asked_comes_back_as_the_same_question(
    consignment: Consignment, mode: AllocationMode, now: datetime
) -> None:
    inquiry = inquiry_of(consignment)
    kept = asked_bytes(inquiry, mode, now)
    asked = asked_consignment(kept, consignment.reference)
    again = inquiry_of(asked.consignment)
    assert (asked.mode, asked.decided_at) == (mode, now)
    assert again._replace(consignment=consignment, tags=inquiry.tags) == inquiry
    assert inputs_digest(again) == inputs_digest(inquiry)
    assert asked_bytes(again, mode, now) == kept


@given(consignments)
def test_what_decides_nothing_is_not_kept(consignment: Consignment) -> None:
    kept = asked_bytes(inquiry_of(consignment), DefaultRules(), NOW)
    assert b"jane" not in kept.lower()
    assert b"bairro azul" not in kept.lower()


@given(consignments, modes, moments, st.data())
def test_bytes_that_are_cut_are_refused(
    consignment: Consignment, mode: AllocationMode, now: datetime, data: st.DataObject
) -> None:
    kept = asked_bytes(inquiry_of(consignment), mode, now)
    with pytest.raises(UnreadableBytesError):
        asked_consignment(kept[: data.draw(st.integers(0, len(kept) - 1))])


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(octets: bytes) -> None:
    with suppress(UnreadableBytesError):
        asked_consignment(octets)


def test_a_later_form_is_refused_and_named() -> None:
    kept = asked_bytes(inquiry_of(PARCEL), DefaultRules(), NOW)
    with pytest.raises(UnreadableBytesError, match="form 2"):
        asked_consignment(b"\x02" + kept[1:])


def test_unknown_tags_stay_apart_and_are_kept_as_digests() -> None:
    kept = asked_bytes(inquiry_of(replace(PARCEL, tags=frozenset({"Alcohol", "Jane", "Joe"}))), DefaultRules(), NOW)
    tags = asked_consignment(kept).consignment.tags
    assert len(tags) == 3
    assert {tag for tag in tags if not tag.startswith("unknown-")} == {"Alcohol"}


def test_a_hundred_packages_alike_take_hardly_more_than_one() -> None:
    def size(*packages: Package) -> int:
        return len(asked_bytes(inquiry_of(replace(PARCEL, packages=packages)), DefaultRules(), NOW))

    assert size(*[package("0.5")] * 100) == size(package("0.5"))
    assert size(package("0.5")) < 60
    assert size(package("0.5"), package(str(Decimal("0.6")))) < 75
