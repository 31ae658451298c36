"""The parties of an English contract, which names them in a sentence: between A and B."""

import re

from inference.lite.answering.paragraphs import paragraphs
from inference.lite.reading import Field, Reading

MAX_TEXT = 4_000  # characters in which the parties are looked for
MAX_SENTENCE = 300  # characters behind "between"
ENDS = re.compile(r"[(（,;]|\.(?:\s|$)")  # of a name


def parties(reading: Reading) -> list[Field]:
    """Party A and party B; [] where no sentence names them."""
    text = " ".join(paragraphs(reading))[:MAX_TEXT]
    said = text.partition("between ")[2][:MAX_SENTENCE]
    names = [ENDS.split(part)[0].strip() for part in said.split(" and ", 1)]
    return [Field("company", name) for name in names] if _are_names(names) else []


def _are_names(names: list[str]) -> bool:
    return len(names) > 1 and all(name[:1].isupper() and len(name) > 2 for name in names)
