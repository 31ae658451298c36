"""Downloads one file: resumed by Range, retried, verified, and only then renamed into place."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx

from inference.checkpoint_store import StoredFile
from inference.faults import Fault
from inference.fetch.hubs import explain
from inference.memory_check import gib

TRIES = 6
CHUNK = 1024 * 1024  # bytes
WAITS = (1, 2, 5, 10, 20)  # seconds between tries
MARGIN = 1024**3  # bytes that stay free

Advance = Callable[[int], None]  # told the bytes that were added, or taken back (negative)


class Damaged(Exception):
    """The file's content does not match the hub's digest."""


def check_space(folder: Path, files: tuple[StoredFile, ...]) -> None:
    """Raises Fault if the missing bytes do not fit the disk."""
    missing = sum(file.size - present(folder, file) for file in files)
    space = os.statvfs(folder)
    free = space.f_bavail * space.f_frsize
    if missing and missing + MARGIN > free:
        raise Fault(
            f"the disk is too full: {gib(missing)} are to be fetched, {gib(free)} are free "
            f"in {folder}, and {gib(MARGIN)} must stay free"
        )


def present(folder: Path, file: StoredFile) -> int:
    """Bytes of the file that are on disk already."""
    for path in (folder / file.path, part_of(folder, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


def part_of(folder: Path, file: StoredFile) -> Path:
    """Where a file lies until it is verified."""
    return folder / f"{file.path}.part"


def begin(part: Path, file: StoredFile, advance: Advance) -> int:
    """Bytes to resume from. A part that is too long is emptied, a missing one is created."""
    if part.exists() and part.stat().st_size > file.size:
        advance(-file.size)
        part.unlink()
    part.touch()
    return part.stat().st_size


def discard(path: Path, file: StoredFile, advance: Advance) -> None:
    advance(-min(path.stat().st_size, file.size))
    path.unlink()


async def download(
    http: httpx.AsyncClient,
    url: str,
    folder: Path,
    file: StoredFile,
    advance: Advance,
    model_id: str,
    revision: str,
) -> None:
    """Fetches the file unless it is on disk and verified. Raises Fault."""
    target = folder / file.path
    if target.is_file():
        # It may be of an earlier revision, so its name and size prove nothing.
        try:
            return await asyncio.to_thread(verify, target, file)
        except Damaged:
            discard(target, file, advance)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(folder, file)
    reason = ""
    for attempt in range(TRIES):
        try:
            await _append(http, url, part, file, advance, model_id, revision)
            await asyncio.to_thread(verify, part, file)
        except Damaged:
            discard(part, file, advance)
            reason = "what arrives does not match the hub's digest"
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__} {error}".strip()
        except OSError as error:
            raise Fault(_disk(error, part)) from None
        else:
            os.replace(part, target)
            return None
        if attempt < len(WAITS):
            await asyncio.sleep(WAITS[attempt])
    raise Fault(
        f"{file.path} could not be fetched from {httpx.URL(url).host} in {TRIES} tries ({reason}); "
        "run it again, it goes on where it stopped"
    )


async def _append(
    http: httpx.AsyncClient,
    url: str,
    part: Path,
    file: StoredFile,
    advance: Advance,
    model_id: str,
    revision: str,
) -> None:
    start = begin(part, file, advance)
    if start == file.size:
        return
    headers = {"range": f"bytes={start}-"} if start else {}
    async with http.stream("GET", url, headers=headers) as response:
        if response.status_code >= 500:
            raise httpx.RemoteProtocolError(f"status {response.status_code}")
        explain(response, model_id, revision)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if start and not resumed:
            advance(-start)
        with part.open("ab" if resumed else "wb") as out:
            size = start if resumed else 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > file.size:
                    raise Damaged
                out.write(chunk)
                advance(len(chunk))
    if size < file.size:
        raise httpx.RemoteProtocolError(f"it ended after {size} of {file.size} bytes")


def verify(path: Path, file: StoredFile) -> None:
    """Raises Damaged unless size and digest are the hub's.

    A Git digest is the SHA-1 of `blob SIZE`, a NUL and the content.
    """
    kind, _, expected = file.digest.partition(":")
    digest = hashlib.sha1(usedforsecurity=False) if kind == "git" else hashlib.sha256()
    if kind == "git":
        digest.update(b"blob %d\0" % file.size)
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    if path.stat().st_size != file.size or (expected and digest.hexdigest() != expected):
        raise Damaged


def _disk(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk is full at {path.parent}; "
            "free some space and run it again, it goes on where it stopped"
        )
    return f"{path} cannot be written ({error.strerror}); MODELS_DIR must belong to this user"
