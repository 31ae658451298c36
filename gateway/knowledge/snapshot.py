"""Reads the knowledge folder. Only changed files are parsed again.

A file that cannot be used is left out and named as a problem.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from gateway.knowledge.folder_listing import Entry, Listing, Problem, look, reason
from gateway.knowledge.index import Index
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.parser_client import Parsed, Parser
from gateway.knowledge.questions import QUESTIONS_FILE, Questions
from gateway.server.regular_files import Stamp, read_whole

MAX_FILE_BYTES = 1024 * 1024
MAX_FOLDER_BYTES = 64 * 1024 * 1024
MAX_CLAUSES = 50_000
MAX_POSTINGS = 8_000_000  # 50 bytes of memory each, while an index is replaced by the next one
MAX_PROBLEMS = 100
SETTLE_SECONDS = 1.0  # a change is taken when the next look finds the same, or after so long
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class KnowledgeSnapshot:
    """What one reading of the folder gave: one state of the whole."""

    index: Index = field(default_factory=Index)
    questions: Questions = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """A file as it was read last, so that only what has changed is parsed again."""

    stamp: Stamp
    parsed: Parsed


class Folder:
    """Looks and reads; for one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Known] = {}
        self._shelf: KnowledgeSnapshot | None = None
        self._read: Listing | None = None
        self._seen: Listing | None = None
        self._seen_at = 0.0
        self._retry_at = float("inf")
        self.look_seconds = 0.0  # of CPU, that the last look took

    def changed(self) -> KnowledgeSnapshot | None:
        """What the folder holds now, where that is something new and no longer being written."""
        used = time.thread_time()
        listing = look(self._directory)
        self.look_seconds = time.thread_time() - used
        now = time.monotonic()
        if listing == self._read and now < self._retry_at:
            self._seen = None
            return None
        if self._read is not None and listing != self._seen:
            self._seen_at = self._seen_at if self._seen is not None else now
            self._seen = listing
            if now - self._seen_at < SETTLE_SECONDS:
                return None
        self._seen, self._retry_at = None, float("inf")
        self._shelf = self._shelf_of(listing)
        self._read = listing
        return self._shelf

    def _shelf_of(self, listing: Listing) -> KnowledgeSnapshot:
        if listing.missing:
            kept = self._shelf
            stays = (
                "; the clauses that were read before stay in use"
                if kept and len(kept.index.clauses)
                else ""
            )
            problems = [Problem(str(self._directory), listing.missing + stays)]
            return (
                KnowledgeSnapshot(kept.index, kept.questions, problems)
                if kept
                else KnowledgeSnapshot(problems=problems)
            )
        problems = list(listing.problems)
        segments, questions = self._parse_all(listing, problems)
        kept_segments = bounded(segments, str(self._directory), problems)
        if not kept_segments:
            problems.append(
                Problem(
                    str(self._directory),
                    "no clause was found; see docs/knowledge.md for the format",
                )
            )
        return KnowledgeSnapshot(
            Index(kept_segments), questions, shortened(problems, str(self._directory))
        )

    def _parse_all(
        self, listing: Listing, problems: list[Problem]
    ) -> tuple[list[Segment], Questions]:
        segments: list[Segment] = []
        questions: Questions = []
        before, self._known = self._known, {}
        size = 0
        with Parser() as parser:
            for entry in listing.entries:
                size += entry.size
                if size > MAX_FOLDER_BYTES:
                    problems.append(
                        Problem(
                            entry.name,
                            f"left out: the files have more than {MAX_FOLDER_BYTES} bytes",
                        )
                    )
                    continue
                known = before.get(entry.name)
                if known is None or known.stamp != entry.stamp:
                    known = self._parse(parser, entry, problems)
                if known is None:
                    continue
                self._known[entry.name] = known
                problems += [Problem(entry.name, problem) for problem in known.parsed.problems]
                if entry.name == QUESTIONS_FILE:
                    questions = known.parsed.questions
                elif known.parsed.segment is not None and len(known.parsed.segment):
                    segments.append(known.parsed.segment)
        return segments, questions

    def _parse(self, parser: Parser, entry: Entry, problems: list[Problem]) -> Known | None:
        """None where the file could not be read, which may be over in a moment."""
        if entry.size > MAX_FILE_BYTES:
            large = f"the file has {entry.size} bytes; at most {MAX_FILE_BYTES} are read"
            return Known(entry.stamp, Parsed([large]))
        try:
            return Known(
                entry.stamp, parser.parse(entry.name, read_whole(Path(entry.path), MAX_FILE_BYTES))
            )
        except OSError as error:
            problems.append(Problem(entry.name, reason(error)))
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return None


def bounded(segments: list[Segment], directory: str, problems: list[Problem]) -> list[Segment]:
    """The first of the clauses, as many as the index may hold."""
    kept: list[Segment] = []
    clauses = postings = 0
    for segment in segments:
        clauses += len(segment)
        postings += len(segment.numbers)
        if clauses > MAX_CLAUSES:
            kept.append(segment.first(MAX_CLAUSES - sum(map(len, kept))))
            problems.append(
                Problem(
                    directory,
                    f"more than {MAX_CLAUSES} clauses; only the first {MAX_CLAUSES} are used",
                )
            )
            break
        if postings > MAX_POSTINGS:
            used = clauses - len(segment)
            problems.append(
                Problem(
                    directory,
                    f"too much text for the index; only the first {used} clauses are used",
                )
            )
            break
        kept.append(segment)
    return kept


def shortened(problems: list[Problem], directory: str) -> list[Problem]:
    more = len(problems) - MAX_PROBLEMS
    return (
        problems
        if more <= 0
        else [*problems[:MAX_PROBLEMS], Problem(directory, f"{more} more problems")]
    )
