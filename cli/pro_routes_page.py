"""The list of PRO's routes at the end of `docs/api.md`, made from the code's own list, served or not."""

from collections.abc import Iterable
from typing import Final

from allocation.api.pro_routes import CURRENT, EARLIER, ProRoute, form_of
from allocation.api.resolver import OPERATIONS
from cli.paths import ROOT

FILE: Final = ROOT / "docs" / "api.md"
HEADING: Final = "## Every operation of PRO\n"


def text() -> str:
    """Return the text of `docs/api.md` with the list as it has to be."""
    return FILE.read_text("utf-8").partition(HEADING)[0] + HEADING + _list()


def _list() -> str:
    served = {(each.method, *form_of(each.path)) for each in OPERATIONS}
    current, earlier = (sum(route.form in served for route in routes) for routes in (CURRENT, EARLIER))
    return f"""
`./carrier generate` writes this list from the code. A route that is not served answers 501 with
PRO's error, whose message names the operation and says why.

Version 1.1: {current} of {len(CURRENT)} routes are served.

{_table(CURRENT, served)}

Routes that only earlier clients call, and those of PRO's own pages: {earlier} of {len(EARLIER)} are
served.

{_table(EARLIER, served)}
"""


def _table(routes: Iterable[ProRoute], served: set[tuple[str, ...]]) -> str:
    rows = (
        f"| `{each.method} {each.path}` | {each.title} | {'yes' if each.form in served else f'501: {each.reason}'} |"
        for each in routes
    )
    return "\n".join(("| route | operation | served |", "|---|---|---|", *rows))
