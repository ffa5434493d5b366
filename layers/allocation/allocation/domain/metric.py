"""The metrics that the functions count and measure: every name that alarms and the dashboard can look for."""

from enum import StrEnum
from typing import Final


class MetricName(StrEnum):
    """The metrics of the service. `CONSIGNMENTS_FAILED` and `MESSAGES_RETURNED` are counted by kind too."""

    CONSIGNMENTS_ALLOCATED = "ConsignmentsAllocated"
    CONSIGNMENTS_FAILED = "ConsignmentsFailed"
    ORDERS_LEFT_OUT = "OrdersLeftOut"
    MESSAGES_REFUSED = "MessagesRefused"
    MESSAGES_RETURNED = "MessagesReturned"
    ORDER_LATENCY_SECONDS = "OrderLatencySeconds"
    RETURNED_MESSAGE_AGE_SECONDS = "ReturnedMessageAgeSeconds"
    EVENTS_PUBLISHED = "EventsPublished"
    EVENTS_NOT_PUBLISHED = "EventsNotPublished"
    CANARY_SECONDS = "CanarySeconds"
    CATALOGUE_REFUSED = "CatalogueRefused"
    MAPPING_REFUSED = "MappingRefused"
    API_KEYS_REFUSED = "ApiKeysRefused"
    REQUESTS_UNAUTHORIZED = "RequestsUnauthorized"
    OPERATIONS_NOT_IMPLEMENTED = "OperationsNotImplemented"
    ALLOCATIONS_ADOPTED = "AllocationsAdopted"
    PRO_ALLOCATION_MILLISECONDS = "ProAllocationMilliseconds"
    PRO_OUTAGE_CIRCUIT_OPEN = "ProOutageCircuitOpen"
    PRO_CREDENTIALS_CIRCUIT_OPEN = "ProCredentialsCircuitOpen"
    PRO_FOLLOWED = "ProFollowed"
    PRO_CONTRADICTIONS = "ProContradictions"
    PRO_TWINS = "ProTwins"


# The kind of a failure whose code is SortedPRO's own: what others can choose must not make new metrics.
OTHER: Final = "Other"


def kind_metric(metric: MetricName, kind: str) -> str:
    """Return the name of a metric for one kind of what it counts; `kind` is in snake case or in Pascal case.

    >>> kind_metric(MetricName.MESSAGES_RETURNED, "out_of_time")
    'MessagesReturnedOutOfTime'
    """
    return metric + "".join(part[:1].upper() + part[1:] for part in kind.split("_"))
