"""The Allocation Summary as records keep it: PRO's JSON, packed by a dictionary of what most summaries say."""

import zlib
from typing import Any, Final

from allocation.domain.errors import AllocationError
from allocation.exact_json import parsed, written

_FORM: Final = 1
# A summary is kept up to 100,000 bytes (`kept_summary`): whoever packs ten times as much means harm.
_MAX_UNPACKED: Final = 1_000_000
# Raw deflate (RFC 1951) with a window that the dictionary and most summaries fit in.
_WINDOW: Final = -12
# What summaries repeat, the most frequent last. It belongs to form 1 and never changes.
_DICTIONARY: Final = (
    b'"CarrierServiceReference":null,"TrackingReferences":["TRK0123456789JD00"],"successfully allocated","Links":null,'
    b'"Message":null,"Code":null,"StatusCode":200,"ApiLinks":[],"ConsignmentLegs":[]'
    b"https://api.electioapp.com/consignments/EC-000-https://api.electioapp.com/labels/EC-000-"
    b".execute-api.eu-central-1.execute-api.us-east-1.execute-api.eu-west-2.execute-api.eu-west-1.amazonaws.com/live/"
    b'{"StatusCode":200,"ApiLinks":[{"Rel":"detail","Href":"https://"},{"Rel":"label","Href":"https://'
    b'.amazonaws.com/live/consignments/EC-000-"},{"Rel":"label","Href":"https:///labels/EC-000-"}],"Description":'
    b'"Consignment EC-000- has been successfully allocated with  Next Day for shipping on /2026 /2027 /2028 '
    b'17:00:00 +00:00","ConsignmentLegs":[{"Leg":1,"TrackingReferences":["TRK0"],"CarrierReference":"'
    b'","CarrierServiceReference":null,"CarrierName":"Carrier "}],"CarrierReference":"","CarrierName":"Carrier ",'
    b'"CarrierServiceReference":"","CarrierServiceName":"Next Day"}'
)


class _UnreadableSummaryError(AllocationError, ValueError):
    """A packed summary is damaged, or in a form that this version does not know."""


def packed_summary(document: dict[str, Any]) -> bytes:
    """Return a summary in form 1: the byte 1, then its JSON packed by raw deflate with the dictionary."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, 8, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    return bytes((_FORM,)) + packer.compress(written(document).encode()) + packer.flush()


def unpacked_summary(octets: bytes) -> dict[str, Any]:
    """Return the summary that `packed_summary` was given, its numbers exact. Raises `ValueError` for others."""
    if octets[:1] != bytes((_FORM,)):
        raise _UnreadableSummaryError("the allocation summary is in a form that this version does not know")
    unpacker = zlib.decompressobj(_WINDOW, _DICTIONARY)
    try:
        text = unpacker.decompress(octets[1:], _MAX_UNPACKED)
        if not unpacker.eof:
            raise _UnreadableSummaryError("the allocation summary is cut, or larger than any that is kept")
        document: dict[str, Any] = dict(parsed(text.decode()))
    except (zlib.error, ValueError, TypeError) as error:
        raise _UnreadableSummaryError("the allocation summary is damaged") from error
    return document
