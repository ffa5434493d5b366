"""The logger and the metrics of every function. They are given references and codes, never payloads."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from traceback import extract_tb
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from allocation.domain.metric import MetricName, kind_metric

# The same in every line of a log group, or in the line with which Lambda reports an invocation.
_TOLD_ELSEWHERE: Final = frozenset({"cold_start", "function_name", "function_memory_size", "function_arn"})
# Of most lines: what is good news is logged in one place.
_LEFT_OUT_OF_GOOD_NEWS: Final = _TOLD_ELSEWHERE | {"location"}
_TRACE: Final = "xray_trace_id"
_ENCODED: Final = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode


class _ShortLines(LambdaPowertoolsFormatter):
    """Powertools' lines without what is told elsewhere: CloudWatch charges by the byte, and an order has a line."""

    def serialize(self, log: Mapping[str, Any]) -> str:
        """Return the line of what is logged."""
        left_out = _LEFT_OUT_OF_GOOD_NEWS if log.get("level") == "INFO" else _TOLD_ELSEWHERE
        line = {name: value for name, value in log.items() if name not in left_out}
        if _TRACE in line and "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
            del line[_TRACE]
        return super().serialize(line)


# A message is words: Powertools would try to read each as JSON.
logger = Logger(logger_formatter=_ShortLines(json_serializer=_ENCODED, json_deserializer=str))
metrics = Metrics()


def count(metric: MetricName, value: int) -> None:
    """Add a count. Zeros are written too, so that an alarm sees a function that works on nothing but failures."""
    metrics.add_metric(metric.value, MetricUnit.Count, value)


def count_kinds(metric: MetricName, kinds: Iterable[str]) -> None:
    """Add a count for each kind that occurs, as `MessagesReturnedOutOfTime`.

    CloudWatch charges for each name that it sees: kinds that others can choose must not come here.
    """
    for kind, times in Counter(kinds).items():
        metrics.add_metric(kind_metric(metric, kind), MetricUnit.Count, times)


def measure(metric: MetricName, milliseconds: int) -> None:
    """Add a duration. Each one is kept, so that percentiles can be drawn."""
    metrics.add_metric(metric.value, MetricUnit.Milliseconds, milliseconds)


def measure_seconds(metric: MetricName, seconds: float) -> None:
    """Add a duration in seconds. Each one is kept, so that percentiles can be drawn."""
    metrics.add_metric(metric.value, MetricUnit.Seconds, seconds)


def crash(error: Exception) -> dict[str, str]:
    """Return what is logged of a fault of our own: its kind and place, not its text, which may quote a consignment."""
    place = extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "place": f"{place.name}:{place.lineno}"}
