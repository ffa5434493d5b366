"""Customs documents: which there are, what they say, and why they are refused."""

from base64 import b64decode
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from allocation.documents.customs_documents import CustomsPapers
from allocation.documents.results import CustomsDataError, CustomsDocuments
from tests.support.document_reading import texts
from tests.support.document_samples import (
    DESTINATION,
    GREAT_BRITAIN,
    ITEM,
    ORIGIN,
    PACKAGE,
    consignment,
    summary,
    worth,
)

TODAY = date(2026, 11, 23)
NONE: CustomsDocuments = {"CommercialInvoiceDocuments": [], "CN22Documents": [], "CN23Documents": []}
COMPLETE = {"CategoryType": "Other", "ReasonForExport": "Sale"}


def documents(*, gbp_rates: dict[str, Decimal] | None = None, **changes: Any) -> CustomsDocuments:
    """The documents of a complete consignment to Germany with these changes."""
    return CustomsPapers(consignment(**changes), summary(), TODAY, gbp_rates or {}).all()


def names(reply: CustomsDocuments) -> list[str]:
    """The file names of all documents."""
    return [
        file["Key"]
        for files in (reply["CN22Documents"], reply["CN23Documents"], reply["CommercialInvoiceDocuments"])
        for file in files
    ]


def problems(**changes: Any) -> dict[str, str]:
    """What documents are refused for, by target."""
    with pytest.raises(CustomsDataError) as refused:
        documents(**changes)
    return {problem.target: problem.message for problem in refused.value.problems}


def test_goods_that_pass_no_customs_need_no_documents() -> None:
    assert documents(Addresses=[ORIGIN, DESTINATION | {"Country": GREAT_BRITAIN}], CustomsDocumentation=None) == NONE


@pytest.mark.parametrize(
    ("amount", "form"), [("0", "CN22"), ("270.00", "CN22"), ("270.01", "CN23"), ("270.00001", "CN23"), ("9999", "CN23")]
)
def test_the_form_goes_by_the_value_of_the_package(amount: str, form: str) -> None:
    assert names(documents(Packages=[worth(amount)])) == [
        f"EC-000-05B-MMA-1-{form}.pdf",
        "EC-000-05B-MMA-commercial-invoice.pdf",
    ]


def test_each_package_has_a_form_and_the_consignment_one_invoice() -> None:
    reply = documents(Packages=[worth("200"), worth("300"), worth("100")])
    assert names(reply) == [
        "EC-000-05B-MMA-1-CN22.pdf",
        "EC-000-05B-MMA-3-CN22.pdf",
        "EC-000-05B-MMA-2-CN23.pdf",
        "EC-000-05B-MMA-commercial-invoice.pdf",
    ]


def test_the_value_is_that_of_all_units_of_all_items() -> None:
    items = [ITEM | {"Quantity": 40}, ITEM | {"Quantity": 6}]
    reply = documents(Packages=[PACKAGE | {"Items": items}])
    assert "275.54 GBP" in texts(reply["CN23Documents"][0]["Value"])[0]


@pytest.mark.parametrize(("amount", "form"), [("300.00", "CN22"), ("300.01", "CN23")])
def test_goods_in_another_currency_go_by_the_rate(amount: str, form: str) -> None:
    reply = documents(Packages=[worth(amount, "EUR")], gbp_rates={"EUR": Decimal("0.9")})
    assert names(reply)[0] == f"EC-000-05B-MMA-1-{form}.pdf"


def test_goods_in_a_currency_without_a_rate_are_refused() -> None:
    assert problems(Packages=[worth("5", "EUR")]) == {
        "Packages[0].Items[0].Value.Currency": "is EUR, which has no rate to GBP here to tell a CN22 from a CN23"
    }


def test_goods_in_two_currencies_are_refused() -> None:
    two = [worth("5"), worth("5", "EUR")]
    assert problems(Packages=two, gbp_rates={"EUR": Decimal("0.9")}) == {
        "Packages[1].Items[0].Value.Currency": "is EUR beside GBP: declare all items in one currency"
    }


