"""cfn-lint, which asks whether the same conditions can hold together a thousand times, and is answered once."""

import json
from typing import Any

_ANSWERS: dict[Any, Any] = {}


def linted(template: dict[str, Any], *regions: str) -> list[Any]:
    """Return what cfn-lint finds in a template for these regions."""
    from cfnlint import api  # takes a second to import
    from cfnlint.context.conditions import _conditions

    _conditions.satisfiable = _satisfiable
    return list(api.lint(json.dumps(template), config=api.ManualArgs(regions=list(regions))))


def _satisfiable(clauses: Any) -> Any:
    """Return sympy's answer for clauses, which it works out once for the same ones. That was half of the time."""
    from sympy.logic.inference import satisfiable

    key = (frozenset(map(frozenset, clauses.data)), tuple(clauses.encoding.items()))
    if key not in _ANSWERS:
        _ANSWERS[key] = satisfiable(clauses)
    return _ANSWERS[key]
