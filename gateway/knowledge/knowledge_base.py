"""The knowledge base: searches the last snapshot of the knowledge folder, and keeps it current."""

import asyncio
from pathlib import Path
from threading import Lock, Thread

import structlog

from gateway.knowledge.folder_listing import Problem, reason
from gateway.knowledge.folder_reader import FolderReader, Mirror
from gateway.knowledge.index import Hit, Query
from gateway.knowledge.index_segment import Clauses
from gateway.knowledge.questions import Questions
from gateway.knowledge.scanned_pages import PageReader, ScannedPages
from gateway.knowledge.snapshot import KnowledgeSnapshot
from gateway.server.daemon_threads import in_daemon

log = structlog.get_logger()
START_SECONDS = 3.0  # the start waits so long for the first snapshot
MIN_PAUSE_SECONDS = 0.3  # between two listings of the folder
MAX_PAUSE_SECONDS = 1.0
# In a folder with many files, listing may take one part in so many of a core.
LISTING_SHARE = 20


class KnowledgeBase:
    def __init__(
        self,
        directory: Path,
        wait: float = START_SECONDS,
        read_page: PageReader | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        """Reads the folder in a thread, at most `wait` seconds; after that the gateway starts with
        an empty snapshot. `read_page`: OCR for scanned pages. `mirror`: keeps the folder."""
        self.directory = directory
        self._scans = ScannedPages(read_page)
        self._reader = FolderReader(directory, self._scans, mirror)
        self._lock = Lock()
        problem = Problem(str(directory), "is still being read", "reading")
        self.snapshot = KnowledgeSnapshot(problems=[problem])
        first = Thread(target=self._first_update, daemon=True)
        first.start()
        first.join(wait)

    @property
    def clauses(self) -> Clauses:
        return self.snapshot.index.clauses

    @property
    def questions(self) -> Questions:
        """[{title: {locale: text}, questions: [{locale: text}]}]"""
        return self.snapshot.questions

    @property
    def problems(self) -> list[Problem]:
        return self.snapshot.problems

    def search(self, query: Query, limit: int = 5) -> list[Hit]:
        """Hits, best first; see `Index.search`."""
        return self.snapshot.index.search(query, limit)

    async def watch(self) -> None:
        """Follows changes of the folder until it is cancelled, and has its scanned pages read.
        Raises errors that are no file's fault; it can be called again."""
        reading = asyncio.create_task(self._scans.run())
        try:
            while True:
                await in_daemon(self._update)
                pause = max(MIN_PAUSE_SECONDS, LISTING_SHARE * self._reader.listing_seconds)
                await asyncio.wait((reading,), timeout=min(pause, MAX_PAUSE_SECONDS))
                if reading.done():
                    await reading  # raises what ended it
        finally:
            reading.cancel()

    def _first_update(self) -> None:
        try:
            self._update()
        except Exception as error:  # `watch` tries again, and raises where it fails
            log.exception("knowledge_unread")
            problem = Problem(str(self.directory), f"cannot be read: {reason(error)}", "folder")
            self.snapshot = KnowledgeSnapshot(problems=[problem])

    def _update(self) -> None:
        with self._lock:  # the first update may still run when `watch` begins
            snapshot = self._reader.read_changes()
            if snapshot is not None:
                previous, self.snapshot = self.snapshot, snapshot
                log_changes(snapshot, previous)


def log_changes(snapshot: KnowledgeSnapshot, previous: KnowledgeSnapshot) -> None:
    """One line for the snapshot, and one for each problem that is new."""
    log.info(
        "knowledge_loaded",
        clauses=len(snapshot.index.clauses),
        problems=len(snapshot.problems),
    )
    for problem in snapshot.problems:
        if problem not in previous.problems:
            log.warning("knowledge_problem", path=problem.path, reason=problem.message)
