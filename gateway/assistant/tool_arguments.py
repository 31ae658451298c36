"""The arguments of a tool's call: what an engine wrote, completed from readings, and checked
against what the person said."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from gateway.assistant.claims import squeezed
from gateway.connectors.tool import Tool
from gateway.media.attachments import Attachment

SURE = 0.75  # a field read with less confidence fills no argument of a write
WORD = re.compile(r"[A-Za-z0-9]{6,200}")
IDENTIFIER = re.compile(r"\d{6}")  # so many digits in a row are an identifier, not a quantity
MAX_ARGUMENTS = 32_000  # characters


def parsed(text: str) -> dict[str, Any] | None:
    """None where it is no JSON object."""
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text) if len(text) <= MAX_ARGUMENTS else None
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def filled(
    tool: Tool, arguments: Mapping[str, Any], pictures: Iterable[Attachment]
) -> dict[str, Any]:
    """The arguments with what a reading fills: properties that were left out and whose field
    stands in the newest picture that has it, with one value. A person's correction wins. A read
    leaves out what it does not take; a write with such an argument is wrong."""
    made = {name: value for name, value in arguments.items() if value not in (None, "")}
    if tool.effect == "read" and tool.parameters.get("additionalProperties") is False:
        taken = tool.parameters.get("properties") or {}
        made = {name: value for name, value in made.items() if name in taken}
    by_message: dict[int, list[dict[str, Any]]] = {}
    for picture in pictures:
        if picture.reading is not None:
            by_message.setdefault(picture.position[0], []).append(picture.reading)
    for name, field in tool.field_of.items():
        if name in made or name in tool.secrets:
            continue
        for _, readings in sorted(by_message.items(), reverse=True):
            values = _values(readings, field, is_write=tool.effect == "write")
            if len(values) == 1:
                made[name] = values.pop()
            if values or name in made:  # of two values nobody has said which is meant
                break
    return made


def _values(readings: Iterable[dict[str, Any]], field: str, *, is_write: bool) -> set[str]:
    found = [one for reading in readings for one in reading.get("fields", ())]
    named = [one for one in found if one.get("name") == field and one.get("value")]
    corrected = {str(one["value"]) for one in named if one.get("corrected")}
    sure = (
        str(one["value"])
        for one in named
        if one.get("valid") is not False
        and not (is_write and float(one.get("confidence") or 0) < SURE)
    )
    return corrected or set(sure)


def invented(arguments: Mapping[str, Any], said: str) -> list[str]:
    """The properties whose value is an identifier that stands nowhere in `said`: a model makes up
    order numbers where it has none."""
    known = squeezed(said)
    return [
        name
        for name, value in arguments.items()
        if any(
            IDENTIFIER.search(word) and word.upper() not in known
            for word in WORD.findall(str(value))
        )
    ]
