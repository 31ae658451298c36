"""What a person says that a field of a picture is, put into its reading.

A correction binds: it replaces the reader's value before knowledge, tools and engine see it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MIN_REPLACED = 4  # characters; a shorter value stands in lines by chance


@dataclass(frozen=True, slots=True)
class CorrectedField:
    """`image` as the reading names it. `was`: the value that is corrected, where the reading has
    several fields of the name; "": the first one."""

    image: str
    name: str
    value: str
    was: str = ""


def merged(
    earlier: Iterable[CorrectedField], newer: Iterable[CorrectedField]
) -> list[CorrectedField]:
    """Both, the newer one where they correct the same field."""
    made = {(one.image, one.name, one.was): one for one in (*earlier, *newer)}
    return list(made.values())


def apply_corrections(
    readings: list[dict[str, Any]], corrections: Iterable[CorrectedField]
) -> dict[str, str]:
    """Changes the readings in place: the value, `corrected: true`, and `valid: null`, since a
    person's word is not checked by a rule. A field that the reader did not find is added. The old
    value is replaced in the lines too, so that no answer quotes it.

    Returns {old value: new value} of what was replaced in lines.
    """
    replaced: dict[str, str] = {}
    for correction in corrections:
        pages = [one for one in readings if one.get("image") == correction.image]
        found = _field(pages, correction)
        if found is None:
            if pages:
                pages[0].setdefault("fields", []).append(
                    {"name": correction.name, "box": [0, 0, 0, 0], **_corrected(correction)}
                )
            continue
        old = str(found.get("value", ""))
        found |= _corrected(correction)
        if len(old) >= MIN_REPLACED and old != correction.value:
            replaced[old] = correction.value
            for page in pages:
                for line in page.get("lines", ()):
                    line["text"] = str(line["text"]).replace(old, correction.value)
    return replaced


def _corrected(correction: CorrectedField) -> dict[str, Any]:
    return {"value": correction.value, "confidence": 1.0, "valid": None, "corrected": True}


def _field(pages: Iterable[Mapping[str, Any]], correction: CorrectedField) -> dict[str, Any] | None:
    named = [
        one
        for page in pages
        for one in page.get("fields", ())
        if one.get("name") == correction.name
    ]
    same = [one for one in named if one.get("value") == correction.was]
    return next(iter(same or named), None)
