"""A consignment as PRO's clients send it, from a shop in Leeds, and what its allocation gave."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from allocation.consignments.full_consignment import FullConsignment
from allocation.domain.summary import AllocationSummary

GREAT_BRITAIN = {"Name": "United Kingdom", "IsoCode": {"TwoLetterCode": "GB"}}
GERMANY = {"Name": "Germany", "IsoCode": {"TwoLetterCode": "DE"}}
ITEM: dict[str, Any] = {
    "Description": "Striped socks & <b>sandals</b>",
    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "PT"}},
    "HarmonisationCode": "6115.95.00",
    "Weight": {"Value": Decimal("0.2"), "Unit": "Kg"},
    "Value": {"Amount": Decimal("5.99"), "Currency": {"IsoCode": "GBP"}},
    "Quantity": 1,
}
PACKAGE: dict[str, Any] = {"Weight": {"Value": Decimal("0.5"), "Unit": "Kg"}, "Items": [ITEM]}
ORIGIN: dict[str, Any] = {
    "AddressType": "Origin",
    "CompanyName": "Shop & Sons",
    "AddressLine1": "Unit 1",
    "Town": "Leeds",
    "Postcode": "LS1 1AA",
    "Country": GREAT_BRITAIN,
}
DESTINATION: dict[str, Any] = {
    "AddressType": "Destination",
    "Contact": {"FirstName": "Jürgen", "LastName": "Müller", "Telephone": "+49 89 1234"},
    "AddressLine1": "Hauptstraße 13",
    "Town": "München",
    "Postcode": "80331",
    "Country": GERMANY,
}


def document(**changes: Any) -> dict[str, Any]:
    """A complete consignment to Germany, as a document of its own that may be changed."""
    return deepcopy(
        {
            "Reference": "EC-000-05B-MMA",
            "ConsignmentReferenceProvidedByCustomer": "WEB-100045-1",
            "Packages": [PACKAGE],
            "Addresses": [ORIGIN, DESTINATION],
            "CustomsDocumentation": {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"},
        }
        | changes
    )


def consignment(**changes: Any) -> FullConsignment:
    """The same, read."""
    return FullConsignment.model_validate(document(**changes))


def worth(amount: str, currency: str = "GBP") -> dict[str, Any]:
    """A package of goods of this value."""
    return PACKAGE | {"Items": [ITEM | {"Value": {"Amount": Decimal(amount), "Currency": {"IsoCode": currency}}}]}


def summary(*legs: tuple[str, ...]) -> AllocationSummary:
    """The summary of an allocation whose legs have these tracking references."""
    return AllocationSummary.model_validate(
        {
            "StatusCode": 200,
            "ConsignmentLegs": [
                {"Leg": at, "TrackingReferences": references, "CarrierName": f"Carrier {at}"}
                for at, references in enumerate(legs or (("TRK00009823",),), start=1)
            ],
            "CarrierName": "Carrier 1",
            "CarrierServiceReference": "CX_NDS",
            "CarrierServiceName": "Next Day Super",
        }
    )
