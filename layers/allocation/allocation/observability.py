"""The logger and the metrics of every function. They are given references and codes, never payloads."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
