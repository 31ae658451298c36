"""Uploaded files on disk, each under its owner: knowing an id gives nothing to anybody else."""

import hashlib
import logging
import math
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import FileNotFound, StoreUnavailable

log = logging.getLogger("sightdesk.files")

FILE_ID = re.compile(r"^file-[A-Za-z0-9_-]{8,48}$")
MAX_FILES_PER_OWNER = 2000


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    filename: str
    content_type: str
    bytes: int
    pages: int
    created_at: int
    sha256: str
    from_page: bool = False  # sent by the page, for a question

    def as_openai(self) -> dict[str, Any]:
        """OpenAI's file object, with the content type and the number of pages added."""
        told = {**asdict(self), "object": "file", "purpose": "vision", "status": "processed"}
        del told["from_page"]
        return told


class FileStore:
    """`root/<digest of owner>/<id>` and `<id>.json` beside it. All calls touch the disk: run them in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(
        self, owner: str, filename: str, content_type: str, data: bytes, pages: int, *, from_page: bool = False
    ) -> StoredFile:
        """Raises StoreUnavailable where the disk takes no more."""
        folder = self._folder(owner)
        file = StoredFile(
            id="file-" + secrets.token_urlsafe(18),
            filename=Path(filename.replace("\\", "/")).name[:255] or "upload",
            content_type=content_type,
            bytes=len(data),
            pages=pages,
            created_at=int(time.time()),
            sha256=hashlib.sha256(data).hexdigest(),
            from_page=from_page,
        )
        record = folder / f"{file.id}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._make_room(folder)
            (folder / file.id).write_bytes(data)
            # The record comes last: a file without one does not exist.
            record.write_bytes(orjson.dumps(asdict(file)))
        except OSError as error:
            log.error("file_not_kept", extra={"reason": error.strerror})
            with suppress(OSError):
                _remove(record)
            raise StoreUnavailable(f"The file could not be kept here: {error.strerror}.", retry_after=60) from None
        return file

    def get(self, owner: str, file_id: str) -> StoredFile:
        """Raises FileNotFound, also for another owner's file."""
        try:
            return StoredFile(**orjson.loads(self._path(owner, file_id, ".json").read_bytes()))
        except FileNotFoundError:
            raise _not_found(file_id) from None

    def content(self, owner: str, file_id: str) -> bytes:
        try:
            return self._path(owner, file_id).read_bytes()
        except FileNotFoundError:
            raise _not_found(file_id) from None

    def list(self, owner: str) -> list[StoredFile]:
        """Newest first."""
        records = [orjson.loads(path.read_bytes()) for path in self._folder(owner).glob("file-*.json")]
        return sorted((StoredFile(**record) for record in records), key=lambda file: file.created_at, reverse=True)

    def delete(self, owner: str, file_id: str) -> None:
        self.get(owner, file_id)
        _remove(self._path(owner, file_id, ".json"))

    def delete_all(self, owner: str, file_ids: Iterable[str]) -> None:
        """Those that are still there."""
        for file_id in file_ids:
            with suppress(FileNotFound):
                self.delete(owner, file_id)

    def from_page(self, before: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Owner by owner: the owner's digest, and the ids of what the page sent before that time."""
        for folder in self._root.glob("*/"):
            old = (record for record in folder.glob("file-*.json") if _seconds(record) < before)
            if ids := tuple(record.stem for record in old if _says_from_page(record)):
                yield folder.name, ids

    def discard(self, owner_digest: str, file_ids: Iterable[str]) -> None:
        for file_id in file_ids:
            _remove(self._root / owner_digest / f"{file_id}.json")

    def _folder(self, owner: str) -> Path:
        return self._root / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def _path(self, owner: str, file_id: str, suffix: str = "") -> Path:
        if not FILE_ID.fullmatch(file_id):
            raise _not_found(file_id)
        return self._folder(owner) / (file_id + suffix)

    def _make_room(self, folder: Path) -> None:
        """The oldest files of an owner go when there are too many."""
        records = sorted(folder.glob("file-*.json"), key=lambda path: path.stat().st_mtime)
        for record in records[: max(0, len(records) - MAX_FILES_PER_OWNER + 1)]:
            _remove(record)


def _remove(record: Path) -> None:
    """A file and its record; the record first, without which it does not exist."""
    record.unlink(missing_ok=True)
    record.with_suffix("").unlink(missing_ok=True)


def _seconds(record: Path) -> float:
    """When it was written; never, where somebody deleted it meanwhile."""
    with suppress(FileNotFoundError):
        return record.stat().st_mtime
    return math.inf


def _says_from_page(record: Path) -> bool:
    with suppress(FileNotFoundError, ValueError):
        return bool(orjson.loads(record.read_bytes()).get("from_page"))
    return False


def _not_found(file_id: str) -> FileNotFound:
    return FileNotFound(f"There is no file {file_id[:64]!r} of yours here.", param="file_id")
