"""Where uploaded files lie: folders with named bytes, on a disk. `S3Folders` is the other place."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gateway.storage.atomic_files import write_parts

PIECE = 256 * 1024  # bytes of a file that a reader holds in memory


class Folders(Protocol):
    """Synchronous: call it from threads. A folder or name that is not there is no error, except
    in `get`. All raise OSError on a disk, and StoreUnavailable where a store does not answer.

    `settle_seconds`: a file's data may be that old before its record is there.
    """

    settle_seconds: float

    def put(self, folder: str, contents: dict[str, bytes]) -> None:
        """Writes {name: bytes} in order. The last exists only if the others do."""

    def get(self, folder: str, name: str) -> bytes:
        """Raises FileNotFoundError."""

    def pieces(self, folder: str, name: str) -> Iterator[bytes]:
        """`get`, PIECE bytes at a time. Raises FileNotFoundError with the first one."""

    def get_all(self, folder: str, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        """Yields each name with its bytes, or with the error of reading it."""

    def has(self, folder: str, name: str) -> bool: ...

    def delete(self, folder: str, name: str) -> bool:
        """Returns whether it was there."""

    def names(self, folder: str) -> set[str]: ...

    def times(self, folder: str) -> dict[str, float]:
        """{name: when it was written, in seconds since 1970}."""

    def every(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Yields each folder that is not empty with its `times`."""

    def drop(self, folder: str) -> None:
        """Removes the folder if it is empty."""

    def works(self) -> bool:
        """Whether bytes can be read and kept now."""


class DiskFolders:
    """`root/<folder>/<name>`. The root is made with the first file."""

    settle_seconds = 5.0

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, folder: str, contents: dict[str, bytes]) -> None:
        place = self._root / folder
        place.mkdir(parents=True, exist_ok=True)
        write_parts({place / name: data for name, data in contents.items()})

    def get(self, folder: str, name: str) -> bytes:
        return (self._root / folder / name).read_bytes()

    def pieces(self, folder: str, name: str) -> Iterator[bytes]:
        with (self._root / folder / name).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    def get_all(self, folder: str, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        for name in names:
            try:
                yield name, self.get(folder, name)
            except OSError as error:
                yield name, error

    def has(self, folder: str, name: str) -> bool:
        return (self._root / folder / name).exists()

    def delete(self, folder: str, name: str) -> bool:
        try:
            (self._root / folder / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self, folder: str) -> set[str]:
        return _names(self._root / folder)

    def times(self, folder: str) -> dict[str, float]:
        found = {}
        with suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(self._root / folder):
                with suppress(FileNotFoundError):  # deleted meanwhile
                    found[entry.name] = entry.stat().st_mtime
        return found

    def every(self) -> Iterator[tuple[str, dict[str, float]]]:
        for folder in sorted(_names(self._root)):
            if times := self.times(folder):
                yield folder, times

    def drop(self, folder: str) -> None:
        with suppress(OSError):  # an upload is being written, or there is no folder
            (self._root / folder).rmdir()

    def works(self) -> bool:
        place = next(one for one in (self._root, *self._root.parents) if one.exists())
        return os.access(place, os.W_OK | os.X_OK)


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()
