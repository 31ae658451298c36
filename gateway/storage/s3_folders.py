"""Uploaded files in an S3-compatible store: `prefix/<folder>/<name>`, as on the disk.

An object appears whole or not at all, so there are no parts to clean up.
"""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby

import obstore
import structlog
from obstore.exceptions import BaseError, GenericError

from gateway.errors import StoreUnavailable
from gateway.storage.s3_store import Bucket, reason

log = structlog.get_logger()

CONNECT, REQUEST = "2s", "30s"  # of one try; 20 MiB in 30 s are 6 Mbit/s
RETRIES, RETRY_SECONDS = 2, 5
PAUSE_SECONDS = 5  # after a failure, one call in so many seconds tries the store
PIECE = 1024 * 1024  # bytes that are read at once
STREAMED = 512 * 1024  # bytes that a slow reader holds
STREAM_REQUEST = "3600s"  # of a whole file to a slow reader
NOT_PARTIAL = "non-partial response"  # the client's words; it has no class for it
READERS = 16  # records that are read at once


class S3Folders:
    """`Folders` in a bucket. Every method raises StoreUnavailable where the store fails."""

    # Longer than an upload with its retries, and than clocks differ.
    settle_seconds = 3600.0

    def __init__(self, bucket: Bucket, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: in seconds."""
        self.url = bucket.url
        self._store = bucket.open(
            request=REQUEST, connect=CONNECT, retries=RETRIES, retry_seconds=RETRY_SECONDS
        )
        self._whole = bucket.open(
            request=STREAM_REQUEST,
            connect=CONNECT,
            read=REQUEST,
            retries=RETRIES,
            retry_seconds=RETRY_SECONDS,
        )
        self._has_ranges: bool | None = None  # until the first file is streamed
        self._readers = ThreadPoolExecutor(READERS, "files")
        self._pause = _Pause(clock)

    def put(self, folder: str, contents: dict[str, bytes]) -> None:
        tried: list[str] = []
        try:
            for name, data in contents.items():
                tried.append(f"{folder}/{name}")
                with self._asking():
                    obstore.put(self._store, tried[-1], data, use_multipart=False)
        except StoreUnavailable:
            # A request without an answer may have been carried out.
            for path in reversed(tried if len(tried) == len(contents) else []):
                with suppress(BaseError, OSError):
                    obstore.delete(self._store, path)
            raise

    def get(self, folder: str, name: str) -> bytes:
        with self._asking(may_miss=True):
            content = io.BytesIO()
            for piece in obstore.get(self._store, f"{folder}/{name}").stream(PIECE):
                content.write(piece)
            return content.getvalue()  # shares the buffer: the bytes are held once

    def pieces(self, folder: str, name: str) -> Iterator[bytes]:
        """A request for each: no connection to the store waits for a slow reader. Where the store
        has no ranges, one request for all."""
        path = f"{folder}/{name}"
        with self._asking(may_miss=True):
            size = obstore.head(self._store, path)["size"]
            if self._has_ranges is None and size:
                self._has_ranges = self._answers_ranges(path)
        if self._has_ranges is False:
            yield from self._streamed(path)
            return
        for start in range(0, size, STREAMED):
            yield self._range(path, start, min(start + STREAMED, size))

    def _answers_ranges(self, path: str) -> bool:
        """rclone's server sends a range with status 200, and the client takes 206 alone."""
        try:
            obstore.get_range(self._store, path, start=0, end=1)
        except GenericError as error:
            if NOT_PARTIAL not in str(error):
                raise
            return False
        return True

    def _range(self, path: str, start: int, end: int) -> bytes:
        with self._asking():
            return bytes(obstore.get_range(self._store, path, start=start, end=end))

    def _streamed(self, path: str) -> Iterator[bytes]:
        with self._asking():
            pieces = iter(obstore.get(self._whole, path).stream(STREAMED))
        while True:
            with self._asking():
                piece = next(pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    def get_all(self, folder: str, names: Iterable[str]) -> Iterator[tuple[str, bytes | OSError]]:
        names = tuple(names)
        return zip(names, self._readers.map(partial(self._read, folder), names), strict=True)

    def _read(self, folder: str, name: str) -> bytes | OSError:
        try:
            return self.get(folder, name)
        except FileNotFoundError as error:
            return error

    def has(self, folder: str, name: str) -> bool:
        try:
            with self._asking(may_miss=True):
                obstore.head(self._store, f"{folder}/{name}")
        except FileNotFoundError:
            return False
        return True

    def delete(self, folder: str, name: str) -> bool:
        """Of several that delete it at once, more than one may be told that it was there."""
        is_there = self.has(folder, name)
        if is_there:
            with suppress(FileNotFoundError), self._asking(may_miss=True):
                obstore.delete(self._store, f"{folder}/{name}")
        return is_there

    def names(self, folder: str) -> set[str]:
        return set(self.times(folder))

    def times(self, folder: str) -> dict[str, float]:
        return {name: at for _, name, at in self._listed(folder)}

    def every(self) -> Iterator[tuple[str, dict[str, float]]]:
        """One listing of the whole prefix, a page of it in memory. A store that does not sort its
        names yields a folder in several pieces."""
        for folder, entries in groupby(self._listed(), key=lambda entry: entry[0]):
            yield folder, {name: at for _, name, at in entries}

    def _listed(self, folder: str | None = None) -> Iterator[tuple[str, str, float]]:
        """Yields (folder, name, seconds since 1970)."""
        pages = iter(obstore.list(self._store, folder))
        while True:
            with self._asking():
                page = next(pages, None)
            if page is None:
                return
            for one in page:
                place, _, name = one["path"].rpartition("/")
                if place and "/" not in place:
                    yield place, name, one["last_modified"].timestamp()

    def drop(self, folder: str) -> None:
        """A store has no empty folders."""

    def works(self) -> bool:
        try:
            with self._asking():
                next(iter(obstore.list(self._store, chunk_size=1)), None)
        except StoreUnavailable:
            return False
        return True

    @contextmanager
    def _asking(self, *, may_miss: bool = False) -> Iterator[None]:
        """Around each request. Raises StoreUnavailable, and FileNotFoundError with `may_miss`."""
        if not self._pause.may_ask():
            raise _unavailable()
        try:
            yield
        except FileNotFoundError as error:
            if may_miss:
                self._pause.worked()
                raise
            self._failed(error)
            raise _unavailable() from None
        except (BaseError, ValueError) as error:
            self._failed(error)
            raise _unavailable() from None
        self._pause.worked()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, GenericError):  # not where one request was refused
            self._pause.failed()
        log.error("file_store_failed", url=self.url, reason=reason(error))


class _Pause:
    """After a failure one call in PAUSE_SECONDS tries the store, until one works: calls that wait
    for a store that is gone would fill the threads of every other route. `clock`: in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._try_at: float | None = None  # None: the store works

    def may_ask(self) -> bool:
        with self._lock:
            if self._try_at is None:
                return True
            now = self._clock()
            is_due = now >= self._try_at
            if is_due:
                self._try_at = now + PAUSE_SECONDS
            return is_due

    def failed(self) -> None:
        with self._lock:
            self._try_at = self._clock() + PAUSE_SECONDS

    def worked(self) -> None:
        with self._lock:
            self._try_at = None


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable(
        "The store of files does not answer; ask again in a moment.", retry_after=PAUSE_SECONDS
    )
