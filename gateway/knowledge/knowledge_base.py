"""The knowledge folder: its clauses and common questions, reread when something in it changes."""

import asyncio
import logging
from pathlib import Path
from threading import Lock, Thread

from gateway.knowledge.folder_listing import Problem, reason
from gateway.knowledge.index import Hit, Query
from gateway.knowledge.index_segment import Clauses
from gateway.knowledge.questions import Questions
from gateway.knowledge.snapshot import Folder, KnowledgeSnapshot
from gateway.server.daemon_threads import in_daemon

log = logging.getLogger("sightdesk.knowledge")
START_SECONDS = 3.0  # that the start waits for the first reading
LOOK_SECONDS = 0.3
LOOK_SHARE = 20  # with many files one part in so many of a core is spent on looking
MAX_PAUSE_SECONDS = 1.0


class KnowledgeBase:
    def __init__(self, directory: Path, wait: float = START_SECONDS) -> None:
        """Reads the folder, in a thread; after `wait` seconds it starts without."""
        self.directory = directory
        self._folder = Folder(directory)
        self._lock = Lock()
        self.snapshot = KnowledgeSnapshot(problems=[Problem(str(directory), "is still being read")])
        first = Thread(target=self._first_look, daemon=True)
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
        return self.snapshot.index.search(query, limit)

    async def watch(self) -> None:
        """Runs until cancelled. Raises what is no file's fault, and can be called again."""
        while True:
            await in_daemon(self._look)
            await asyncio.sleep(
                min(max(LOOK_SECONDS, LOOK_SHARE * self._folder.look_seconds), MAX_PAUSE_SECONDS)
            )

    def _first_look(self) -> None:
        try:
            self._look()
        except Exception as error:  # the next look tries again, and says so where it fails
            log.exception("knowledge_unread")
            self.snapshot = KnowledgeSnapshot(
                problems=[Problem(str(self.directory), f"cannot be read: {reason(error)}")]
            )

    def _look(self) -> None:
        with self._lock:  # the start's own look may not be over
            shelf = self._folder.changed()
            if shelf is not None:
                known, self.snapshot = self.snapshot, shelf
                report(shelf, known)


def report(shelf: KnowledgeSnapshot, known: KnowledgeSnapshot) -> None:
    log.info(
        "knowledge_loaded",
        extra={"clauses": len(shelf.index.clauses), "problems": len(shelf.problems)},
    )
    for problem in shelf.problems:
        if problem not in known.problems:
            log.warning(
                "knowledge_problem", extra={"path": problem.path, "reason": problem.message}
            )
