"""XML in and out: PRO's documents, and nothing that XML can be abused for."""

from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allocation.api.xml_reading import UnreadableXmlError, read_xml
from allocation.api.xml_writing import write_xml
from tests.support.consignments import consignment

NAMESPACE = 'xmlns="http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes.Consignments"'
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def test_pro_s_request_is_read_as_its_json_would_be() -> None:
    body = f"""<?xml version="1.0" encoding="utf-8"?>
    <AllocateConsignmentsWithCarrierServiceRequest {NAMESPACE}>
      <ConsignmentReferences><string>EC-000-05A-Z6S</string><string>EC-000-083-45D</string></ConsignmentReferences>
      <MpdCarrierServiceReference>Example-Carrier-Service</MpdCarrierServiceReference>
    </AllocateConsignmentsWithCarrierServiceRequest>"""
    assert read_xml(body.encode()) == {
        "ConsignmentReferences": ["EC-000-05A-Z6S", "EC-000-083-45D"],
        "MpdCarrierServiceReference": "Example-Carrier-Service",
    }


def test_a_list_is_read_whatever_net_calls_it() -> None:
    for root in ("ArrayOfString", "ArrayOfstring"):
        assert read_xml(f"<{root}><string>EC-1</string></{root}>".encode()) == ["EC-1"]


def test_metadata_is_a_list_of_elements_that_are_called_as_it_is() -> None:
    body = f"""<Package><MetaData><MetaData><KeyValue>WMS</KeyValue><StringValue {NIL} /><IntValue>77</IntValue>
      <BoolValue>true</BoolValue></MetaData></MetaData></Package>"""
    expected = {"KeyValue": "WMS", "StringValue": None, "IntValue": 77, "BoolValue": True}
    assert read_xml(body.encode()) == {"MetaData": [expected]}


def test_an_empty_list_stays_a_list_and_an_empty_text_is_null() -> None:
    assert read_xml(b"<A><Tags /><InvoiceDate /><IsCached>false</IsCached><IsoCode>GB</IsoCode></A>") == {
        "Tags": [],
        "InvoiceDate": None,
        "IsCached": False,
        "IsoCode": "GB",
    }


def test_a_consignment_is_the_same_in_xml() -> None:
    assert read_xml(write_xml(consignment(), "CreateConsignmentRequest")) == without_nulls(consignment())


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/a.dtd"> %x;]><a/>',
        '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
        "<a>&undeclared;</a>",
    ],
)
def test_document_types_and_entities_are_refused(body: str) -> None:
    with pytest.raises(UnreadableXmlError):
        read_xml(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no XML",
        "<a>",
        "<a/><b/>",
        "<a><b>1</b><b>2</b></a>",
        "<a>" * 40 + "</a>" * 40,
        "<a>" + "<Tags/>" * 20_001 + "</a>",
        "<a><Amount>1e9</Amount></a>",
        "<a><Amount>NaN</Amount></a>",
        "<a><Amount>" + "9" * 41 + "</Amount></a>",
        '<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_what_is_no_xml_or_too_much_of_it_is_refused(body: str) -> None:
    with pytest.raises(UnreadableXmlError):
        read_xml(body.encode())


def test_the_five_entities_of_xml_itself_are_read() -> None:
    assert read_xml(b"<a><Description>Fish &amp; Chips &lt;hot&gt; &quot;&apos;</Description></a>") == {
        "Description": "Fish & Chips <hot> \"'"
    }


def test_numbers_are_exact() -> None:
    assert read_xml(b"<a><Amount>27.690</Amount><Quantity>3</Quantity></a>") == {
        "Amount": Decimal("27.690"),
        "Quantity": 3,
    }


def test_a_name_that_xml_can_not_have_is_left_out() -> None:
    assert read_xml(write_xml({"no name": 1, "1": 2, "a>b": 3, "Good": "x"}, "A")) == {"Good": "x"}


@given(st.dictionaries(st.text(min_size=1), st.text()))
# Names whose values XML has in another form.
@example({"Start": "\x08", "Time": "\x0c"})
@example({"ServiceDirection": "In, \ufffe"})
def test_whatever_text_is_written_can_be_parsed(data: dict[str, str]) -> None:
    text = write_xml({"Data": {**data, "Last": "x"}}, "A")
    parser = expat.ParserCreate()
    parser.ParseFile(BytesIO(text))
    assert read_xml(text)["Data"]["Last"] == "x"


@given(st.binary())
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    try:
        read_xml(body)
    except UnreadableXmlError:
        return


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "iso-8859-1", "windows-1252", "gbk"])
def test_a_document_is_read_in_the_encoding_that_it_declares(encoding: str) -> None:
    name = "Müller" if encoding != "gbk" else "李"
    body = f'<?xml version="1.0" encoding="{encoding}"?><a><Name>{name}</Name></a>'
    assert read_xml(body.encode(encoding)) == {"Name": name}


@pytest.mark.parametrize("declared", ["ISO-8859-1", "utf-16", "Shift_JIS"])
def test_a_document_that_was_put_into_utf_8_on_the_way_is_read_as_utf_8(declared: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?><a><Name>Müller</Name></a>'
    assert read_xml(body.encode()) == {"Name": "Müller"}


@pytest.mark.parametrize(
    ("declared", "sent"),
    [("utf-8", "latin-1"), ("utf-7", "utf-8"), ("iso-2022-jp", "utf-8"), ("base64", "latin-1"), ("utf-8", "utf-32-le")],
)
def test_a_document_in_another_encoding_than_it_declares_is_refused(declared: str, sent: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?><a><Name>Müller</Name></a>'
    with pytest.raises(UnreadableXmlError):
        read_xml(body.encode(sent))
