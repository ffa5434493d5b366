"""Compares a stack's records with SortedPRO's states, and brings records in line."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from botocore.exceptions import ClientError

from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.batches import batches
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.pro.agreement import Agreement, Finding
from allocation.pro.aligning import Aligning, Looked
from allocation.pro.calls import Pauses
from allocation.pro.client import ProClient
from allocation.pro.credentials import key_in
from allocation.settings import ProRecordSettings
from cli.errors import CommandError, UsageError, aws_text
from cli.operations.finding import find_records
from cli.operations.records import KEY, Record, items_since
from cli.operations.target import Target
from cli.stack.observer import read_record

# Consignments that are compared at once, and the time for them.
_BATCH: Final = 50
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found of a consignment. `here` is its state before, empty without a record."""

    reference: str
    here: str
    service_here: str | None
    finding: Finding
    is_aligned: bool = False

    @property
    def is_in_order(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_aligned or self.finding.agreement is Agreement.AGREES


class _Until:
    """A deadline so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def remaining_seconds(self) -> float:
        """Return the seconds that are left."""
        return self._ends - time.monotonic()


def aligning_of(target: Target) -> Aligning:
    """Return what compares a stack's records with its SortedPRO.

    Raises `UsageError` if the engine allocates, and `CommandError` without a usable key.
    """
    if target.parameters.get("Allocator") != "pro":
        raise UsageError(f"The engine allocates for {target.name}: there is no SortedPRO to compare its records with.")
    given = {
        "pro_base_url": "ProBaseUrl",
        "pro_patience_seconds": "ProPatienceSeconds",
        "pro_details": "ProDetails",
    }
    values = {field: target.parameters.get(name) for field, name in given.items()}
    settings = ProRecordSettings.model_validate({field: value for field, value in values.items() if value})
    limits = DynamoDBLimitUsage(target.dynamodb, target.outputs["LimitsTableName"])
    cancelled_orders = target.outputs["CancelledOrdersTableName"]
    # Fetched before any call: what is wrong with it is the command's own error, told once.
    key = _key(target)
    days = int(target.parameters.get("RecordRetentionDays") or 0)
    return Aligning(
        DynamoDBRecords(target.dynamodb, target.allocations_table, limits, cancelled_orders),
        ProClient(settings.pro_base_url, lambda: key, monotonic=time.monotonic, now=_now),
        _now,
        timedelta(days=days) if days else None,
        settings.patience_seconds,
        Pauses(time.sleep, random.random),
        settings.with_details,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _key(target: Target) -> str:
    """Return the subscription key of the stack's secret. Raises `CommandError` if it can't be read or used."""
    name = target.parameters.get("ProSecretName", "")
    try:
        found = target.make("secretsmanager").get_secret_value(SecretId=name)
        return key_in(found.get("SecretString") or found["SecretBinary"], name)
    except ClientError as error:
        raise CommandError(f"Can't read the secret {name}: {aws_text(error)}") from error
    except ConfigurationError as error:
        text = str(error)
        raise CommandError(f"{text[:1].upper()}{text[1:]}.") from error


def references_of(target: Target, names: Sequence[str], since: datetime | None) -> Iterator[ConsignmentReference]:
    """Yield the consignments of orders and references, and those recorded since a time, each once.

    A name without a record is taken for a consignment. Raises `CommandError` for one that can't be.
    """
    recorded = (str(record[KEY]) for name in names for record in _named(target, name))
    newer = items_since(target.dynamodb, target.allocations_table, since) if since else ()
    seen: set[str] = set()
    for reference in (*recorded, *(str(read_record(item)[KEY]) for item in newer)):
        if reference not in seen:
            seen.add(reference)
            yield ConsignmentReference(reference)


def _named(target: Target, name: str) -> Iterable[Record]:
    found = find_records(target, name).records
    if not found and not is_pro_reference(name):
        raise CommandError(f"{target.name} has no record of an order or a consignment {name[:64]!r}.")
    return found or [{KEY: name}]


def reconciled(
    aligning: Aligning, references: Iterable[ConsignmentReference], *, is_applied: bool
) -> Iterator[Reconciled]:
    """Compare consignments and, if `is_applied`, bring their records in line. Raises `CommandError` on an outage."""
    run = f"reconcile-{uuid4()}"
    for batch in batches(references, _BATCH):
        try:
            looked = aligning.look(batch, _Until(_SECONDS))
            yield from (_reconciled(aligning, each, looked[each], run if is_applied else "") for each in batch)
        except RetryableError as error:
            raise CommandError(f"Can't go on: {error}. What was brought in line stays so.") from error


def _reconciled(aligning: Aligning, reference: ConsignmentReference, looked: Looked, run: str) -> Reconciled:
    is_aligned = bool(run and looked.finding.states and aligning.align(reference, looked, run))
    seen = looked.seen
    return Reconciled(
        reference, seen.state if seen else "", seen.carrier_service if seen else None, looked.finding, is_aligned
    )
