"""CSV: a table of questions and answers, or any other."""

import csv
import io

from gateway.knowledge.sources.document import Document
from gateway.knowledge.sources.rows import add_rows

DELIMITERS = ",;\t|"
MAX_FIRST_CHARS = 10_000


def read_csv(text: str, document: Document) -> None:
    """Comma, semicolon, tab or bar, whichever the first line has most of."""
    # One limit for the whole process: it is raised, never made smaller under somebody else.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    first = text.lstrip()[:MAX_FIRST_CHARS].partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        add_rows(document, rows)
    except csv.Error as error:
        document.report(f"{document.place or 'row 1'}: the rest is left out: {error}")
