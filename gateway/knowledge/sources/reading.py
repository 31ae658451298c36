"""Reads a file of the knowledge folder into a document, by its name's ending."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from gateway.knowledge.sources.csv_table import read_csv
from gateway.knowledge.sources.decoding import decoded
from gateway.knowledge.sources.document import Document, Exhausted
from gateway.knowledge.sources.formats import OFFICE
from gateway.knowledge.sources.html import read_html
from gateway.knowledge.sources.markdown import read_markdown
from gateway.knowledge.sources.plain_text import read_plain_text

TEXTS: dict[str, Callable[[str, Document], None]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain_text,
    ".html": read_html,
    ".htm": read_html,
    ".csv": read_csv,
}


def read_file(
    name: str, data: bytes, seconds: float, scans: Mapping[int, Sequence[str]] | None = None
) -> Document:
    """The document with the problems of the file; at most so many seconds of CPU are spent.

    `scans`: the lines of a PDF's pages that OCR has read, by page, 1 first. Raises NotText,
    NotReadable, and what the libraries raise on damaged files.
    """
    document = Document(until=time.process_time() + seconds)
    suffix = PurePath(name).suffix.lower()
    try:
        if suffix in OFFICE:
            # Its process has imported this before it was locked up (parser_worker.py).
            from gateway.knowledge.sources.office import read_office

            read_office(suffix, data, document, scans or {})
        else:
            text, document.problems = decoded(data)
            TEXTS[suffix](text, document)
    except Exhausted as error:
        document.report(f"{document.place or 'the start'}: the rest is left out: {error}")
    return document
