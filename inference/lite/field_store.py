"""The rules in force: the program's own, and the company's from KNOWLEDGE_DIR/fields.yaml."""

import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import structlog

from inference.lite.field_catalog import Catalog
from inference.lite.field_loading import MAX_FILE, built_in, extended

log = structlog.get_logger()
FILE = "fields.yaml"
MAX_PROBLEMS = 50  # listed in /health
LOOK_SECONDS = 1.0  # between two looks at the file


class Store:
    """The catalog, and the company's file as it was when it was read."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None: there is no company's file."""
        self.folder = folder
        self._own: Catalog | None = None
        self._now: Catalog | None = None
        self._looked = float("-inf")
        self._seen: Any = None
        self._lock = threading.Lock()
        self._looking = threading.Lock()  # held by the thread that reads the file

    def catalog(self) -> Catalog:
        """The rules. A changed file is read again; while it is wrong, the rest of it serves."""
        with self._lock:
            if self._own is None:
                self._own = self._now = built_in()
            own = self._own
            is_due = self.folder is not None and time.monotonic() - self._looked >= LOOK_SECONDS
        # Read outside the lock: a slow disk delays one request, the others have the rules as known.
        if is_due and self._looking.acquire(blocking=False):
            try:
                self._look(own)
                self._looked = time.monotonic()
            finally:
                self._looking.release()
        assert self._now is not None
        return self._now

    def status(self) -> dict[str, Any]:
        """For /health: `own_fields` says whether the company's file is seen, `problems` what is
        wrong in it."""
        problems = list(self.catalog().problems)[:MAX_PROBLEMS]
        if self.folder is None:
            seen = "KNOWLEDGE_DIR is not set"
        elif not self.folder.is_dir():
            seen = f"the folder {self.folder} cannot be seen"
        else:
            seen = "used" if (self.folder / FILE).is_file() else f"there is no {FILE}"
        return {"own_fields": seen, "problems": problems}

    def _look(self, own: Catalog) -> None:
        assert self.folder is not None
        path = self.folder / FILE
        try:
            state = path.stat()
        except OSError:
            seen = None
        else:
            seen = (state.st_mtime_ns, state.st_size, state.st_ino)
        if seen == self._seen:
            return
        self._seen = seen
        self._now = own if seen is None else _read(path, own)
        for problem in self._now.problems:
            log.warning("fields_file_problem", file=str(path), problem=problem)


def _bytes(path: Path) -> bytes:
    """Up to MAX_FILE + 1 bytes. Raises OSError: opening a named pipe must not wait for a writer."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no regular file")
        return file.read(MAX_FILE + 1)


def _read(path: Path, own: Catalog) -> Catalog:
    try:
        data = _bytes(path)
        if len(data) > MAX_FILE:
            raise ValueError(f"the file has more than {MAX_FILE} bytes")
        return extended(own, data.decode("utf-8"))
    except (OSError, ValueError) as error:
        return extended(own, "").with_problem(f"cannot be read: {error}")


_store = Store()


def use(folder: Path | None) -> Store:
    """Sets the company's folder for this process."""
    global _store
    _store = Store(folder)
    return _store


def catalog() -> Catalog:
    """The rules in force."""
    return _store.catalog()


def status() -> dict[str, Any]:
    """See Store.status."""
    return _store.status()
