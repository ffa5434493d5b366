"""The allocate call of the recipe with SortedPRO: one HTTP request a consignment, over one session."""

import os
from typing import Any

import requests
from aws_lambda_powertools.utilities import parameters

from tests.benchmarks.recipe.models import Consignment

_URL = os.environ["PRO_BASE_URL"]
_GROUP = os.environ.get("SERVICE_GROUP_REFERENCE")
_session = requests.Session()


def allocate(consignment: Consignment) -> dict[str, Any]:
    """Return the Allocation Summary of a consignment. Raises `requests.HTTPError` for a refusal."""
    key = parameters.get_secret(os.environ["PRO_SECRET_NAME"], max_age=300)
    headers = {"ocp-apim-subscription-key": str(key)}
    reference = consignment.reference
    if _GROUP:
        url = f"{_URL}/allocation/{reference}/allocatewithservicegroup/{_GROUP}"
        reply = _session.put(url, headers=headers, timeout=15)
    else:
        body = {"ConsignmentReferences": [reference]}
        reply = _session.put(f"{_URL}/allocation/allocate", json=body, headers=headers, timeout=15)
    reply.raise_for_status()
    [summary] = reply.json()
    return dict(summary)
