"""Uploaded files on disk, each under its owner: knowing an id gives nothing to anybody else."""

import hashlib
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import FileNotFound

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

    def as_openai(self) -> dict[str, Any]:
        """OpenAI's file object, with the content type and the number of pages added."""
        return {**asdict(self), "object": "file", "purpose": "vision", "status": "processed"}


class FileStore:
    """`root/<digest of owner>/<id>` and `<id>.json` beside it. All calls touch the disk: run them in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, owner: str, filename: str, content_type: str, data: bytes, pages: int) -> StoredFile:
        folder = self._folder(owner)
        folder.mkdir(parents=True, exist_ok=True)
        self._make_room(folder)
        file = StoredFile(
            id="file-" + secrets.token_urlsafe(18),
            filename=Path(filename.replace("\\", "/")).name[:255] or "upload",
            content_type=content_type,
            bytes=len(data),
            pages=pages,
            created_at=int(time.time()),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        (folder / file.id).write_bytes(data)
        # The record comes last: a file without one does not exist.
        (folder / f"{file.id}.json").write_bytes(orjson.dumps(asdict(file)))
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
        self._path(owner, file_id, ".json").unlink(missing_ok=True)
        self._path(owner, file_id).unlink(missing_ok=True)

    def delete_all(self, owner: str, file_ids: Iterable[str]) -> None:
        """Those that are still there."""
        for file_id in file_ids:
            with suppress(FileNotFound):
                self.delete(owner, file_id)

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
            record.unlink(missing_ok=True)
            record.with_suffix("").unlink(missing_ok=True)


def _not_found(file_id: str) -> FileNotFound:
    return FileNotFound(f"There is no file {file_id[:64]!r} of yours here.", param="file_id")
