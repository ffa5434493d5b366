"""What `carrier explain` finds out: of the consignments of a file, or of those that a stack has recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from allocation.console.explained_decision import ExplainedDecision
from allocation.console.explaining import explanation_of
from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Failure
from allocation.domain.routing import way_of
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from cli.asked_consignments import read_consignments
from cli.catalogue.compiled_files import loaded_file
from cli.errors import CommandError, UsageError
from cli.input_files import consignment_of
from cli.output import printable

if TYPE_CHECKING:
    from cli.operations.target import Target
    from cli.operations.trace import Traced

_STANDARD_INPUT: Final = "-"
_OF_FILES: Final = frozenset({".json", ".jsonl", ".ndjson", ".txt", ".yaml", ".yml", ".xml"})

Explained = tuple[Sequence[ExplainedDecision], Sequence[str]]


@dataclass(frozen=True, slots=True)
class DecisionOptions:
    """How to decide: `mode` is None where none is given, `catalogue` is a file or empty, `now` is aware."""

    mode: AllocationMode | None
    catalogue: str
    now: datetime


def is_file(what: str) -> bool:
    """Return whether a word names a file: one that exists, or one that could by its name."""
    path = Path(what)
    return what == _STANDARD_INPUT or path.exists() or "/" in what or path.suffix.lower() in _OF_FILES


def of_file(file: str, mapping: str, options: DecisionOptions) -> Explained:
    """Return an explanation of each consignment of a file, and what is wrong with others. Raises `UsageError`."""
    engine, asked = _engine(options.catalogue), read_consignments(file, mapping)
    return [_explained(engine, each, options, DefaultRules()) for each in asked.consignments], asked.problems


def of_reference(reference: str, stack: str, again: DecisionOptions | None) -> Explained:
    """Return the explanations of what a reference names in a stack, and what has none. Raises `CommandError`.

    They are those that the records kept or, with `again`, those of a new decision.
    """
    # The SDK of AWS takes half a second to import, and a file needs none.
    from cli.operations.target import target
    from cli.operations.trace import explained_records

    try:
        found = target(stack)
    except UsageError as error:
        raise error if stack else UsageError(f"There is no file {reference}. {error}") from error
    traced = explained_records(found, reference)
    if not traced:
        trace = f"`carrier orders trace {reference}{found.option}`"
        raise CommandError(f"{found.name} has no record of {printable(reference)}: {trace} tells whether it waits.")
    return _kept_explanations(traced) if again is None else _decided_again(found, traced, again)


def _kept_explanations(traced: "Sequence[Traced]") -> Explained:
    return [each.explanation for each in traced if each.explanation], [
        f"{each.reference} is {each.state} and kept no explanation. Decide again by the engine: --again."
        for each in traced
        if not each.explanation
    ]


def _decided_again(stack: "Target", traced: "Sequence[Traced]", again: DecisionOptions) -> Explained:
    """Return new decisions, of what the stack keeps of each consignment, else of what the record says was asked."""
    from allocation.records.explanations import asked_of
    from cli.operations.retry import kept_consignments

    engine = _engine(again.catalogue, stack.catalogue)
    kept = kept_consignments(stack, [each.reference for each in traced])
    explanations: list[ExplainedDecision] = []
    problems: list[str] = []
    for each in traced:
        asked = asked_of(each.stored) if each.stored else None
        if each.reference in kept:
            consignment = consignment_of(kept[each.reference], each.reference)
        elif asked:
            consignment = asked.consignment
        else:
            problems.append(f"{each.reference} can't be decided again: the stack keeps nothing of its content.")
            continue
        recorded = each.stored.seen().mode if each.stored else None
        explanations.append(_explained(engine, consignment, again, recorded or DefaultRules()))
    return explanations, problems


def _explained(
    engine: Engine, consignment: Consignment, options: DecisionOptions, usual: AllocationMode
) -> ExplainedDecision:
    """Return an explanation by the mode that is given, else by the routing table, else by the usual mode."""
    table = None if options.mode else engine.catalogue.routing
    way = way_of(table, options.mode or usual, consignment.delivery_option)
    explanation = explanation_of(engine, consignment, way, options.now)
    if isinstance(explanation, Failure):
        raise UsageError(explanation.message)
    return explanation


def _engine(file: str, deployed: Callable[[], str | None] | None = None) -> Engine:
    """Return the engine over a file's catalogue, compiled or not, or over the deployed or packaged one.

    Raises `UsageError`.
    """
    if file:
        return Engine(loaded_file(file))
    text = deployed and deployed()
    if not text:
        return Engine(packaged_catalogue())
    try:
        return Engine(read_compiled(text))
    except InvalidCatalogueError as error:
        raise UsageError(f"The stack's catalogue: {error}.") from error
