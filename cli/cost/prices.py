"""AWS's list prices that a stack pays, in US dollars, in one region. Free tiers and discounts are left out.

They were written down from memory, not read from AWS's pages. Each names the page to check it on.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

REGION: Final = "us-east-1"
# The month of which the prices are remembered. They differ by region: eu-west-2 has 10 to 20% more for most of them.
AS_OF: Final = "2025-07"


class Used(StrEnum):
    """What is paid for, in the unit of its price."""

    WRITE_UNITS = "DynamoDB write units"
    READ_UNITS = "DynamoDB read units"
    STORED_GIGABYTES = "DynamoDB GB stored, with backups"
    INVOCATIONS = "Lambda invocations"
    GIGABYTE_SECONDS = "Lambda GB-seconds (arm64)"
    QUEUE_REQUESTS = "SQS requests"
    TOPIC_REQUESTS = "SNS requests"
    LOG_GIGABYTES = "CloudWatch Logs GB taken in"
    METRICS = "CloudWatch metrics of its own"
    ALARMS = "CloudWatch alarms"
    DASHBOARDS = "CloudWatch dashboards"
    OBJECT_READS = "S3 reads of the catalogue"
    KEYS = "KMS keys"
    SECRETS = "Secrets Manager secrets"


class Price(NamedTuple):
    """Dollars for a number of units, and the page of AWS's to check it on."""

    dollars: Decimal
    units: int
    page: str

    def of(self, used: Decimal) -> Decimal:
        """Return what so many units cost."""
        return used * self.dollars / self.units


_PAGES: Final = "https://aws.amazon.com/{}/pricing/".format
PRICES: Final = {
    Used.WRITE_UNITS: Price(Decimal("0.625"), 1_000_000, _PAGES("dynamodb")),
    Used.READ_UNITS: Price(Decimal("0.125"), 1_000_000, _PAGES("dynamodb")),
    Used.STORED_GIGABYTES: Price(Decimal("0.45"), 1, _PAGES("dynamodb")),  # 0.25 for the table, 0.20 for its backup
    Used.INVOCATIONS: Price(Decimal("0.20"), 1_000_000, _PAGES("lambda")),
    Used.GIGABYTE_SECONDS: Price(Decimal("0.0000133334"), 1, _PAGES("lambda")),
    Used.QUEUE_REQUESTS: Price(Decimal("0.40"), 1_000_000, _PAGES("sqs")),
    Used.TOPIC_REQUESTS: Price(Decimal("0.50"), 1_000_000, _PAGES("sns")),
    Used.LOG_GIGABYTES: Price(Decimal("0.50"), 1, _PAGES("cloudwatch")),
    Used.METRICS: Price(Decimal("0.30"), 1, _PAGES("cloudwatch")),
    Used.ALARMS: Price(Decimal("0.10"), 1, _PAGES("cloudwatch")),
    Used.DASHBOARDS: Price(Decimal("3.00"), 1, _PAGES("cloudwatch")),
    Used.OBJECT_READS: Price(Decimal("0.40"), 1_000_000, _PAGES("s3")),
    Used.KEYS: Price(Decimal("1.00"), 1, _PAGES("kms")),
    Used.SECRETS: Price(Decimal("0.40"), 1, _PAGES("secrets-manager")),
}
