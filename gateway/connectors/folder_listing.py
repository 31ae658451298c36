"""Lists the connectors' folder: `<name>.yaml` at its top, OpenAPI documents there and one level
below.

Polled by its path, not watched by inode: a folder that is replaced is noticed like any change.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gateway.connectors.problems import Problem
from gateway.server.regular_files import KINDS, NotPlain, Stamp, read_whole, stamp_of

CONNECTORS = (".yaml", ".yml")
DOCUMENTS = (*CONNECTORS, ".json")
WEBHOOKS = frozenset(("webhooks.yaml", "webhooks.yml"))  # who hears of events, not a connector
MAX_ENTRIES = 1_000
MAX_FILE = 256 * 1024
MAX_DOCUMENT = 8 * 1024 * 1024
MAX_FOLDER = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    path: str  # relative to the folder, with /
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Listing:
    """Two listings are equal if nothing has changed between them. `missing`: why the folder cannot
    be read."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing: str = ""


def list_folder(folder: Path) -> Listing:
    """Never raises. Follows links to files, not to folders; skips names that begin with a dot."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    try:
        _visit(folder, "", entries, problems)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        return Listing(missing="there is no such folder" if missing else reason(error))
    return Listing(
        tuple(sorted(entries, key=lambda entry: entry.path)),
        tuple(sorted(problems, key=lambda problem: problem.path)),
    )


def _visit(folder: Path, prefix: str, entries: list[Entry], problems: list[Problem]) -> None:
    """Raises OSError where the folder cannot be listed."""
    with os.scandir(folder) as found:
        listed = sorted(
            (one for one in found if not one.name.startswith(".")), key=lambda one: one.name
        )
    for one in listed:
        if len(entries) >= MAX_ENTRIES:
            problems.append(Problem(prefix + ".", 0, f"more than {MAX_ENTRIES} files are left out"))
            return
        path = prefix + one.name
        try:
            if one.is_dir(follow_symlinks=False):
                if not prefix:
                    _visit(folder / one.name, path + "/", entries, problems)
            elif one.name.lower().endswith(DOCUMENTS) and path not in WEBHOOKS:
                entries.append(_entry(path, one))
        except (OSError, ValueError) as error:
            if not isinstance(error, FileNotFoundError) or one.is_symlink():
                problems.append(Problem(printable(path), 0, reason(error)))


def _entry(path: str, one: "os.DirEntry[str]") -> Entry:
    """Raises OSError, ValueError."""
    status = one.stat()
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise NotPlain(f"is {kind}, not a file")
    if not path.isprintable():
        raise ValueError("its name cannot be printed; rename it")
    return Entry(path, stamp_of(status))


def read_entry(folder: Path, entry: Entry) -> bytes:
    """Raises OSError; NotPlain for a file that is too large."""
    is_document = "/" in entry.path or entry.path.lower().endswith(".json")
    return read_whole(folder / entry.path, MAX_DOCUMENT if is_document else MAX_FILE)


def reason(error: Exception) -> str:
    """The error's text without the path, which a Problem names beside it."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


def printable(name: str) -> str:
    return name if name.isprintable() else name.encode("unicode_escape", "replace").decode("ascii")
