"""The allocation API: serves the requests of API Gateway."""

from typing import TYPE_CHECKING, Any

from allocation import init_phase
from allocation.composition.api import allocation_api
from allocation.composition.catalogues import CATALOGUE_QUESTION, api_catalogue_status, read_api_catalogue
from allocation.observability import logger, metrics

if TYPE_CHECKING:
    from allocation.aws.lambda_events import LambdaContext

# Wired here, in the function's init, where Lambda gives a whole processor: the first event waits for nothing of it.
allocation_api()
read_api_catalogue()
init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: "LambdaContext") -> Any:
    """Serve one request, or say which catalogue is used."""
    if event == CATALOGUE_QUESTION:
        return api_catalogue_status()
    return allocation_api().resolve(event, context)