def test_a_cn22_says_what_customs_ask_for() -> None:
    (page,) = texts(documents()["CN22Documents"][0]["Value"])
    for words in (
        *("CUSTOMS DECLARATION", "CN 22", "EC-000-05B-MMA, package 1 of 1, TRK00009823", "[X] Sale of goods"),
        *("1 x Striped socks & <b>sandals</b>", "0.2 kg", "5.99 GBP", "61159500 PT", "Total"),
        *("Shop & Sons", "Leeds", "UNITED KINGDOM", "Jürgen Müller", "München", "GERMANY", "Tel +49 89 1234"),
        *("dangerous article", "2026-11-23"),
    ):
        assert words in page


def test_a_cn23_says_what_customs_ask_for() -> None:
    details = {
        "CategoryType": "ReturnedGoods",
        "CN23Comments": "Plant fibres",
        "ImportersTaxCode": "TC001",
        "ImportersEmail": "customs@importer.example",
        "ShippersVatNumber": "GB874541414",
        "ReceiversVatNumber": "DE8745474",
        "OfficeOfPosting": "Manchester",
        "ReferencesOfAttachedInvoices": ["INV001", "INV002"],
        "ReferencesOfAttachedLicences": ["LIC001"],
        "ReferencesOfAttachedCertificates": ["CERT001"],
        "DeclarationDate": "2026-11-20T00:00:00+00:00",
    }
    (page,) = texts(documents(Packages=[worth("300")], CustomsDocumentation=details)["CN23Documents"][0]["Value"])
    for words in (
        *("CN 23", "[X] Returned goods", "Plant fibres", "Tax code TC001", "E-mail customs@importer.example"),
        *("VAT number GB874541414", "VAT number DE8745474", "Manchester", "INV001, INV002", "LIC001", "CERT001"),
        *("300.00 GBP", "61159500", "gross weight 0.5 kg", "2026-11-20"),
    ):
        assert words in page


def test_an_invoice_covers_all_packages() -> None:
    details = COMPLETE | {
        "ShippingTerms": "DAP",
        "DesignatedPersonResponsible": "P. Person",
        "InvoiceDate": "2026-11-19",
    }
    reply = documents(Packages=[worth("200.50"), worth("300")], CustomsDocumentation=details)
    (page,) = texts(reply["CommercialInvoiceDocuments"][0]["Value"])
    for words in (
        *("COMMERCIAL INVOICE", "500.50 GBP", "200.50", "DAP", "Sale", "P. Person", "2026-11-19"),
        *("Packages 2", "Gross weight 1 kg", "Net weight 0.4 kg", "TRK00009823"),
    ):
        assert words in page


@pytest.mark.parametrize(
    ("details", "ticked"),
    [
        ({"CategoryType": "Gift"}, "[X] Gift"),
        ({"CategoryType": "Documents"}, "[X] Documents"),
        ({"CategoryType": "CommercialSample"}, "[X] Commercial sample"),
        ({"CategoryType": "Other", "ReasonForExport": "sale of goods"}, "[X] Sale of goods"),
        ({"CategoryType": "Other", "CategoryTypeExplanation": "For repair"}, "[X] Other: For repair"),
        ({"CategoryType": None, "ReasonForExport": "Exhibition"}, "[X] Other: Exhibition"),
    ],
)
def test_one_category_is_ticked(details: dict[str, Any], ticked: str) -> None:
    (page,) = texts(documents(CustomsDocumentation=details)["CN22Documents"][0]["Value"])
    assert ticked in page
    assert page.count("[X]") == 1


def test_a_date_that_a_client_did_not_set_is_today() -> None:
    unset = {"DeclarationDate": "0001-01-01T00:00:00+00:00", "InvoiceDate": ""}
    reply = documents(CustomsDocumentation=COMPLETE | unset)
    assert "2026-11-23" in texts(reply["CN22Documents"][0]["Value"])[0]
    assert "2026-11-23" in texts(reply["CommercialInvoiceDocuments"][0]["Value"])[0]


