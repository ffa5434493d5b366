"""A stack that could not allocate is refused when it is deployed, not at its first order."""

import json
import re

import pytest

from allocation.domain.mode import ModeName
from allocation.domain.reference import is_service_reference
from allocation.orders.mapping import PACKAGED
from allocation.settings import AllocateOrdersSettings
from tests.infrastructure.stack import Stack


def accepts(stack: Stack, parameter: str, value: str) -> bool:
    return re.fullmatch(stack.parameters[parameter]["AllowedPattern"], value) is not None


def test_defaults_make_a_stack(stack: Stack) -> None:
    assert stack.refusals() == []


def test_defaults_are_those_of_the_code(stack: Stack) -> None:
    defaults = AllocateOrdersSettings(
        allocations_table="table",
        limits_table="limits",
        catalogues_table="catalogues",
        cancelled_orders_table="cancelled",
        order_queue_url="url",
        order_dlq_url="url",
        order_queue_visibility_seconds=361,
        order_queue_max_receives=105,
    )

    assert stack.parameters["AllocationMode"]["Default"] == defaults.allocation_mode
    assert stack.parameters["Allocator"]["Default"] == defaults.allocator
    assert stack.parameters["ProBaseUrl"]["Default"] == defaults.pro_base_url
    assert stack.parameters["ProPatienceSeconds"]["Default"] == ""
    assert stack.parameters["RecordRetentionDays"]["Default"] == str(defaults.record_retention_days)


@pytest.mark.parametrize("days", ["0", "90", "99", "100", "999", "1000", "3649", "3650"])
def test_records_may_be_kept_for_ever_or_longer_than_any_message_lives(stack: Stack, days: str) -> None:
    assert accepts(stack, "RecordRetentionDays", days)


@pytest.mark.parametrize("days", ["", "1", "14", "28", "89", "-1", "3651", "3700", "10000", "0x1d"])
def test_records_may_not_vanish_before_the_messages_that_they_guard_against(stack: Stack, days: str) -> None:
    assert not accepts(stack, "RecordRetentionDays", days)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"AllocationMode": "service_group"}, "ServiceGroupReference"),
        ({"AllocationMode": "carrier_service"}, "CarrierServiceReference"),
        ({"Allocator": "pro"}, "ProSecretName"),
    ],
)
def test_choice_is_refused_without_what_it_needs(stack: Stack, given: dict[str, str], missing: str) -> None:
    (refusal,) = stack.refusals(**given)

    assert missing in refusal
    assert stack.refusals(**given, **{missing: "CX_NDS"}) == []


def test_catalogue_stands_in_one_place(stack: Stack) -> None:
    (refusal,) = stack.refusals(CatalogueObject="bucket/key", CatalogueConfiguration="abcd/abcd/abcd")

    assert "not both" in refusal
    assert stack.refusals(CatalogueObject="bucket/key") == []


def test_orders_have_one_mapping(stack: Stack) -> None:
    given = {"OrderMapping": "shopify", "OrderMappingObject": "b/key", "OrderMappingConfiguration": "abcd/abcd/abcd"}
    for one in given:
        assert stack.refusals(**{one: given[one]}) == []
        assert stack.refusals(**{name: value for name, value in given.items() if name != one}) != []


def test_rules_use_only_functions_that_cloudformation_has_there(stack: Stack) -> None:
    """AWS CloudFormation User Guide, "Rules section": anything else refuses the whole template."""
    used = set(re.findall(r'"(Fn::\w+|Condition)":', json.dumps(stack.template["Rules"])))

    assert used <= {"Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Fn::Contains"}


def test_a_console_needs_the_api(stack: Stack) -> None:
    (refusal,) = stack.refusals(Console="on", DeployApi="false")

    assert "DeployApi" in refusal
    assert stack.refusals(Console="on") == []


def test_the_console_s_provider_and_its_id_there_belong_together(stack: Stack) -> None:
    given = {"ConsoleOpenIdIssuer": "https://login.example.com", "ConsoleOpenIdClientId": "console"}
    assert stack.refusals(**given) == []
    for name, value in given.items():
        assert stack.refusals(**{name: value}) != []


