"""A function's init: importing this module begins it, `end` ends it. No garbage is looked for in between.

What init makes, modules, clients and catalogue, lives as long as the process. Looking through it for garbage, again and
again while it grows, would take a fifth of the init. `docs/decisions` has the numbers.
"""

import gc
from typing import Final

# Objects that are made, and still there, before garbage is looked for. A batch makes many that stay until its end, and
# hardly a cycle: at Python's own 700, a twentieth of its time went into looking through them.
_THRESHOLD: Final = 50_000

gc.disable()


def end() -> None:
    """Collect garbage from now on, but never look through what there is so far."""
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
    gc.enable()
