"""A function's init: importing this module begins it, `end` ends it. No garbage is looked for in between.

What init makes, modules, clients and catalogue, lives as long as the process. Looking through it for garbage, again and
again while it grows, would take a fifth of the init. `docs/decisions` has the numbers.
"""

import gc
import sys
from types import ModuleType
from typing import Final

# Objects that are made, and still there, before garbage is looked for. A batch makes many that stay until its end: at
# Python's own 700, a twentieth of its time went into looking through them. Only failures leave cycles, each with what
# its frames hold, so garbage is not left for long either.
_THRESHOLD: Final = 10_000
_PLUGINS: Final = "pydantic.plugin._loader"

gc.disable()


class _NoPlugins(ModuleType):
    """Stands for what looks for plugins of Pydantic among all installed packages.

    None is installed, and to look imports 24 modules more, for archives, mail and temporary files: a fifteenth of the
    init of orders.
    """

    @staticmethod
    def get_plugins() -> tuple[()]:
        """Return none."""
        return ()


sys.modules[_PLUGINS] = _NoPlugins(_PLUGINS)


def end() -> None:
    """Collect garbage from now on, but never look through what there is so far."""
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
    gc.enable()
