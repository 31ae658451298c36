"""The carrier's estimate in what a system says, for a question that asks for nothing else."""

import re
from itertools import pairwise

from inference.lite.answering.questions import Part, Want

ENDS = re.compile(r"[。！？!?]+|\.(?=\s|$)|\n")
ESTIMATE = re.compile(
    r"预计|预估|估计|\bestimate[sd]?\b|\bexpected (?:by|on|to arrive)\b|\beta\b", re.I
)


def alone(text: str, parts: list[Part]) -> str:
    """The sentences with the estimate, where every part asks when something arrives and there
    are any; else the whole text."""
    if not parts or any(part.want is not Want.ARRIVAL for part in parts):
        return text
    return " ".join(one for one in _sentences(text) if ESTIMATE.search(one)) or text


def _sentences(text: str) -> list[str]:
    ends = [0, *(one.end() for one in ENDS.finditer(text)), len(text)]
    cut = [text[start:end].strip() for start, end in pairwise(ends)]
    return list(filter(None, cut))
