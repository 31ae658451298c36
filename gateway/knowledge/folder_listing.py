"""What lies in the knowledge folder: its files and their stamps, and what in it cannot be used.

The path is polled, not watched by inode. So a folder that is replaced, renamed or put back is
seen like any other change, on every file system.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gateway.knowledge.questions import QUESTIONS_FILE
from gateway.server.regular_files import KINDS, Stamp, stamp_of

SUFFIXES = (".md", ".markdown")
MAX_ENTRIES = 20_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Problem:
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    name: str  # relative to the folder, with /
    path: str
    stamp: Stamp

    @property
    def size(self) -> int:
        return self.stamp[0]


@dataclass(frozen=True, slots=True)
class Listing:
    """Equal to the next one where nothing has changed. `missing`: why the folder cannot be read."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing: str = ""


def look(directory: Path) -> Listing:
    """Never raises. Follows links to files, not to folders; skips names that begin with a dot."""
    found: list[Entry] = []
    problems: list[Problem] = []
    folders = [("", str(directory))]
    seen = 0
    while folders:
        prefix, folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = [entry for entry in entries if not entry.name.startswith(".")]
        except (OSError, ValueError) as error:
            if not prefix:
                return Listing(missing=_why_missing(error))
            problems.append(Problem(printable(prefix[:-1]), reason(error)))
            continue
        seen += len(names)
        if seen > MAX_ENTRIES:
            problems.append(
                Problem(
                    str(directory), f"has more than {MAX_ENTRIES} entries; the rest is left out"
                )
            )
            break
        for entry in names:
            _sort(entry, prefix, found, folders, problems)
    found.sort(key=lambda entry: entry.name.split("/"))
    return Listing(tuple(found), tuple(sorted(problems, key=lambda problem: problem.path)))


def _sort(
    entry: "os.DirEntry[str]",
    prefix: str,
    found: list[Entry],
    folders: list[tuple[str, str]],
    problems: list[Problem],
) -> None:
    name = prefix + entry.name
    wanted = _is_wanted(name)
    try:
        if entry.is_dir(follow_symlinks=False):
            if wanted:
                problems.append(Problem(printable(name), "is a folder, not a file"))
            if name.count("/") >= MAX_DEPTH:
                problems.append(
                    Problem(
                        printable(name), f"lies deeper than {MAX_DEPTH} folders; it is left out"
                    )
                )
            else:
                folders.append((name + "/", entry.path))
        elif wanted or entry.is_symlink():
            status = entry.stat()
            if stat.S_ISDIR(status.st_mode):
                problems.append(
                    Problem(printable(name), "is a link to a folder, which is not followed")
                )
            elif not wanted:
                return
            elif not stat.S_ISREG(status.st_mode):
                kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
                problems.append(Problem(printable(name), f"is {kind}, not a file"))
            elif printable(name) != name:
                problems.append(
                    Problem(
                        printable(name), "its name is not UTF-8, or cannot be printed; rename it"
                    )
                )
            else:
                found.append(Entry(name, entry.path, stamp_of(status)))
    except FileNotFoundError as error:
        # Gone since the folder was listed, which is no problem; or a link to nothing, which is one.
        if wanted and entry.is_symlink():
            problems.append(Problem(printable(name), f"is a link to nothing: {reason(error)}"))
    except OSError as error:
        problems.append(Problem(printable(name), reason(error)))


def _is_wanted(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return name == QUESTIONS_FILE or (last.endswith(SUFFIXES) and last != "readme.md")


def _why_missing(error: Exception) -> str:
    told = "there is no such folder" if isinstance(error, FileNotFoundError) else reason(error)
    return f"{told}; set KNOWLEDGE_DIR"


def reason(error: Exception) -> str:
    """Without the path, which stands beside it."""
    return (
        (error.strerror if isinstance(error, OSError) else None)
        or str(error)
        or type(error).__name__
    )


def printable(name: str) -> str:
    """`name` with what is no text (bytes that are not UTF-8, control characters) as escapes."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
