"""Clauses of a text, without a process and a folder."""

from gateway.knowledge.clause_builder import clauses_of
from gateway.knowledge.clauses import Clause
from gateway.knowledge.sources.reading import read_file

SECONDS = 60.0


def parse(text: str | bytes, path: str) -> list[Clause]:
    """The clauses of a file at `path` of the knowledge folder, in order."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return clauses_of(read_file(path, data, SECONDS), path)
