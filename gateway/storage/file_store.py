"""Uploaded files on disk, in a folder for each owner: an id is worth nothing to another owner.

Other threads upload and delete meanwhile, so a file that disappears during a call counts as not
there. A record that cannot be read is logged, counted and left out; its file can be deleted.
"""

import hashlib
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from gateway.errors import FileNotFound, StoreUnavailable
from gateway.storage.atomic_files import PART, write_parts
from gateway.storage.file_records import BrokenRecord, StoredFile, read_record, record_of

log = structlog.get_logger()

FILE_ID = re.compile(r"^file-[A-Za-z0-9_-]{8,48}$")
MAX_FILES_PER_OWNER = 2000
MAX_NAME = 255  # characters
# Neither JSON nor a database can hold these.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
WRITING_SECONDS = 60  # an upload takes at most so long to write
RENAMING_SECONDS = 5  # its record gets its name at most so long after its data


class FileStore:
    """`root/<digest of owner>/<id>` with its record, `<id>.json`, beside it.

    Synchronous: call it from threads. `count_broken` is called for each record that cannot be read.
    """

    def __init__(self, root: Path, count_broken: Callable[[], None] = lambda: None) -> None:
        self._root = root
        self._count_broken = count_broken

    def add(
        self,
        owner: str,
        filename: str,
        content_type: str,
        data: bytes,
        pages: int,
        *,
        from_page: bool = False,
    ) -> StoredFile:
        """Stores a file; the owner's oldest ones go where there are more than
        MAX_FILES_PER_OWNER. Raises StoreUnavailable where the disk is full or cannot be written.
        """
        folder = self._folder(owner)
        name = UNSTORABLE.sub("\ufffd", filename.replace("\\", "/"))
        file = StoredFile(
            id="file-" + secrets.token_urlsafe(18),
            filename=name.rpartition("/")[2][:MAX_NAME] or "upload",
            content_type=content_type,
            bytes=len(data),
            pages=pages,
            created_at=int(time.time()),
            sha256=hashlib.sha256(data).hexdigest(),
            from_page=from_page,
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._make_room(folder)
            # The record comes last: without it the file does not exist.
            write_parts({folder / file.id: data, folder / f"{file.id}.json": record_of(file)})
        except OSError as error:
            reason = error.strerror or type(error).__name__
            log.error("file_not_kept", reason=reason)
            raise StoreUnavailable(
                f"The file could not be kept here: {reason}.",
                retry_after=60,
                details={"reason": reason},
            ) from None
        return file

    def get(self, owner: str, file_id: str) -> StoredFile:
        """The record. Raises FileNotFound, also where the file is another owner's or its record
        cannot be read.
        """
        return self.of_digest(_digest(owner), file_id)

    def content(self, owner: str, file_id: str) -> bytes:
        """The bytes that were uploaded. Raises FileNotFound."""
        return self.content_of_digest(_digest(owner), file_id)

    def of_digest(self, owner_digest: str, file_id: str) -> StoredFile:
        """The record, by the digest of its owner. Raises FileNotFound."""
        file = self._read(self._root / owner_digest / f"{_checked(file_id)}.json")
        if file is None:
            raise _not_found(file_id)
        return file

    def content_of_digest(self, owner_digest: str, file_id: str) -> bytes:
        """The bytes, by the digest of their owner. Raises FileNotFound."""
        try:
            return (self._root / owner_digest / _checked(file_id)).read_bytes()
        except FileNotFoundError:
            raise _not_found(file_id) from None

    def list(self, owner: str) -> list[StoredFile]:
        """The owner's files, newest first."""
        files = [
            file
            for record in _records(self._folder(owner))
            if (file := self._read(record)) is not None
        ]
        return sorted(files, key=lambda file: file.created_at, reverse=True)

    def delete(self, owner: str, file_id: str) -> None:
        """Raises FileNotFound. The record need not be readable."""
        if not _remove(self._path(owner, file_id, ".json")):
            raise _not_found(file_id)

    def delete_all(self, owner: str, file_ids: Iterable[str]) -> None:
        """Deletes those that are still there."""
        for file_id in file_ids:
            with suppress(FileNotFound):
                self.delete(owner, file_id)

    def page_uploads(self, before: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields (digest of an owner, ids of the files that the page uploaded before that time).

        `before`: seconds since 1970.
        """
        for folder in _folders(self._root):
            old = [record for record in _records(folder) if _modified_at(record) < before]
            files = [file for record in old if (file := self._read(record)) is not None]
            if ids := tuple(file.id for file in files if file.from_page):
                yield folder.name, ids

    def older_than(self, before: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields (digest of an owner, ids of the files that were uploaded before that time).

        `before`: seconds since 1970.
        """
        for folder in _folders(self._root):
            old = [record.stem for record in _records(folder) if _modified_at(record) < before]
            if old:
                yield folder.name, tuple(old)

    def erase(self, owner_digest: str) -> int:
        """Deletes every file of an owner. Returns how many."""
        folder = self._root / owner_digest
        removed = sum(_remove(record) for record in _records(folder))
        with suppress(OSError):  # an upload is being written, or there is no folder
            folder.rmdir()
        return removed

    def discard(self, owner_digest: str, file_ids: Iterable[str]) -> None:
        """Deletes files by the digest of their owner."""
        for file_id in file_ids:
            _remove(self._root / owner_digest / f"{file_id}.json")

    def remove_orphans(self) -> int:
        """Removes remains of uploads that broke off: data without a record, and parts of either.

        Returns how many files. Raises OSError.
        """
        removed = 0
        now = time.time()
        for folder in _folders(self._root):
            names = _names(folder)
            parts = [name for name in names if name.startswith(".") and name.endswith(PART)]
            orphans = [
                name for name in names if FILE_ID.fullmatch(name) and f"{name}.json" not in names
            ]
            old = [
                folder / name
                for name in parts
                if _modified_at(folder / name) < now - WRITING_SECONDS
            ]
            old += [
                folder / name
                for name in orphans
                if _modified_at(folder / name) < now - RENAMING_SECONDS
            ]
            for path in old:
                # The record may have appeared since the folder was listed.
                if not path.with_name(f"{path.name}.json").exists():
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _read(self, record: Path) -> StoredFile | None:
        """None where the record is missing or cannot be read."""
        try:
            return read_record(record.read_bytes())
        except FileNotFoundError:
            return None
        except (BrokenRecord, OSError) as error:
            self._count_broken()
            log.warning("file_record_broken", file=record.stem, reason=str(error))
            return None

    def _folder(self, owner: str) -> Path:
        return self._root / _digest(owner)

    def _path(self, owner: str, file_id: str, suffix: str = "") -> Path:
        return self._folder(owner) / (_checked(file_id) + suffix)

    def _make_room(self, folder: Path) -> None:
        """Deletes the owner's oldest files where one more would be too many."""
        records = _records(folder)
        too_many = len(records) - MAX_FILES_PER_OWNER + 1
        if too_many > 0:
            for record in sorted(records, key=_modified_at)[:too_many]:
                _remove(record)


def _digest(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _checked(file_id: str) -> str:
    """The id. Raises FileNotFound for a text that is none."""
    if not FILE_ID.fullmatch(file_id):
        raise _not_found(file_id)
    return file_id


def _names(folder: Path) -> set[str]:
    """Empty where the folder is not there any more."""
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _folders(root: Path) -> list[Path]:
    return [root / name for name in sorted(_names(root))]


def _records(folder: Path) -> list[Path]:
    return [
        folder / name
        for name in _names(folder)
        if name.startswith("file-") and name.endswith(".json")
    ]


def _remove(record: Path) -> bool:
    """Deletes a record, then its file. Returns whether the record was there."""
    try:
        record.unlink()
    except FileNotFoundError:
        return False
    record.with_suffix("").unlink(missing_ok=True)
    return True


def _modified_at(path: Path) -> float:
    """Seconds since 1970; infinite where the file was deleted meanwhile."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return math.inf


def _not_found(file_id: str) -> FileNotFound:
    name = file_id[:64]
    return FileNotFound(
        f"There is no file {name!r} of yours here.", param="file_id", details={"name": name}
    )
