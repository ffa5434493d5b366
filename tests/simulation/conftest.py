"""What the tests of the simulation share."""

from collections.abc import Iterator
from logging import getLogger

import pytest

from allocation.observability import logger

POWERTOOLS_LOGGER = getLogger("aws_lambda_powertools")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of histories would log tens of thousands of faults."""
    level, powertools_level = logger.log_level, POWERTOOLS_LOGGER.level
    logger.setLevel("CRITICAL")
    POWERTOOLS_LOGGER.setLevel("CRITICAL")
    yield
    logger.setLevel(level)
    POWERTOOLS_LOGGER.setLevel(powertools_level)
