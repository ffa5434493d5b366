"""A replay that the stack itself carries out: its state machine is started and followed, and its parts added up."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from allocation.aws.replay_files import S3ReplayFiles
from allocation.replay.parts import NoPartsError, ReplayInParts, request_key
from allocation.replay.requests import ReplayRequest, request_text
from allocation.replay.result import ReplayResult
from cli.errors import CommandError, UsageError
from cli.operations.target import Target
from cli.replay.processes import SideText

_POLL_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class InStack:
    """A replay by a stack's state machine, of what was decided at `since` (aware) or later."""

    stack: Target
    since: datetime
    before: SideText
    after: SideText
    sleep: Callable[[float], None] = time.sleep

    def result(self, now: datetime, told: Callable[[str], None]) -> ReplayResult:
        """Start the state machine and return the result once it has ended. `told` gets how far it is.

        Raises `UsageError` for a stack without one, and `CommandError` where it fails.
        """
        catalogues = self.stack.catalogues() if self.stack.catalogues else None
        if not self.stack.replay_machine or catalogues is None:
            text = f"{self.stack.name} can't replay by itself: deploy it with Replays=on, or leave --in-stack out."
            raise UsageError(text)
        replay = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        files = S3ReplayFiles(catalogues.s3, catalogues.bucket)
        self._write(files, replay)
        machines = self.stack.state_machines()
        started = machines.start_execution(
            stateMachineArn=self.stack.replay_machine, name=replay, input=json.dumps({"replay": replay})
        )
        self._follow(machines, started["executionArn"], replay, told)
        try:
            return ReplayInParts(files).result(replay)
        except NoPartsError as error:
            raise CommandError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error

    def _write(self, files: S3ReplayFiles, replay: str) -> None:
        before, after = (f"replays/{replay}/{name}.json" for name in ("before", "after"))
        files.write(before, self.before.catalogue)
        files.write(after, self.after.catalogue)
        request = ReplayRequest(self.since, before, after, self.before.mode, self.after.mode, self.stack.mode)
        files.write(request_key(replay), request_text(request))

    def _follow(self, machines: Any, execution: str, replay: str, told: Callable[[str], None]) -> None:
        while (found := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
            told(f"Replaying in {self.stack.name} as {replay}: it exports the table first, which takes minutes")
            self.sleep(_POLL_SECONDS)
        if found["status"] != "SUCCEEDED":
            cause = found.get("cause") or found.get("error") or "its history in Step Functions says why"
            raise CommandError(f"The replay {replay} of {self.stack.name} has {found['status'].lower()}: {cause}.")
