"""Coverage looks only into tests that tell more: whatever it looks into takes twice as long, collecting included."""

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from coverage import Coverage

import allocation


def begin_unmeasured(config: pytest.Config) -> None:
    """End what pytest-cov measures from its start on, once all that is deployed is imported.

    pytest-cov starts twice in a worker of xdist. While the first measurement lasted, it would go on wherever the second
    is paused.
    """
    controller = _controller(config)
    if controller is None:
        return
    if not hasattr(config, "workerinput"):  # it is enough that the process that starts the workers sees the imports
        for module in walk_packages(allocation.__path__, "allocation."):
            import_module(module.name)
        # pytest-cov reports twice, for the total and for the table, and parses all files for each.
        Coverage._get_file_reporter = cache(Coverage._get_file_reporter)  # type: ignore[method-assign]
    controller.pause()


def measure(config: pytest.Config, *, wanted: bool) -> None:
    """Let coverage look from now on, or no longer, where it is asked for at all."""
    controller = _controller(config)
    if controller is not None and controller.started is not wanted:
        (controller.resume if wanted else controller.pause)()


def _controller(config: pytest.Config) -> Any:
    """Return what pytest-cov starts and stops coverage with, or None without coverage."""
    return getattr(config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
