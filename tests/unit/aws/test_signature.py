"""Signatures are those of AWS's own published examples."""

from hashlib import sha256

import pytest

from allocation.aws.calls.signature import Credentials, authorization

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
NOTHING = sha256(b"").hexdigest()
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("host", "query", "headers", "service", "signature"),
    [
        # AWS General Reference, "Signature Version 4", the call of IAM that its steps sign.
        (
            "iam.amazonaws.com",
            "Action=ListUsers&Version=2010-05-08",
            {"content-type": FORM},
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
        # The Signature Version 4 test suite, `get-vanilla`.
        (
            "example.amazonaws.com",
            "",
            {},
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
    ],
)
def test_published_examples(host: str, query: str, headers: dict[str, str], service: str, signature: str) -> None:
    signed = {**headers, "host": host, "x-amz-date": "20150830T123600Z"}
    found = authorization("GET", "/", query, signed, NOTHING, EXAMPLE, "us-east-1", service)
    assert found == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, "
        f"SignedHeaders={';'.join(sorted(signed))}, Signature={signature}"
    )
