"""How long an order waits before it is given up, computed from the settings of its queue."""

import pytest

from allocation.domain.errors import ConfigurationError
from allocation.orders.redelivery import require_patience, shortest_patience


def test_a_shorter_visibility_gives_an_order_up_sooner() -> None:
    assert shortest_patience(200) < 6 * 3600 <= shortest_patience(361) < shortest_patience(3600)


@pytest.mark.parametrize(
    ("visibility", "receives", "complaint"),
    [
        (30, 105, "ORDER_QUEUE_VISIBILITY_SECONDS 30: an order would be given up after 0.6 hours"),
        (361, 104, "ORDER_QUEUE_MAX_RECEIVES 104: .* maxReceiveCount to 105"),
    ],
)
def test_settings_that_give_orders_up_in_an_outage_are_refused(visibility: int, receives: int, complaint: str) -> None:
    require_patience(361, 105)
    with pytest.raises(ConfigurationError, match=complaint):
        require_patience(visibility, receives)
