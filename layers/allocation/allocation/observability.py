"""The logger and the metrics of every function. They are given references and codes, never payloads."""

from traceback import extract_tb

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()


def crash(error: Exception) -> dict[str, str]:
    """What is logged of a fault of our own: its kind and place, never its text, which may quote a consignment."""
    place = extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "place": f"{place.name}:{place.lineno}"}
