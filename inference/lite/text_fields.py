"""POST /v1/fields: the kind of a document and its fields, from lines that need no OCR."""

from typing import Any

from inference.lite.budget import Budget
from inference.lite.errors import LiteError
from inference.lite.fields import read_fields
from inference.lite.reading import Line, Reading, from_json
from inference.lite.request import checked_lines

MAX_LINES = 20_000
SHAPE = 'Send {"lines": [{"text": "…", "box": [x, y, width, height]}]}.'


def lines_of(body: dict[str, Any]) -> list[Line]:
    """The lines of a request. Raises LiteError."""
    lines = body.get("lines")
    if not isinstance(lines, list):
        raise LiteError(SHAPE, param="lines")
    if len(lines) > MAX_LINES:
        raise LiteError(
            f"There are {len(lines)} lines; at most {MAX_LINES} are taken.",
            param="lines",
            details={"limit": MAX_LINES, "size": len(lines)},
        )
    return from_json({"lines": checked_lines(lines)}).lines


def found_in(lines: list[Line], budget: Budget) -> dict[str, Any]:
    """{kind, fields}. Raises LiteError if the budget is spent."""
    kind, fields = read_fields(lines, (), budget, ocr=False)
    made = Reading("", 0, 0, fields=fields).as_json()
    return {"kind": kind, "fields": made["fields"]}