def test_all_that_is_missing_is_named_at_once() -> None:
    missing = problems(
        Packages=[PACKAGE | {"Items": [{}, ITEM | {"HarmonisationCode": "socks"}]}, PACKAGE | {"Items": []}],
        Addresses=[{"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}],
        CustomsDocumentation=None,
    )
    assert set(missing) == {
        *(f"Addresses[0].{name}" for name in ("Contact", "AddressLine1", "Town", "Country")),
        "Addresses[Destination]",
        *(f"Packages[0].Items[0].{name}" for name in ("Description", "Quantity", "Value", "Weight")),
        "Packages[0].Items[0].HarmonisationCode",
        "Packages[0].Items[0].CountryOfOrigin.IsoCode.TwoLetterCode",
        "Packages[0].Items[1].HarmonisationCode",
        "Packages[1].Items",
        "CustomsDocumentation.ReasonForExport",
    }


@pytest.mark.parametrize(
    ("field", "value", "target"),
    [
        ("Description", "  ", "Description"),
        ("Quantity", None, "Quantity"),
        ("Value", None, "Value"),
        ("Weight", None, "Weight"),
        ("Weight", {"Value": 0, "Unit": "Kg"}, "Weight"),
        ("HarmonisationCode", None, "HarmonisationCode"),
        ("HarmonisationCode", "12345", "HarmonisationCode"),
        ("CountryOfOrigin", None, "CountryOfOrigin.IsoCode.TwoLetterCode"),
        ("CountryOfOrigin", {"IsoCode": {}}, "CountryOfOrigin.IsoCode.TwoLetterCode"),
    ],
)
def test_an_item_without_one_of_its_data_is_refused(field: str, value: object, target: str) -> None:
    assert set(problems(Packages=[PACKAGE | {"Items": [ITEM | {field: value}]}])) == {f"Packages[0].Items[0].{target}"}


@pytest.mark.parametrize("field", ["AddressLine1", "Town", "Contact"])
def test_a_receiver_without_name_street_or_town_is_refused(field: str) -> None:
    assert set(problems(Addresses=[ORIGIN, DESTINATION | {field: None}])) == {f"Addresses[1].{field}"}


def test_a_code_that_names_no_country_is_refused_by_its_field_alone() -> None:
    nowhere = {"IsoCode": {"TwoLetterCode": "YU"}}
    assert problems(
        Addresses=[ORIGIN, DESTINATION | {"Country": nowhere}],
        Packages=[PACKAGE | {"Items": [ITEM | {"CountryOfOrigin": nowhere}]}],
    ) == {
        "Addresses[1].Country.IsoCode.TwoLetterCode": "names no country of ISO 3166",
        "Packages[0].Items[0].CountryOfOrigin.IsoCode.TwoLetterCode": "names no country of ISO 3166",
    }


def test_documents_show_the_iso_code_of_a_country_that_is_written_otherwise() -> None:
    greek = ITEM | {"CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "EL"}}}
    origin = ORIGIN | {"Country": {"IsoCode": {"TwoLetterCode": "UK"}}}
    reply = documents(Addresses=[origin, DESTINATION], Packages=[PACKAGE | {"Items": [greek]}])
    (page,) = texts(reply["CN22Documents"][0]["Value"])
    words = page.split()
    assert {"GB", "GR"} <= set(words)
    assert {"UK", "EL"}.isdisjoint(words)


def test_no_packages_are_refused() -> None:
    assert problems(Packages=[]) == {"Packages": "is empty"}


def test_problems_hold_nothing_personal() -> None:
    shown = str(problems(Packages=[PACKAGE | {"Items": [{}]}]))
    assert not any(word in shown for word in ("Jürgen", "Müller", "Hauptstraße", "1234"))


def test_the_same_consignment_gives_the_same_bytes() -> None:
    assert documents(Packages=[worth("1"), worth("300")]) == documents(Packages=[worth("1"), worth("300")])


def test_many_items_run_over_pages_that_repeat_the_headings() -> None:
    items = [ITEM | {"Description": f"Socks no. {number}"} for number in range(120)]
    reply = documents(Packages=[PACKAGE | {"Items": items}])
    for file in (reply["CN23Documents"][0], reply["CommercialInvoiceDocuments"][0]):
        pages = texts(file["Value"])
        assert len(pages) > 1
        assert all("Tariff number" in page for page in pages[:-1])
        assert all(f"Socks no. {number} " in " ".join(pages) for number in range(120))


def test_a_description_longer_than_a_page_is_kept_whole() -> None:
    description = "endless " * 250
    (cn22,) = documents(Packages=[PACKAGE | {"Items": [ITEM | {"Description": description}]}])["CN22Documents"]
    assert " ".join(texts(cn22["Value"])).count("endless") == 250


def test_documents_are_pdf() -> None:
    assert b64decode(documents()["CN22Documents"][0]["Value"]).startswith(b"%PDF-")
