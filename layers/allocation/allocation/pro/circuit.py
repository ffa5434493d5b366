"""Two circuits in front of SortedPRO that all environments share: one opens on an outage, one on a rejected key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    CircuitState,
    CircuitTransition,
    circuit_breaker,
)
from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
    CircuitBreakerDynamoDBPersistence,
    CircuitBreakerPersistenceLayer,
)
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.metric import MetricName
from allocation.domain.outcome import DeferralCause
from allocation.observability import logger
from allocation.pro.ports import Circuit, CircuitOpenError, CircuitStateError, CredentialsError, OpenCause, OutageError

# Batches in a row without any outcome that open the circuit.
OUTAGE_FAILURES: Final = 5
# How long a circuit stays open before one environment tries one batch.
OUTAGE_SECONDS: Final = 30
CREDENTIALS_SECONDS: Final = 60
_METRICS: Final[Mapping[OpenCause, MetricName]] = {
    DeferralCause.OUTAGE: MetricName.PRO_OUTAGE_CIRCUIT_OPEN,
    DeferralCause.CREDENTIALS: MetricName.PRO_CREDENTIALS_CIRCUIT_OPEN,
}


class _PowertoolsCircuit:
    """The `Circuit` with Powertools' circuit breaker. Its state is written when it changes, and read every 5 s.

    It guards a whole batch, not each call: Powertools elects a thread to probe a recovery, and the threads of a batch
    do not outlive it.
    """

    def __init__(
        self,
        store: CircuitBreakerPersistenceLayer,
        count: Callable[[MetricName, int], None],
        now: Callable[[], datetime],
    ) -> None:
        """Report `ProOutageCircuitOpen` and `ProCredentialsCircuitOpen` to `count`.

        Each is 0 with every batch, and also 1 if the batch opens the circuit or is held back by it. So the maximum is
        the state, and an alarm sees a circuit that stays open.
        """
        self._count = count
        self._now = now
        outage = _config(OUTAGE_FAILURES, OUTAGE_SECONDS, OutageError)
        credentials = _config(1, CREDENTIALS_SECONDS, CredentialsError)
        self._recovery_seconds = {
            DeferralCause.OUTAGE: outage.recovery_timeout,
            DeferralCause.CREDENTIALS: credentials.recovery_timeout,
        }
        guard_outage = circuit_breaker(DeferralCause.OUTAGE.value, store, on_transition=self._report, config=outage)
        guard_credentials = circuit_breaker(
            DeferralCause.CREDENTIALS.value, store, on_transition=self._report, config=credentials
        )
        self._guarded: Callable[[Callable[[], None]], None] = guard_credentials(guard_outage(_call))

    def run(self, work: Callable[[], None]) -> None:
        """Run `work` unless a circuit is open."""
        for metric in _METRICS.values():
            self._count(metric, 0)
        try:
            self._guarded(work)
        except CircuitBreakerOpenError as error:
            if error.circuit is None:
                raise
            cause = _cause_of(error.circuit.name)
            self._count(_METRICS[cause], 1)
            raise CircuitOpenError(cause, self._seconds_left(cause, error.circuit.opened_at)) from error
        except (ClientError, BotoCoreError) as error:
            # Electing who probes a recovery is a conditional write. Powertools does not catch its failure.
            raise CircuitStateError(f"the circuits' table does not answer ({cause_of(error)})") from error

    def _seconds_left(self, cause: OpenCause, opened_at: int | None) -> int:
        recovery = self._recovery_seconds[cause]
        left = ceil((opened_at or 0) + recovery - self._now().timestamp())
        # Past its time, another environment is probing. The next look sees its result.
        return left if 0 < left <= recovery else recovery

    def _report(self, transition: CircuitTransition) -> None:
        extra = {"circuit": transition.circuit_name, "state": str(transition.to_state)}
        logger.warning("circuit changed", extra=extra)
        if transition.to_state == CircuitState.OPEN:
            self._count(_METRICS[_cause_of(transition.circuit_name)], 1)


def dynamodb_circuit(
    client: Any, table_name: str, count: Callable[[MetricName, int], None], now: Callable[[], datetime]
) -> Circuit:
    """Return circuits in a table of their own: partition key `id` (string), TTL attribute `expiration`."""
    store = CircuitBreakerDynamoDBPersistence(table_name=table_name, boto3_client=client)
    return _PowertoolsCircuit(store, count, now)


def _cause_of(circuit: str) -> OpenCause:
    """Return the cause that the circuit of this name opens on."""
    [cause] = (cause for cause in _METRICS if cause == circuit)
    return cause


def _call(work: Callable[[], None]) -> None:
    work()


def _config(failures: int, seconds: int, error: type[Exception]) -> CircuitBreakerConfig:
    # One good batch closes the circuit: it holds several calls already.
    return CircuitBreakerConfig(
        failure_threshold=failures, recovery_timeout=seconds, success_threshold=1, handled_exceptions=error
    )
