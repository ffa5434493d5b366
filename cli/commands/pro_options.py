"""The options of `carrier run` and `carrier up` that say who allocates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from allocation.domain.mode import AllocationMode
from cli.errors import UsageError
from cli.stack.local_pro import LocalPro, account, imitation


def allocator_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--allocator`, `--pro-url`, `--pro-key` and `--create-in-pro`. `chosen_pro` reads their values."""
    options = (
        click.option(
            "--allocator",
            type=click.Choice(["engine", "pro"]),
            default="engine",
            show_default=True,
            help="Who chooses: the own engine, or SortedPRO (docs/with-sortedpro.md).",
        ),
        click.option(
            "--pro-url", default="", metavar="URL", help="Where SortedPRO answers.  [default: a packaged imitation]"
        ),
        click.option("--pro-key", default="", metavar="KEY", help="The subscription key for --pro-url."),
        click.option(
            "--create-in-pro",
            "creates",
            is_flag=True,
            help="SortedPRO creates consignments that are not its own (CreateInPro and ProDetails on).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen_pro(allocator: str, url: str, key: str, mode: AllocationMode, *, creates: bool) -> LocalPro | None:
    """Return the SortedPRO of four options, None for the engine. Raises `UsageError`."""
    if allocator != "pro":
        for option, value in (("--pro-url", url), ("--pro-key", key), ("--create-in-pro", creates)):
            if value:
                raise UsageError(f"{option} means nothing without --allocator pro: add that, or leave it out.")
        return None
    if bool(url) != bool(key):
        given, missing = ("--pro-url", "--pro-key KEY") if url else ("--pro-key", "--pro-url URL")
        raise UsageError(f"{given} needs {missing}. Without both, a packaged imitation of SortedPRO answers.")
    return replace(account(url, key) if url else imitation(mode), creates=creates)
