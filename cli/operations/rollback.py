"""Takes a stack's functions back to the code and the settings that they had before the last update, in seconds.

Each function is called by an alias, which a rollback points at the version from before. Tables, queues and all else
stay as the update left them. CloudFormation does not notice: the next update points the aliases at what it brings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cli.errors import CommandError
from cli.operations.target import Target
from cli.stack.deploy import ALIAS

# Who reads records goes back after who writes them: a later form of record must find nobody who can't read it.
_READERS: Final = ("PublishAllocationsFunction", "IndexAllocationsFunction")
_STARTED: Final = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
# The functions are as the update or its end left them; CloudFormation deletes what was replaced.
_CLEANING_UP: Final = ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
_FUNCTION: Final = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True)
class Move:
    """A function whose alias goes from one version to another."""

    logical_id: str
    function: str
    present: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a stack, and the clients that know of them."""

    target: Target
    cloudformation: Any
    functions: Any

    def back(self) -> list[Move]:
        """Return what takes every function back to before the last update. Raises `CommandError`."""
        began = self._last_update()
        return self._moves(lambda published: {each: at for each, at in published.items() if at < began})

    def forward(self) -> list[Move]:
        """Return what takes every function to its newest version."""
        return self._moves(lambda published: published)

    def _moves(self, allowed: Any) -> list[Move]:
        """Return a move for each function whose newest allowed version is not the one in use, writers first."""
        moves = []
        for logical_id, function in self._names():
            present = self.functions.get_alias(FunctionName=function, Name=ALIAS)
            versions = allowed(self._published(function))
            is_split = bool(present.get("RoutingConfig", {}).get("AdditionalVersionWeights"))
            wanted = max(versions, key=int, default=present["FunctionVersion"])
            if is_split or wanted != present["FunctionVersion"]:
                moves.append(Move(logical_id, function, present["FunctionVersion"], wanted))
        return sorted(moves, key=lambda move: move.logical_id in _READERS)

    def move(self, move: Move) -> None:
        """Point a function's alias at a version, for all calls."""
        self.functions.update_alias(
            FunctionName=move.function,
            Name=ALIAS,
            FunctionVersion=move.wanted,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )

    def _names(self) -> Iterator[tuple[str, str]]:
        """Yield the functions as the template and as Lambda names them."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.target.stack)
        for resource in (each for page in pages for each in page["StackResourceSummaries"]):
            if resource["ResourceType"] == _FUNCTION:
                yield resource["LogicalResourceId"], resource["PhysicalResourceId"]

    def _published(self, function: str) -> Mapping[str, datetime]:
        """Return when each version of a function was published."""
        pages = self.functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
        versions = (each for page in pages for each in page["Versions"])
        return {
            each["Version"]: datetime.fromisoformat(each["LastModified"])
            for each in versions
            if each["Version"].isdecimal()
        }

    def _last_update(self) -> datetime:
        """Return when the last update of the stack began. Raises `CommandError` if it goes on, or there was none."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.target.stack)
        # A nested stack is a resource with states of its own among these events.
        own = (each for page in pages for each in page["StackEvents"] if each["PhysicalResourceId"] == each["StackId"])
        first = next(own, None)
        if first is None:
            raise CommandError(
                f"CloudFormation knows of no update of {self.target.name} any more: it keeps events for 90 days. "
                "Check out the release before, run `sam build` and `sam deploy`."
            )
        state = first["ResourceStatus"]
        if state.endswith("IN_PROGRESS") and state not in _CLEANING_UP:
            raise CommandError(
                f"{self.target.name} is being changed ({state}). Take an update back with "
                f"`aws cloudformation cancel-update-stack --stack-name {self.target.stack}`."
            )
        start = next((each for each in own if each["ResourceStatus"] in _STARTED), first)
        if start["ResourceStatus"] != "UPDATE_IN_PROGRESS":
            raise CommandError(f"{self.target.name} was never updated: there is nothing to go back to.")
        began: datetime = start["Timestamp"]
        return began


def functions_of(target: Target) -> Functions:
    """Return a stack's functions."""
    return Functions(target, target.make("cloudformation"), target.make("lambda"))
