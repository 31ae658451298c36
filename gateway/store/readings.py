"""What was read from a picture, masked: a value that the reader knows as a phone is hidden in the lines as well."""

import re
from typing import Any

from gateway.store.mask import NAMED, mask, mask_value, storable

Reading = dict[str, Any]


def masked_readings(readings: list[Reading]) -> list[Reading]:
    return [_masked(reading) for reading in readings]


def _masked(reading: Reading) -> Reading:
    fields = [field for field in reading.get("fields") or [] if isinstance(field, dict)]
    known = [str(field.get("value", "")) for field in fields if field.get("name") in NAMED]
    hidden = [(_loosely(value), mask_value(_name_of(value, fields), value)) for value in known if len(value) > 4]
    lines = [{**line, "text": _line(str(line.get("text", "")), hidden)} for line in reading.get("lines") or []]
    shown = [
        {**field, "value": mask_value(str(field.get("name")), storable(str(field.get("value", ""))))}
        for field in fields
    ]
    return {**reading, "lines": lines, "fields": shown}


def _name_of(value: str, fields: list[Reading]) -> str:
    return next(str(field["name"]) for field in fields if field.get("value") == value and field["name"] in NAMED)


def _loosely(value: str) -> re.Pattern[str]:
    """The value as it may stand in a line: its label is another line's, and spaces or dashes are in it."""
    return re.compile(r"[ \u00a0-]?".join(map(re.escape, value)))


def _line(text: str, hidden: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, masked in hidden:
        text = pattern.sub(lambda _, masked=masked: masked, text)  # type: ignore[misc]
    return mask(text)
