"""The event types that messages may have: any whose words, a trailing version aside, end in what happened to an order.

`com.example.shop.order.created.v1`, `OrderCreated` and `Order Created` are such types. A word begins after a character
that is no letter or digit, or in camel case.
"""

import re
from typing import Any, Final

from allocation.domain.frozen import frozen

_MAX_TYPE: Final = 256
_ORDER: Final = r"(?:(?:.*[^A-Za-z0-9])?[oO][rR][dD][eE][rR]|.*[a-z0-9]Order)"
_VERSION: Final = r"(?:[^A-Za-z0-9]*[vV]?[0-9]+(?:[._-][0-9]+)*)?"


@frozen
class _EventTypes:
    """The types of events that say the same of an order.

    `usual` is the type that we write, and `form` a regular expression (ECMA 262) of all of them.
    """

    usual: str
    form: str
    _compiled: re.Pattern[str]

    def has(self, value: Any) -> bool:
        """Tell whether a value is one of these types.

        >>> [CANCELLED.has(value) for value in ("com.example.OrderCanceled.v1", "Order Cancelled", "order-created")]
        [True, True, False]
        >>> [CREATED.has(value) for value in ("order.created", "reorder-created", "OrderCreated.v1.2", None)]
        [True, False, True, False]
        """
        return isinstance(value, str) and len(value) <= _MAX_TYPE and self._compiled.fullmatch(value) is not None

    def schema(self, more: str = "") -> dict[str, Any]:
        """Return the JSON Schema of these types. `more` ends its description."""
        words = self.usual.replace("-", " ")
        description = f"`{self.usual}`, or another type whose words end in {words}, a version aside. {more}".strip()
        return {"type": "string", "maxLength": _MAX_TYPE, "pattern": self.form, "description": description}


def _types(usual: str, *verbs: str) -> _EventTypes:
    """Return the types of an event that has one of these verbs, each in any case."""
    in_any_case = ["".join(f"[{letter}{letter.upper()}]" for letter in verb) for verb in verbs]
    form = rf"^{_ORDER}[^A-Za-z0-9]*(?:{'|'.join(in_any_case)}){_VERSION}[^A-Za-z0-9]*$"
    return _EventTypes(usual, form, re.compile(form))


CREATED: Final = _types("order-created", "created")
UPDATED: Final = _types("order-updated", "updated")
CANCELLED: Final = _types("order-cancelled", "cancelled", "canceled")
# Ours only: what a mapping makes of an order that is not to be allocated.
LEFT_OUT: Final = "order-left-out"
