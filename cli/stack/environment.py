"""What everything local runs in: test credentials, the loopback, and nothing of the AWS that the user has."""

import os
from collections.abc import Mapping
from typing import Final

HOST: Final = "127.0.0.1"
REGION: Final = "eu-west-2"
TEST_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def endpoint(port: int) -> str:
    """The URL of the local AWS."""
    return f"http://{HOST}:{port}"


def local_environment(inherited: Mapping[str, str], port: int) -> dict[str, str]:
    """What a child is given: `inherited` without any AWS setting, and the local AWS instead.

    Proxies stay, since a build may need them to download packages, but not for the loopback.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    direct = ",".join(filter(None, (inherited.get("no_proxy") or inherited.get("NO_PROXY"), HOST)))
    return {
        **kept,
        **TEST_CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
