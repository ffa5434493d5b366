"""What is right in form in a written catalogue, and is probably not meant."""

from cli.catalogue.catalogue_problems import CatalogueProblem
from cli.catalogue.holiday_warnings import partial_holidays
from cli.catalogue.odd_parts import find_odd_parts
from cli.catalogue.odd_places import find_odd_places
from cli.catalogue.reading import with_positions
from cli.catalogue.written_catalogue import WrittenCatalogue


def find_warnings(catalogue: WrittenCatalogue, text: str) -> list[CatalogueProblem]:
    """Return what a person should look at again, each with its position in the catalogue's text."""
    found = [*partial_holidays(catalogue), *find_odd_places(catalogue), *find_odd_parts(catalogue)]
    return with_positions(found, text)
