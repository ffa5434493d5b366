"""Catalogues in AppConfig: read again when they change, and asked for as often as it allows."""

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from allocation.aws.file_stores import AppConfigStore, S3Store, store_at
from allocation.aws.maintained_files import REFRESH_SECONDS, MaintainedFile
from allocation.domain.errors import ConfigurationError, RetryableError
from tests.integration.catalogue_source import GOOD, OTHER, Broken, Clock, engine_of


class AppConfig:
    """AppConfig's data plane as its documentation has it: a token a call, an empty body where nothing changed.

    What `breaks` breaks off counts as sent. A poll is refused before the interval that the session asked for has passed
    since the last answer, which takes `answer_seconds`.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answer_seconds = 0.0
        self.interval, self.answered_at = 60.0, float("-inf")
        self.text = ""
        self.sent = ""
        self.token = 0
        self.breaks = False
        self.sessions = self.refusals = 0

    def start_configuration_session(
        self,
        *,
        RequiredMinimumPollIntervalInSeconds: int = 60,  # noqa: N803 - boto3's name
        **profile: str,
    ) -> dict[str, str]:
        assert 15 <= RequiredMinimumPollIntervalInSeconds <= 86_400
        self.interval, self.answered_at = RequiredMinimumPollIntervalInSeconds, float("-inf")
        assert set(profile) == {
            "ApplicationIdentifier",
            "EnvironmentIdentifier",
            "ConfigurationProfileIdentifier",
        }
        self.sent = ""
        self.sessions += 1
        return {"InitialConfigurationToken": str(self.token)}

    def get_latest_configuration(self, *, ConfigurationToken: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert ConfigurationToken == str(self.token)
        if self.clock() - self.answered_at < self.interval:
            self.refusals += 1
            problem = {"ConfigurationToken": {"Problem": "PollIntervalNotSatisfied"}}
            described: Any = {
                "Error": {"Code": "BadRequestException", "Message": "Request too early"},
                "Reason": "InvalidParameters",
                "Details": {"InvalidParameters": problem},
            }
            raise ClientError(described, "GetLatestConfiguration")
        self.token += 1
        self.clock.seconds += self.answer_seconds
        self.answered_at = self.clock()
        changed = self.text if self.text != self.sent else ""
        self.sent = self.text
        body = Broken() if self.breaks else io.BytesIO(changed.encode())
        return {"Configuration": body, "NextPollConfigurationToken": str(self.token)}


def test_appconfig_sends_a_catalogue_only_when_it_changed() -> None:
    clock, refused = Clock(), list[Exception]()
    appconfig = AppConfig(clock)
    source = MaintainedFile(
        AppConfigStore(appconfig, "shop", "live", "catalogue"),
        "catalogue",
        engine_of,
        clock=clock,
        refused=refused.append,
    )
    versions = []
    for text in (GOOD, GOOD, "bad", OTHER):
        appconfig.text = text
        versions.append(source().catalogue.version)
        clock.seconds += 60
    assert versions == ["2026-11-23", "2026-11-23", "2026-11-23", "benchmark"]
    assert len(refused) == 1


def test_a_catalogue_of_appconfig_that_broke_off_is_read_again() -> None:
    clock = Clock()
    appconfig = AppConfig(clock)
    source = MaintainedFile(
        AppConfigStore(appconfig, "shop", "live", "catalogue"),
        "catalogue",
        engine_of,
        clock=clock,
        refused=list[Exception]().append,
    )
    appconfig.text, appconfig.breaks = GOOD, True
    with pytest.raises(RetryableError, match="IncompleteReadError"):
        source()
    appconfig.breaks = False
    clock.seconds += 10
    assert source().catalogue.version == "2026-11-23"


@pytest.mark.parametrize(("answer_seconds", "is_refused"), [(0.0, False), (0.3, False), (7.0, True)])
def test_appconfig_is_asked_as_often_as_it_allows_and_a_refusal_is_no_alarm(
    answer_seconds: float, is_refused: bool
) -> None:
    """A refused poll has used nothing up: its token asks again, in the same session."""
    clock, refused = Clock(), list[Exception]()
    appconfig = AppConfig(clock)
    appconfig.answer_seconds, appconfig.text = answer_seconds, GOOD
    store = AppConfigStore(appconfig, "shop", "live", "catalogue")
    source = MaintainedFile(store, "catalogue", engine_of, clock=clock, refused=refused.append)
    for _ in range(100):
        source()
        clock.seconds += 1.7
    appconfig.text = OTHER
    clock.seconds += 2 * REFRESH_SECONDS
    source()
    assert (source().catalogue.version, refused) == ("benchmark", [])
    assert (appconfig.refusals > 0, appconfig.sessions) == (is_refused, 1)


def test_a_location_names_its_store() -> None:
    assert isinstance(store_at("s3://bucket/a/b.json", lambda _: None), S3Store)
    assert isinstance(store_at("appconfig://shop/live/catalogue", lambda _: None), AppConfigStore)
    for wrong in ("", "bucket/key", "s3://bucket", "appconfig://shop/live", "https://example.test/x"):
        with pytest.raises(ConfigurationError, match="s3://bucket/key"):
            store_at(wrong, lambda _: None)
