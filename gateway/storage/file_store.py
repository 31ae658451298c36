"""Uploaded files, in a folder for each owner: an id is worth nothing to another owner.

Other threads and gateways upload and delete meanwhile, so a file that disappears during a call
counts as not there. A record that cannot be read is logged, counted and left out; its file can be
deleted.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import structlog

from gateway.errors import FileNotFound, StoreUnavailable
from gateway.storage.atomic_files import PART
from gateway.storage.disk_folders import DiskFolders, Folders
from gateway.storage.file_records import BrokenRecord, StoredFile, read_record, record_of

log = structlog.get_logger()

FILE_ID = re.compile(r"^file-[A-Za-z0-9_-]{8,48}$")
MAX_FILES_PER_OWNER = 2000
MAX_NAME = 255  # characters
# Neither JSON nor a database can hold these.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
WRITING_SECONDS = 60  # an upload takes at most so long to write
RECORD = ".json"


class FileStore:
    """`<digest of owner>/<id>` with its record, `<id>.json`, beside it.

    Synchronous: call it from threads. Every method raises StoreUnavailable where the files are in
    a store that does not answer.
    """

    def __init__(
        self, place: Path | Folders, count_broken: Callable[[], None] = lambda: None
    ) -> None:
        """`place`: a path is a folder on the disk. `count_broken` is called for each record that
        cannot be read."""
        self._folders = DiskFolders(place) if isinstance(place, Path) else place
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
        folder = _digest(owner)
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
            self._make_room(folder)
            # The record comes last: without it the file does not exist.
            self._folders.put(folder, {file.id: data, file.id + RECORD: record_of(file)})
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

    def pieces(self, owner: str, file_id: str) -> Iterator[bytes]:
        """`content` in pieces, for a reader that may be slow. Raises FileNotFound."""
        return self.pieces_of_digest(_digest(owner), file_id)

    def of_digest(self, owner_digest: str, file_id: str) -> StoredFile:
        """The record, by the digest of its owner. Raises FileNotFound."""
        record = _checked(file_id) + RECORD
        for _, content in self._folders.get_all(owner_digest, (record,)):
            if file := self._parsed(record, content):
                return file
        raise _not_found(file_id)

    def content_of_digest(self, owner_digest: str, file_id: str) -> bytes:
        """The bytes, by the digest of their owner. Raises FileNotFound."""
        try:
            return self._folders.get(owner_digest, _checked(file_id))
        except FileNotFoundError:
            raise _not_found(file_id) from None

    def pieces_of_digest(self, owner_digest: str, file_id: str) -> Iterator[bytes]:
        """`pieces`, by the digest of the owner. Raises FileNotFound."""
        pieces = self._folders.pieces(owner_digest, _checked(file_id))
        try:
            first = next(pieces, b"")
        except FileNotFoundError:
            raise _not_found(file_id) from None
        return chain((first,), pieces)

    def list(self, owner: str) -> list[StoredFile]:
        """The owner's files, newest first."""
        folder = _digest(owner)
        files = self._read(folder, _records(self._folders.names(folder)))
        return sorted(files, key=lambda file: file.created_at, reverse=True)

    def delete(self, owner: str, file_id: str) -> None:
        """Raises FileNotFound. The record need not be readable."""
        if not self._remove(_digest(owner), _checked(file_id)):
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
        for folder, times in self._folders.every():
            old = [record for record in _records(times) if times[record] < before]
            if ids := tuple(file.id for file in self._read(folder, old) if file.from_page):
                yield folder, ids

    def older_than(self, before: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields (digest of an owner, ids of the files that were uploaded before that time).

        `before`: seconds since 1970.
        """
        for folder, times in self._folders.every():
            old = tuple(
                record.removesuffix(RECORD) for record in _records(times) if times[record] < before
            )
            if old:
                yield folder, old

    def erase(self, owner_digest: str) -> int:
        """Deletes every file of an owner. Returns how many."""
        records = _records(self._folders.names(owner_digest))
        removed = sum(self._remove(owner_digest, one.removesuffix(RECORD)) for one in records)
        self._folders.drop(owner_digest)
        return removed

    def discard(self, owner_digest: str, file_ids: Iterable[str]) -> None:
        """Deletes files by the digest of their owner."""
        for file_id in file_ids:
            self._remove(owner_digest, file_id)

    def remove_orphans(self) -> int:
        """Removes remains of uploads that broke off: data without a record, and parts of either.

        Returns how many files. Raises OSError.
        """
        removed = 0
        now = time.time()
        settled = now - self._folders.settle_seconds
        for folder, times in self._folders.every():
            old = [
                name
                for name, at in times.items()
                if (_is_part(name) and at < now - WRITING_SECONDS)
                or (FILE_ID.fullmatch(name) and name + RECORD not in times and at < settled)
            ]
            for name in old:
                # The record may have appeared since the folder was listed.
                if not self._folders.has(folder, name + RECORD):
                    removed += self._folders.delete(folder, name)
        return removed

    def works(self) -> bool:
        """Whether files can be read and kept now."""
        return self._folders.works()

    def _read(self, folder: str, records: Iterable[str]) -> Iterator[StoredFile]:
        """Those that are there and can be read."""
        for record, content in self._folders.get_all(folder, records):
            if file := self._parsed(record, content):
                yield file

    def _parsed(self, record: str, content: bytes | OSError) -> StoredFile | None:
        """None where the record is missing or cannot be read."""
        if isinstance(content, FileNotFoundError):
            return None
        try:
            if isinstance(content, OSError):
                raise content
            return read_record(content)
        except (BrokenRecord, OSError) as error:
            self._count_broken()
            file_id = record.removesuffix(RECORD)
            log.warning("file_record_broken", file=file_id, reason=str(error))
            return None

    def _make_room(self, folder: str) -> None:
        """Deletes the owner's oldest files where one more would be too many."""
        too_many = len(_records(self._folders.names(folder))) - MAX_FILES_PER_OWNER + 1
        if too_many > 0:
            times = self._folders.times(folder)
            for record in sorted(_records(times), key=times.__getitem__)[:too_many]:
                self._remove(folder, record.removesuffix(RECORD))

    def _remove(self, folder: str, file_id: str) -> bool:
        """Deletes a record, then its file. Returns whether the record was there."""
        if not self._folders.delete(folder, file_id + RECORD):
            return False
        self._folders.delete(folder, file_id)
        return True


def _digest(owner: str) -> str:
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _checked(file_id: str) -> str:
    """The id. Raises FileNotFound for a text that is none."""
    if not FILE_ID.fullmatch(file_id):
        raise _not_found(file_id)
    return file_id


def _records(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("file-") and name.endswith(RECORD)]


def _is_part(name: str) -> bool:
    return name.startswith(".") and name.endswith(PART)


def _not_found(file_id: str) -> FileNotFound:
    name = file_id[:64]
    return FileNotFound(
        f"There is no file {name!r} of yours here.", param="file_id", details={"name": name}
    )
