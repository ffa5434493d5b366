"""Whether the functions of a stack use a published catalogue: each is asked which one it has.

A function goes on with its catalogue for `REFRESH_SECONDS` before it looks for a new one. Lambda runs a function in
several execution environments, and which of them answers is not known. So the proof has two parts: since the catalogue
was put there, every environment has had to look again before it decides; and whichever answers after that has it.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from allocation.aws.clients import cause_of
from allocation.aws.maintained_files import REFRESH_SECONDS
from allocation.composition.catalogues import CATALOGUE_QUESTION
from cli.errors import CommandError
from cli.output import Step

# For clocks that differ, and an answer on its way.
_MARGIN_SECONDS: Final = 1.0
# After that, something keeps the functions from reading it.
_PATIENCE_SECONDS: Final = REFRESH_SECONDS + 60.0
_POLL_SECONDS: Final = 2.0


class RefusedCatalogueError(CommandError):
    """The functions refuse what was published."""


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a stack that read its catalogue, by how people call them, and what asks them."""

    names: Mapping[str, str]
    functions: Any
    """A client of Lambda."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def wait_until_used(self, tag: str, since: float, step: Step) -> float:
        """Wait until every function uses the catalogue with a tag, which was put there at `since` of the clock.

        Return how many seconds that took. Raises `RefusedCatalogueError` if one refuses it, and `CommandError` if one
        does not answer, or does not use it in time.
        """
        while True:
            behind = [name for name in self.names if not self._uses(name, tag)]
            passed = self.clock() - since
            if not behind and passed >= REFRESH_SECONDS + _MARGIN_SECONDS:
                return passed
            if passed > _PATIENCE_SECONDS:
                raise CommandError(
                    f"After {passed:.0f} s, {_listed(behind)} still has the catalogue from before: look for "
                    f"`catalogue refused` in its log, which says why."
                )
            step.update(_how_far(behind))
            self.sleep(_POLL_SECONDS)

    def _uses(self, name: str, tag: str) -> bool:
        answer = self._ask(name)
        refused = answer.get("refused")
        if refused and refused["tag"] == tag:
            raise RefusedCatalogueError(
                f"{name} refuses it: {refused['reason']}. The catalogue from before stays in use. "
                "Correct yours and publish it, or put the one before back with `carrier catalogue rollback`."
            )
        return bool(answer["inUse"] == tag)

    def _ask(self, name: str) -> Any:
        """Return a function's answer. Raises `CommandError`."""
        question = json.dumps(CATALOGUE_QUESTION)
        try:
            answer = self.functions.invoke(FunctionName=self.names[name], Payload=question)
        except ClientError as error:
            if cause_of(error) not in {"AccessDenied", "AccessDeniedException"}:
                raise
            raise CommandError(
                f"It is published, and used within {REFRESH_SECONDS:.0f} s. You may not ask {name} whether it is: ask "
                f"for the right lambda:InvokeFunction on {self.names[name]}, or say --no-wait."
            ) from error
        told = answer["Payload"].read()
        if "FunctionError" in answer:
            raise CommandError(
                f"It is published, but {name} does not say which catalogue it uses: {_error(told)}. A stack of an "
                "earlier version can't: deploy this one, or say --no-wait."
            )
        return json.loads(told)


def _how_far(behind: Sequence[str]) -> str:
    if behind:
        return f"Waiting until {_listed(behind)} uses it"
    return "The functions use it; waiting for their other execution environments"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


def _error(told: bytes) -> str:
    """Return the error of a function's answer in a line."""
    try:
        found = json.loads(told)
        return f"{found['errorType']} {found['errorMessage']}"
    except (ValueError, LookupError, TypeError):
        return "no answer"
