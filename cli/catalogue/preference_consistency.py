"""Finds preferences that mean nothing, such as one by priorities that no service has."""

from collections.abc import Iterator

from allocation.domain.mode import ModeName
from allocation.domain.preference import Preference, PreferenceName
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.written_catalogue import RoutedMode, WrittenCatalogue

_Problems = Iterator[CatalogueProblem]


def find_preference_contradictions(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what is wrong with the preferences of the catalogue and of its routing rows."""
    yield from _preference(key_path("preference"), catalogue.preference, catalogue)
    for path, row in _rows(catalogue):
        where = key_path(*path, "preference")
        if row.preference is None:
            continue
        if row.mode is ModeName.CARRIER_SERVICE:
            yield CatalogueProblem(where, None, "does not go with one carrier service: remove it")
        yield from _preference(where, row.preference, catalogue)


def find_preferences_of_pro(catalogue: WrittenCatalogue) -> _Problems:
    """Yield the preferences of routing rows: SortedPRO takes none."""
    for path, row in _rows(catalogue):
        if row.preference is not None:
            fix = "can't be asked of SortedPRO, which chooses by its own rules: remove it"
            yield CatalogueProblem(key_path(*path, "preference"), row.preference, fix)


def _rows(catalogue: WrittenCatalogue) -> Iterator[tuple[KeyPath, RoutedMode]]:
    if catalogue.routing is not None:
        yield key_path("routing", "default"), catalogue.routing.default
        for option, row in catalogue.routing.options.items():
            yield key_path("routing", "options", option), row


def _preference(path: KeyPath, preference: Preference, catalogue: WrittenCatalogue) -> _Problems:
    within = preference.within
    if within is not None and within.currency != catalogue.currency:
        fix = f"is not in {catalogue.currency}, in which services are compared: write the amount in it"
        yield CatalogueProblem(path, preference, fix)
    ordered = any(service.priority is not None for _, _, service in catalogue.all_services())
    if preference.name is PreferenceName.PRIORITISED and not ordered:
        yield CatalogueProblem(path, preference, "needs services with a priority: add priority to some")
