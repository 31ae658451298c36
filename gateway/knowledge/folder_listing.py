"""Lists the knowledge folder: the files that are read, and everything in it that cannot be used.

The folder is polled by its path, not watched by inode: a folder that is replaced, renamed or put
back is noticed like any other change, on every file system.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from gateway.knowledge.questions import QUESTIONS_FILE
from gateway.knowledge.sources.formats import MAX_BYTES, UNREAD, suffix_of
from gateway.server.regular_files import KINDS, Stamp, stamp_of

HIDDEN = (".", "~$")  # Office locks a file that is open with one whose name begins so
MAX_ENTRIES = 20_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Problem:
    """`code`: what kind of problem it is, for programs: folder (cannot be read), reading (has not
    been read yet), limit, type, name, entry (a folder or link where a file should be), unreadable,
    scan, content, persona."""

    path: str
    message: str
    code: str = field(default="content", compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    name: str  # relative to the folder, with /
    path: str
    stamp: Stamp

    @property
    def size(self) -> int:
        """In bytes."""
        return self.stamp[0]


@dataclass(frozen=True, slots=True)
class Listing:
    """Two listings are equal if nothing has changed between them. `missing` says why the folder
    cannot be read; empty if it can."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing: str = ""


@dataclass(slots=True)
class _Walk:
    """A listing that is being made. `folders` are (prefix of names, path) still to be read."""

    folders: list[tuple[str, str]]
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def report(self, name: str, message: str, code: str = "entry") -> None:
        self.problems.append(Problem(printable(name), message, code))

    def listing(self) -> Listing:
        entries = sorted(self.entries, key=lambda entry: entry.name.split("/"))
        return Listing(tuple(entries), tuple(sorted(self.problems, key=lambda one: one.path)))


def list_folder(directory: Path) -> Listing:
    """Never raises. Follows links to files, not to folders; skips names that begin with a dot."""
    walk = _Walk([("", str(directory))])
    count = 0
    while walk.folders:
        prefix, folder = walk.folders.pop()
        try:
            with os.scandir(folder) as found:
                entries = [entry for entry in found if not entry.name.startswith(HIDDEN)]
        except (OSError, ValueError) as error:
            if not prefix:
                return Listing(missing=_why_missing(error))
            walk.report(prefix[:-1], reason(error), "unreadable")
            continue
        count += len(entries)
        if count > MAX_ENTRIES:
            message = f"has more than {MAX_ENTRIES} entries; the rest is left out"
            walk.problems.append(Problem(str(directory), message, "limit"))
            break
        for entry in entries:
            _visit(walk, prefix + entry.name, entry)
    return walk.listing()


def _visit(walk: _Walk, name: str, entry: "os.DirEntry[str]") -> None:
    is_wanted = _is_wanted(name)
    try:
        if entry.is_dir(follow_symlinks=False):
            if is_wanted:
                walk.report(name, "is a folder, not a file")
            if name.count("/") >= MAX_DEPTH:
                walk.report(name, f"lies deeper than {MAX_DEPTH} folders; it is left out", "limit")
            else:
                walk.folders.append((name + "/", entry.path))
        elif is_wanted or entry.is_symlink():
            _visit_file(walk, name, entry, is_wanted)
        elif suffix_of(name) in UNREAD:
            ending = suffix_of(name)
            message = f"{ending} files are not read; save it as {UNREAD[ending]}"
            walk.report(name, message, "type")
    except FileNotFoundError as error:
        # Removed since the folder was listed, which is no problem; or a link to nothing.
        if is_wanted and entry.is_symlink():
            walk.report(name, f"is a link to nothing: {reason(error)}")
    except OSError as error:
        walk.report(name, reason(error), "unreadable")


def _visit_file(walk: _Walk, name: str, entry: "os.DirEntry[str]", is_wanted: bool) -> None:
    """`entry` is a file or a link. Raises OSError."""
    status = entry.stat()
    if stat.S_ISDIR(status.st_mode):
        walk.report(name, "is a link to a folder, which is not followed")
    elif not is_wanted:
        return
    elif not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        walk.report(name, f"is {kind}, not a file")
    elif printable(name) != name:
        walk.report(name, "its name is not UTF-8, or cannot be printed; rename it", "name")
    else:
        walk.entries.append(Entry(name, entry.path, stamp_of(status)))


def _is_wanted(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return name == QUESTIONS_FILE or (suffix_of(name) in MAX_BYTES and last != "readme.md")


def _why_missing(error: Exception) -> str:
    why = "there is no such folder" if isinstance(error, FileNotFoundError) else reason(error)
    return f"{why}; set KNOWLEDGE_DIR"


def reason(error: Exception) -> str:
    """The error's text without the path, which a Problem names beside it."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__


def printable(name: str) -> str:
    """`name` with bytes that are not UTF-8 and control characters as escapes."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
