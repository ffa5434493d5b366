"""The whole consignment: as PRO's clients write it, and with the locations that it names."""

import pytest
from pydantic import ValidationError

from allocation.consignments.full_consignment import FullAddress, FullConsignment
from tests.support.document_samples import DESTINATION, ORIGIN, PACKAGE, consignment, document

LEEDS = FullAddress.model_validate(ORIGIN)


def test_everything_that_documents_show_is_read() -> None:
    read = consignment()
    destination = read.address("Destination")
    assert destination is not None
    assert destination.contact is not None
    assert destination.contact.last_name == "Müller"
    assert read.packages[0].items[0].harmonisation_code == "6115.95.00"
    assert read.customs_documentation is not None
    assert read.customs_documentation.reason_for_export == "Sale"


def test_the_engine_still_sees_no_contact() -> None:
    assert "Müller" not in repr(consignment().to_domain())


def test_nulls_are_empty_lists() -> None:
    package = PACKAGE | {"Items": None, "MetaData": None}
    read = consignment(Packages=[package], MetaData=None, CustomsDocumentation={"ReferencesOfAttachedInvoices": None})
    assert read.packages[0].items == []
    assert read.customs_documentation is not None
    assert read.customs_documentation.references_of_attached_invoices == []


@pytest.mark.parametrize("value", [0, -1, "2", 1_000_001])
def test_a_quantity_is_a_whole_number_above_zero(value: object) -> None:
    with pytest.raises(ValidationError, match="Quantity"):
        consignment(Packages=[PACKAGE | {"Items": [{"Quantity": value}]}])


def test_what_is_wrong_is_told_without_personal_data() -> None:
    with pytest.raises(ValidationError) as refused:
        FullConsignment.model_validate(document(Addresses=[DESTINATION | {"Contact": {"LastName": 5081}}]))
    assert "5081" not in str(refused.value)


def test_a_shipping_location_fills_in_what_the_address_leaves_out() -> None:
    origin = {"AddressType": "Origin", "ShippingLocationReference": "Leeds1", "CompanyName": "Another Shop"}
    read = consignment(Addresses=[origin, DESTINATION]).with_locations({"Leeds1": LEEDS}).address("Origin")
    assert read is not None
    assert (read.company_name, read.address_line1, read.town) == ("Another Shop", "Unit 1", "Leeds")
    assert (read.address_type, read.shipping_location_reference) == ("Origin", "Leeds1")


def test_an_unknown_shipping_location_stays_as_it_is() -> None:
    origin = {"AddressType": "Origin", "ShippingLocationReference": "Leeds2"}
    read = consignment(Addresses=[origin, DESTINATION])
    assert read.with_locations({"Leeds1": LEEDS}) == read
