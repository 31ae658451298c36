"""A copy of KNOWLEDGE_URL, a prefix of an S3-compatible store, in a folder that is then read as any
other.

Importing this module takes the memory of the client: import it only where a bucket is set.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import obstore
import orjson
import structlog
from obstore.exceptions import BaseError

from gateway.knowledge.folder_listing import HIDDEN, MAX_DEPTH, MAX_ENTRIES, Problem
from gateway.knowledge.folder_reader import MAX_FOLDER_BYTES, MAX_QUESTIONS_BYTES
from gateway.knowledge.sources.formats import MAX_BYTES, UNREAD, suffix_of
from gateway.storage.s3_store import Bucket, reason

log = structlog.get_logger()
LOOK_SECONDS = 0.8  # a change is in force 2 s after it was made: the folder is read after this
CONNECT, REQUEST = "2s", "20s"  # of one try; the next round is the next try
INDEX, LOCK = ".index.json", ".lock"
NAME_BYTES = 200  # of one part of a name


@dataclass(frozen=True, slots=True)
class Stored:
    """One object. `version` changes with its content."""

    name: str
    version: str
    size: int

    @property
    def is_read(self) -> bool:
        """Whether its content is looked at; an empty file of its size stands for any other one."""
        suffix = suffix_of(self.name)
        return suffix not in UNREAD and self.size <= MAX_BYTES.get(suffix, MAX_QUESTIONS_BYTES)


class BucketMirror:
    """For one thread at a time. Gateways that share `folder` take turns."""

    def __init__(self, bucket: Bucket, folder: Path) -> None:
        """Asks nothing yet. Raises ValueError and obstore's BaseError."""
        self.url = bucket.url
        self._folder = folder
        self._store = bucket.open(request=REQUEST, connect=CONNECT, retries=0)
        self._outage = ""  # what its first failure said, until it works again
        self._look_at = 0.0
        self.problems: list[Problem] = []

    @property
    def has_copy(self) -> bool:
        return bool(self._versions())

    def refresh(self) -> None:
        """Brings the copy up to date, every LOOK_SECONDS. Never raises: `problems` say why it could not be."""
        if time.monotonic() < self._look_at:
            return
        try:
            found, unusable = self._listed()
            if not found:
                raise FileNotFoundError("there is no object below it")
            with self._turn():
                self._take(found)
        except (BaseError, OSError, ValueError) as error:
            self._outage = self._outage or f"cannot be copied: {reason(error)}"
            kept = "; the copy from before stays in use" if self.has_copy else ""
            self.problems = [Problem(self.url, self._outage + kept, "folder")]
        else:
            self._outage = ""
            self.problems = unusable
        self._look_at = time.monotonic() + LOOK_SECONDS

    def _listed(self) -> tuple[list[Stored], list[Problem]]:
        """What lies in the bucket, in the order of names, and problems of what is left out."""
        found: dict[str, Stored] = {}
        problems: list[Problem] = []
        for page in obstore.list(self._store):
            for one in page:
                name = one["path"]
                version = one["e_tag"] or f"{one['last_modified'].isoformat()} {one['size']}"
                parts = PurePosixPath(name).parts
                if any(part.startswith(HIDDEN) for part in parts):
                    continue
                if why := _why_unusable(name):
                    problems.append(Problem(name, why, "name"))
                else:
                    found[name] = Stored(name, version, one["size"])
            if len(found) > MAX_ENTRIES:
                message = f"has more than {MAX_ENTRIES} objects; the rest is left out"
                problems.append(Problem(self.url, message, "limit"))
                break
        folders = {str(parent) for name in found for parent in PurePosixPath(name).parents}
        for name in folders & found.keys():
            if found.pop(name).size:  # an empty one is a console's folder
                problems.append(Problem(name, "is a file and a folder; the file is left out"))
        ordered = sorted(found.values(), key=lambda one: one.name.split("/"))
        return ordered, sorted(problems, key=lambda one: one.path)

    def _take(self, found: list[Stored]) -> None:
        """All new content is here before the first file changes. Raises BaseError, OSError."""
        before = self._versions()
        wanted = {one.name: one.version for one in found}
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as new:
            came: dict[str, Path] = {}
            size = 0
            for one in found:
                size += one.size if one.is_read else 0
                if before.get(one.name) == one.version and (self._folder / one.name).is_file():
                    continue
                came[one.name] = Path(new, str(len(came)))
                self._download(
                    one, came[one.name], is_read=one.is_read and size <= MAX_FOLDER_BYTES
                )
            gone = before.keys() - wanted.keys()
            if not came and not gone:
                return
            # What a crash leaves half done is done again.
            self._write_index({name: before[name] for name in before.keys() & wanted.keys()
                               if name not in came})  # fmt: skip
            for name in gone:
                self._remove(name)
            for name, path in came.items():
                (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
                path.replace(self._folder / name)
        self._write_index(wanted)
        log.info("knowledge_copied", url=self.url, changed=len(came), removed=len(gone))

    def _download(self, one: Stored, target: Path, *, is_read: bool) -> None:
        with target.open("wb") as file:
            if not is_read:
                file.truncate(one.size)
                return
            for piece in obstore.get(self._store, one.name).stream():
                file.write(piece)

    def _remove(self, name: str) -> None:
        path = self._folder / name
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == self._folder:
                return
            with suppress(OSError):  # not empty
                parent.rmdir()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _versions(self) -> dict[str, str]:
        """What the copy consists of: {name: version}. Empty where it is none of this bucket."""
        try:
            told = orjson.loads((self._folder / INDEX).read_bytes())
            return dict(told["files"]) if told["url"] == self.url else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write_index(self, versions: dict[str, str]) -> None:
        new = self._folder / (INDEX + ".new")
        new.write_bytes(orjson.dumps({"url": self.url, "files": versions}))
        os.replace(new, self._folder / INDEX)


def _why_unusable(name: str) -> str:
    """Why an object cannot be a file here; "" where it can."""
    parts = name.split("/")
    if not name.isprintable() or "\\" in name or any(part in ("", ".", "..") for part in parts):
        return "its name cannot be a file's; rename it"
    if any(len(part.encode()) > NAME_BYTES for part in parts) or len(parts) > MAX_DEPTH:
        return f"its name is too long or deeper than {MAX_DEPTH} folders; rename it"
    return ""
