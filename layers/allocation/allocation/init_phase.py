"""A function's init: importing this module begins it, `end` ends it. No garbage is looked for in between.

What init makes, modules, clients and catalogue, lives as long as the process. Looking through it for garbage, again and
again while it grows, would take a fifth of the init. `docs/decisions` has the numbers.
"""

import gc

gc.disable()


def end() -> None:
    """Collect garbage from now on, but never look through what there is so far."""
    gc.freeze()
    gc.enable()
