"""A daily limit that all writers count on does not slow them down by much."""

from unittest.mock import patch

from allocation.aws.dynamodb import limit_usage
from tests.simulation.hot_limit import Writers

BATCH = 25


def rate(*, most: int | None) -> float:
    """Records that ten writers add in two simulated seconds. `python -m tests.simulation.hot_limit` takes ten."""
    writers = Writers(count=10, seconds=2.0, batch=BATCH, most=most)
    writers.run()
    return writers.added


def test_a_hot_limit_leaves_at_least_60_percent_of_the_rate_without_one() -> None:
    unlimited = rate(most=None)

    assert rate(most=10**6) >= 0.6 * unlimited
    with patch.object(limit_usage, "MAX_PARTS", 1):
        assert rate(most=10**6) < 0.1 * unlimited, "the model misses what parts are for"
