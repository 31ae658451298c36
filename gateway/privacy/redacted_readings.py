"""What was read from a picture, masked: a value that the reader knows as a phone is hidden in the
lines as well.
"""

import re
from collections.abc import Iterator
from typing import Any

from gateway.privacy.redaction import NAMED, mask, mask_value

Reading = dict[str, Any]

# Of one picture. A dense page has 200 lines, 8,000 characters and 20 fields.
MAX_LINES = 1000
MAX_LINE = 2000  # characters
MAX_CHARACTERS = 50_000  # in all lines
MAX_FIELDS = 50
MAX_VALUE = 200  # characters


def masked_readings(readings: list[Reading]) -> list[Reading]:
    return [_masked(reading) for reading in readings]


def _masked(reading: Reading) -> Reading:
    fields = [
        _bounded(field)
        for field in (reading.get("fields") or [])[:MAX_FIELDS]
        if isinstance(field, dict)
    ]
    known = {field["value"]: str(field["name"]) for field in fields if field.get("name") in NAMED}
    hidden = [
        (_loosely(value), mask_value(name, value))
        for value, name in known.items()
        if len(value) > 4
    ]
    lines = [
        {**line, "text": _line(line["text"], hidden)}
        for line in _first_lines(reading.get("lines") or [])
    ]
    shown = [
        {**field, "value": mask_value(str(field.get("name")), field["value"])} for field in fields
    ]
    return {**reading, "lines": lines, "fields": shown}


def _first_lines(lines: list[Reading]) -> Iterator[Reading]:
    """The lines from the top, up to MAX_LINES and MAX_CHARACTERS."""
    left = MAX_CHARACTERS
    for line in lines[:MAX_LINES]:
        shown = str(line.get("text", ""))[: min(MAX_LINE, left)]
        left -= len(shown)
        if left <= 0:
            return
        yield {**line, "text": shown}


def _bounded(field: Reading) -> Reading:
    return {**field, "value": str(field.get("value", ""))[:MAX_VALUE]}


def _loosely(value: str) -> re.Pattern[str]:
    """The value as it may stand in a line: its label is another line's, and spaces or dashes are
    in it.
    """
    return re.compile(r"[ \u00a0-]?".join(map(re.escape, value)))


def _line(text: str, hidden: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, masked in hidden:
        text = pattern.sub(lambda _, masked=masked: masked, text)  # type: ignore[misc]  # mypy infers no default of a lambda
    return mask(text)
