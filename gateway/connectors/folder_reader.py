"""Reads the connectors' folder into sources. A file that has not changed keeps its source, with its
circuit and its session."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.connectors.building import Workshop
from gateway.connectors.folder_listing import (
    CONNECTORS,
    MAX_FOLDER,
    Entry,
    Listing,
    list_folder,
    read_entry,
    reason,
)
from gateway.connectors.loading import Documents, Source, load, parse, unreadable
from gateway.connectors.problems import Problem
from gateway.connectors.yaml_lines import Document, NotRead

SETTLE_SECONDS = 0.8  # a change is read when two listings agree, or after so long


@dataclass(frozen=True, slots=True)
class Reading:
    """The folder at one moment. `problems`: those that belong to no source."""

    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Files:
    """What was read of a listing."""

    documents: dict[str, Document] = field(default_factory=dict)
    wrong: dict[str, NotRead] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)


class FolderReader:
    """For one thread at a time."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self._folder = folder
        self._workshop = workshop
        self._sources: dict[str, Source] = {}
        self._read: Listing | None = None
        self._changed: Listing | None = None
        self._changed_at = 0.0

    def read_changes(self) -> Reading | None:
        """None where nothing changed, or files are still being written."""
        listing = list_folder(self._folder)
        if listing == self._read:
            self._changed = None
            return None
        now = time.monotonic()
        if self._read is not None and listing != self._changed:
            self._changed_at = now if self._changed is None else self._changed_at
            self._changed = listing
            if now - self._changed_at < SETTLE_SECONDS:
                return None
        self._changed, self._read = None, listing
        return self._reading_of(listing)

    def _reading_of(self, listing: Listing) -> Reading:
        if listing.missing:
            self._sources = {}
            problem = Problem(str(self._folder), 0, f"{listing.missing}; set CONNECTORS_DIR")
            return Reading(problems=(problem,))
        files = self._read_files(listing.entries)
        named = [path for path in files.digests if _is_connector(path, files.documents)]
        documents = Documents(
            {path: one.value for path, one in files.documents.items() if path not in named},
            {path: str(error) for path, error in files.wrong.items() if path not in named},
        )
        rest = _digest_of(digest for path, digest in files.digests.items() if path not in named)
        sources = {path: self._source(path, files, rest, documents) for path in named}
        self._sources = sources
        lost = tuple(Problem(path, 0, str(error)) for path, error in files.wrong.items()
                     if path not in files.digests)  # fmt: skip
        return Reading(tuple(sources.values()), listing.problems + lost)

    def _source(self, path: str, files: _Files, rest: bytes, documents: Documents) -> Source:
        """`rest` changes with any document; only a file that names one is read again for that."""
        document = files.documents.get(path)
        value = document.value if document else None
        uses_document = isinstance(value, dict) and "openapi" in value
        digest = files.digests[path] + (rest if uses_document else b"")
        before = self._sources.get(path)
        if before is not None and before.digest == digest:
            return before
        if document is None:
            source = unreadable(path, files.wrong[path])
        else:
            source = load(path, document, documents, self._workshop)
        source.digest = digest
        return source

    def _read_files(self, entries: Sequence[Entry]) -> _Files:
        files, size = _Files(), 0
        for entry in entries:
            try:
                data = read_entry(self._folder, entry)
            except OSError as error:
                files.wrong[entry.path] = NotRead(reason(error))
                continue
            size += len(data)
            if size > MAX_FOLDER:
                files.wrong[entry.path] = NotRead(f"left out: over {MAX_FOLDER} bytes in all")
                continue
            files.digests[entry.path] = hashlib.sha256(data).digest()
            try:
                files.documents[entry.path] = parse(data)
            except NotRead as error:
                files.wrong[entry.path] = error
        return files


def _is_connector(path: str, documents: Mapping[str, Document]) -> bool:
    """A YAML file at the top, unless it is an OpenAPI document itself."""
    if "/" in path or not path.lower().endswith(CONNECTORS):
        return False
    document = documents.get(path)
    value: Any = document.value if document else None
    return not (isinstance(value, dict) and isinstance(value.get("openapi"), str | float))


def _digest_of(digests: Any) -> bytes:
    return hashlib.sha256(b"".join(digests)).digest()
