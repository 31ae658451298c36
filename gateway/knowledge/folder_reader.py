"""Reads the knowledge folder into snapshots. Only changed files are parsed again.

A file that cannot be used is left out and named as a problem.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gateway.knowledge.folder_listing import Entry, Listing, Problem, list_folder, reason
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.parser_client import Parsed, Parser
from gateway.knowledge.questions import QUESTIONS_FILE, Questions
from gateway.knowledge.scanned_pages import ScannedFile, ScannedPages, digest_of
from gateway.knowledge.snapshot import KnowledgeFile, KnowledgeSnapshot, build_snapshot
from gateway.knowledge.sources.formats import MAX_BYTES, OFFICE, suffix_of
from gateway.server.regular_files import Stamp, read_whole

MAX_QUESTIONS_BYTES = 1024 * 1024
MAX_FOLDER_BYTES = 64 * 1024 * 1024
# A change is read when two listings in a row agree, or after so long.
SETTLE_SECONDS = 1.0
RETRY_SECONDS = 5.0  # after a file could not be read


class Mirror(Protocol):
    """Keeps the folder as something elsewhere is (bucket_mirror.py)."""

    url: str
    problems: list[Problem]

    @property
    def has_copy(self) -> bool: ...
    def refresh(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """`digest` is set of files with scanned pages."""

    stamp: Stamp
    parsed: Parsed
    digest: str = ""

    def listed(self, path: str) -> KnowledgeFile:
        size, changed_ns = self.stamp[0], self.stamp[1]
        segment = self.parsed.segment
        count = len(segment) if segment is not None else 0
        return KnowledgeFile(path, size, changed_ns // 1_000_000_000, count)


class FolderReader:
    """For one thread at a time."""

    def __init__(
        self, directory: Path, scans: ScannedPages | None = None, mirror: Mirror | None = None
    ) -> None:
        self._directory = directory
        self._mirror = mirror
        self._name = mirror.url if mirror is not None else str(directory)
        self._scans = scans or ScannedPages()
        self._parsed_files: dict[str, ParsedFile] = {}
        self._snapshot: KnowledgeSnapshot | None = None
        self._read_listing: Listing | None = None  # what `_snapshot` was made of
        self._changed_listing: Listing | None = None  # a change that has not settled
        self._changed_at = 0.0
        self._retry_at = float("inf")
        self.listing_seconds = 0.0  # CPU time of the last listing

    def read_changes(self) -> KnowledgeSnapshot | None:
        """A new snapshot, or None where nothing changed or files are still being written."""
        started = time.thread_time()
        listing = self._listed()
        self.listing_seconds = time.thread_time() - started
        now = time.monotonic()
        finished = self._scans.take_finished()
        if listing == self._read_listing and now < self._retry_at and not finished:
            self._changed_listing = None
            return None
        if finished:
            for name in finished:
                self._parsed_files.pop(name, None)
        elif self._read_listing is not None and listing != self._changed_listing:
            self._changed_at = self._changed_at if self._changed_listing is not None else now
            self._changed_listing = listing
            if now - self._changed_at < SETTLE_SECONDS:
                return None
        self._changed_listing, self._retry_at = None, float("inf")
        self._snapshot = self._snapshot_of(listing)
        self._read_listing = listing
        return self._snapshot

    def _listed(self) -> Listing:
        mirror = self._mirror
        if mirror is None:
            return list_folder(self._directory)
        if self._read_listing is not None or not mirror.has_copy:  # a start waits for nobody
            mirror.refresh()
        listing = list_folder(self._directory)
        if listing.missing and mirror.problems:  # there has been no copy yet
            return Listing(missing=mirror.problems[0].message)
        return replace(listing, problems=(*listing.problems, *mirror.problems))

    def _snapshot_of(self, listing: Listing) -> KnowledgeSnapshot:
        directory = self._name
        if listing.missing:
            return self._without_folder(directory, listing.missing)
        problems = list(listing.problems)
        segments, questions = self._parse_all(listing, problems)
        files = [file.listed(name) for name, file in self._parsed_files.items()]
        return build_snapshot(directory, segments, questions, problems, files)

    def _without_folder(self, directory: str, missing: str) -> KnowledgeSnapshot:
        """The last snapshot, if there is one, with the reason as its only problem."""
        last = self._snapshot or KnowledgeSnapshot()
        kept = "; the clauses that were read before stay in use" if last.index.clauses else ""
        problems = [Problem(directory, missing + kept, "folder")]
        return replace(last, problems=problems)

    def _parse_all(
        self, listing: Listing, problems: list[Problem]
    ) -> tuple[list[Segment], Questions]:
        segments: list[Segment] = []
        questions: Questions = []
        before, self._parsed_files = self._parsed_files, {}
        size = 0
        with Parser() as parser:
            for entry in listing.entries:
                # A file that is too large by itself is named by `_parse`, and takes no one's place.
                size += entry.size if entry.size <= _largest(entry) else 0
                if size > MAX_FOLDER_BYTES:
                    message = f"left out: the files have more than {MAX_FOLDER_BYTES} bytes"
                    problems.append(Problem(entry.name, message, "limit"))
                    continue
                file = before.get(entry.name)
                if file is None or file.stamp != entry.stamp:
                    file = self._parse(parser, entry, problems)
                if file is None:
                    continue
                self._parsed_files[entry.name] = file
                problems += [Problem(entry.name, problem) for problem in file.parsed.problems]
                if file.parsed.scanned:
                    pages = tuple(file.parsed.scanned)
                    wanted = ScannedFile(entry.name, entry.path, file.digest, pages)
                    problems.append(Problem(entry.name, self._scans.want(wanted), "scan"))
                if entry.name == QUESTIONS_FILE:
                    questions = file.parsed.questions
                elif file.parsed.segment is not None and len(file.parsed.segment):
                    segments.append(file.parsed.segment)
        self._scans.keep({file.digest for file in self._parsed_files.values()})
        return segments, questions

    def _parse(self, parser: Parser, entry: Entry, problems: list[Problem]) -> ParsedFile | None:
        """None where the file could not be read, which is tried again after RETRY_SECONDS."""
        most = _largest(entry)
        if entry.size > most:
            message = f"the file has {entry.size} bytes; at most {most} are read"
            return ParsedFile(entry.stamp, Parsed([message]))
        try:
            data = read_whole(Path(entry.path), most)
            digest = digest_of(data) if suffix_of(entry.name) in OFFICE else ""
            parsed = parser.parse(entry.name, data, self._scans.lines_of(digest))
            return ParsedFile(entry.stamp, parsed, digest)
        except OSError as error:
            problems.append(Problem(entry.name, reason(error), "unreadable"))
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return None


def _largest(entry: Entry) -> int:
    """Bytes of a file of its type that are read."""
    return MAX_BYTES.get(suffix_of(entry.name), MAX_QUESTIONS_BYTES)
