"""Layers that are unpacked once for all functions of a local stack, as on AWS every environment has the same `/opt`.

MiniStack unpacks them again for each worker of a function and deletes them with it: thousands of files each time.
"""

import os
import threading
import zipfile
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any, Final
from zipfile import ZipFile

# What MiniStack calls the archive of a layer beside a worker.
_ARCHIVE: Final = "layer_*.zip"


class SharedLayers:
    """What is unpacked, below a folder: each layer in a folder that is named by the digest of its archive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def open(self, archive: Path | str) -> ZipFile:
        """Open an archive. One of a layer gives whoever unpacks it links into the folder that all share."""
        path = Path(archive)
        return _Layer(path, self._folder, self._lock) if path.match(_ARCHIVE) else ZipFile(path)

    def module(self) -> Any:
        """Return what MiniStack uses of `zipfile`, with layers that are shared."""
        return SimpleNamespace(**vars(zipfile) | {"ZipFile": self.open})


class _Layer(ZipFile):
    """The archive of a layer."""

    def __init__(self, path: Path, folder: Path, lock: threading.Lock) -> None:
        super().__init__(path)
        with path.open("rb") as file:
            self._shared = folder / file_digest(file, "sha256").hexdigest()
        self._unpacking = lock

    def namelist(self) -> list[str]:
        """Return the names of the files; none where MiniStack, which looks where each would be put, has seen them."""
        return [] if self._shared.exists() else super().namelist()

    def extractall(self, path: Any = None, *_: Any) -> None:
        """Link to what is in the archive, unpacked if it is not yet."""
        with self._unpacking:
            if not self._shared.exists():
                unpacked = Path(mkdtemp(dir=self._shared.parent))
                super().extractall(unpacked)
                # A name that is there has all of its files.
                unpacked.rename(self._shared)
        for entry in self._shared.iterdir():
            os.symlink(entry, Path(path) / entry.name)
