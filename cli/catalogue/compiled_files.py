"""Catalogues in files, as people write them or compiled already, read as functions load them."""

from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.loaded_catalogue import Catalogue
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text, is_compiled
from cli.errors import UsageError
from cli.input_files import folder_of, read_text, shown_name
from cli.output import counted


def compiled_file(file: str) -> str:
    """Return the compiled catalogue of a file, which may be compiled already. Raises `UsageError`."""
    compiled, _ = _compiled_and_loaded(file)
    return compiled


def loaded_file(file: str) -> Catalogue:
    """Return the catalogue of a file, compiled or not, as functions load it. Raises `UsageError`."""
    _, loaded = _compiled_and_loaded(file)
    return loaded


def _compiled_and_loaded(file: str) -> tuple[str, Catalogue]:
    text = read_text(file, "catalogue")
    try:
        compiled = text if is_compiled(text) else compile_text(text, folder_of(file))
        loaded = read_compiled(compiled)
    except CatalogueProblemsError as error:
        problems = counted(len(error.problems), "problem")
        raise UsageError(f"{shown_name(file)} has {problems}: see `carrier catalogue check {file}`.") from error
    except InvalidCatalogueError as error:
        raise UsageError(f"{shown_name(file)}: {error}.") from error
    return compiled, loaded