def test_packaged_mappings_are_those_of_the_package(stack: Stack) -> None:
    names = sorted(path.stem for path in PACKAGED.glob("*.json"))
    assert stack.parameters["OrderMapping"]["AllowedValues"] == ["", *names]


def test_modes_are_those_of_the_domain(stack: Stack) -> None:
    assert stack.parameters["AllocationMode"]["AllowedValues"] == list(ModeName)


@pytest.mark.parametrize("parameter", ["ServiceGroupReference", "CarrierServiceReference"])
@pytest.mark.parametrize(
    "reference", ["valuableGoods", "CX_NDS", "DOM.RP", "a" * 64, "a" * 65, "a/b", "..", "a b", "-a", "é", "a\n"]
)
def test_reference_is_accepted_where_the_domain_accepts_it(stack: Stack, parameter: str, reference: str) -> None:
    assert accepts(stack, parameter, reference) is is_service_reference(reference)


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://api.electioapp.com", True),
        ("https://pro.example:8443/v1", True),
        ("http://127.0.0.1:8080", True),
        ("http://api.electioapp.com", False),
        ("https://user:password@api.electioapp.com", False),  # pragma: allowlist secret - nobody's
        ("https://api.electioapp.com?key=1", False),
        ("api.electioapp.com", False),
    ],
)
def test_pro_is_called_over_tls(stack: Stack, url: str, accepted: bool) -> None:
    assert accepts(stack, "ProBaseUrl", url) is accepted


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("pro/api-key", True), ("", True), ("arn:aws:secretsmanager:eu-west-2:1:secret:key", False), ("*", False)],
)
def test_secret_is_one_secret_by_name(stack: Stack, name: str, accepted: bool) -> None:
    assert accepts(stack, "ProSecretName", name) is accepted


@pytest.mark.parametrize(
    ("parameter", "value", "accepted"),
    [
        ("OrderTopicArns", "arn:aws:sns:eu-west-2:111111111111:shop-orders", True),
        ("OrderTopicArns", "arn:aws:sns:eu-west-2:111111111111:shop-orders.fifo", True),
        ("OrderTopicArns", "arn:aws-cn:sns:cn-north-1:111111111111:shop", True),
        ("OrderTopicArns", "", True),
        ("OrderTopicArns", "*", False),
        ("OrderTopicArns", "arn:aws:sns:eu-west-2:111111111111:*", False),
        ("OrderTopicArns", "arn:aws:sqs:eu-west-2:111111111111:orders", False),
        ("OrderRuleArns", "arn:aws:events:eu-west-2:111111111111:rule/orders", True),
        ("OrderRuleArns", "arn:aws:events:eu-west-2:111111111111:rule/shop/orders", True),
        ("OrderRuleArns", "arn:aws:events:eu-west-2:111111111111:event-bus/shop", False),
        ("OrderRuleArns", "arn:aws:events:eu-west-2:111111111111:rule/*", False),
        ("OrderAccountIds", "222222222222", True),
        ("OrderAccountIds", "*", False),
        ("OrderAccountIds", "22222222222", False),
        ("OrderOrganizationId", "o-a1b2c3d4e5", True),
        ("OrderOrganizationId", "*", False),
        ("SubscriberAccountIds", "222222222222", True),
        ("SubscriberAccountIds", "*", False),
    ],
)
def test_who_is_let_in_is_named_one_by_one(stack: Stack, parameter: str, value: str, accepted: bool) -> None:
    assert accepts(stack, parameter, value) is accepted


def test_every_parameter_has_a_description_and_its_place_in_the_console(stack: Stack) -> None:
    interface = stack.template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]

    assert sorted(grouped) == sorted(stack.parameters)
    assert all(parameter["Description"] for parameter in stack.parameters.values())


def test_free_text_is_constrained_in_words(stack: Stack) -> None:
    free = {name: parameter for name, parameter in stack.parameters.items() if "AllowedValues" not in parameter}

    assert [name for name, parameter in free.items() if not parameter.get("ConstraintDescription")] == []
