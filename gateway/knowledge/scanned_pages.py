"""Pages of PDFs that have no text: drawn in the sandbox and read by OCR, one at a time, while the
rest of the folder serves."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.knowledge.parser_client import Parser
from gateway.knowledge.sources.formats import MAX_BYTES, suffix_of
from gateway.server.daemon_threads import in_daemon
from gateway.server.regular_files import read_whole

log = structlog.get_logger()
# The lines of a page given as JPEG, in reading order; None where OCR does not answer now.
PageReader = Callable[[bytes], Awaitable[list[str] | None]]
OWNER = "knowledge"  # as which its pages wait for OCR
MAX_PAGES = 50  # of one file; each takes OCR ten seconds and more
MAX_TRIES = 6
SCAN = "a scan without text"  # begins the reason of every problem here
PAUSE_SECONDS = 1.0  # between two looks for pages that wait
RETRY_SECONDS = 5.0  # after OCR did not answer; doubles with each try


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """`name` is relative to the folder; `digest` is that of its bytes."""

    name: str
    path: str
    digest: str
    pages: tuple[int, ...]


class ScannedPages:
    """`lines_of` and `want` are called by the folder's reader in its thread, `run` by the loop."""

    def __init__(self, read_page: PageReader | None = None) -> None:
        self._read_page = read_page
        self._lines: dict[tuple[str, int], list[str]] = {}  # by digest and page
        self._failed: set[tuple[str, int]] = set()
        self._wanted: dict[str, ScannedFile] = {}  # by digest
        self._finished: set[str] = set()

    def lines_of(self, digest: str) -> dict[int, Sequence[str]]:
        """What has been read of a file, by page."""
        return {page: lines for (of, page), lines in list(self._lines.items()) if of == digest}

    def want(self, file: ScannedFile) -> str:
        """Queues the pages that are not read yet. Returns a problem in words."""
        if self._read_page is None:
            return (
                f"{_listed(file.pages)}: {SCAN}; set READER_URL to have it read, or "
                "save the file with its text"
            )
        failed = [page for page in file.pages if (file.digest, page) in self._failed]
        if failed or len(file.pages) > MAX_PAGES:
            left = tuple(failed) or file.pages[MAX_PAGES:]
            reason = "OCR could not read it" if failed else f"only {MAX_PAGES} scans are read"
            return f"{_listed(left)}: {SCAN}; {reason}"
        self._wanted[file.digest] = file
        return f"{_listed(file.pages)}: {SCAN}; it is being read by OCR"

    def keep(self, digests: set[str]) -> None:
        """Forgets files that are gone."""
        self._wanted = {of: file for of, file in self._wanted.items() if of in digests}
        self._lines = {key: lines for key, lines in self._lines.items() if key[0] in digests}
        self._failed = {key for key in self._failed if key[0] in digests}

    def take_finished(self) -> set[str]:
        """Names of files whose pages are all read, each once."""
        taken = set()
        while self._finished:
            taken.add(self._finished.pop())
        return taken

    async def run(self) -> None:
        """Reads what is wanted until it is cancelled."""
        while True:
            for file in list(self._wanted.values()):
                await self._read_file(file)
                if self._wanted.pop(file.digest, None) is not None:
                    self._finished.add(file.name)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read_file(self, file: ScannedFile) -> None:
        for page in file.pages[:MAX_PAGES]:
            if file.digest not in self._wanted:
                return
            lines = await self._read(file, page)
            if lines is None:
                self._failed.add((file.digest, page))
                log.warning("knowledge_scan_unread", path=file.name, page=page)
            else:
                self._lines[file.digest, page] = lines

    async def _read(self, file: ScannedFile, page: int) -> list[str] | None:
        """None where the file has changed, cannot be drawn, or OCR fails again and again."""
        assert self._read_page is not None
        drawn: list[bytes] = []
        await in_daemon(lambda: drawn.extend(_drawn(file, page)))
        if not drawn:
            return None
        picture = drawn[0]
        for attempt in range(MAX_TRIES):
            lines = await self._read_page(picture)
            if lines is not None:
                return lines
            await asyncio.sleep(RETRY_SECONDS * 2**attempt)
        return None


def _drawn(file: ScannedFile, page: int) -> list[bytes]:
    """The page as JPEG; [] where the file has changed or cannot be drawn."""
    try:
        data = read_whole(Path(file.path), MAX_BYTES[suffix_of(file.name)])
        if digest_of(data) != file.digest:
            return []
        with Parser() as parser:
            picture = parser.draw(file.name, data, page)
        return [picture] if picture else []
    except OSError:
        return []


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _listed(pages: Sequence[int]) -> str:
    """ "page 3", "pages 1 to 12", "page 2 and 4 more"."""
    if len(pages) == 1:
        return f"page {pages[0]}"
    if pages[-1] - pages[0] == len(pages) - 1:
        return f"pages {pages[0]} to {pages[-1]}"
    return f"page {pages[0]} and {len(pages) - 1} more"
