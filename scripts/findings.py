"""A verdict of `make up` and `make doctor`, and how it is printed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MASK = "***"
MIN_SECRET = 6  # shorter values are no secrets, and would mask parts of words
# Whoever wrote an address into a file may have put a user, a password or a key into it.
CREDENTIALS = re.compile(r"(?<=://)[^/\s?#@]+(?=@)")
# With or without a query: it takes what it has looked at, and never begins within it again.
ADDRESS = re.compile(r"://[^\s?#]+(?:\?[^\s#]+)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `good`: false is red. `needed`: false is a note, never red."""

    good: bool
    text: str
    needed: bool = True
    remedy: str = ""

    @property
    def is_red(self) -> bool:
        return not self.good and self.needed


def line(finding: Finding) -> str:
    state = "ok" if finding.good else "red" if finding.needed else "note"
    remedy = f". Remedy: {finding.remedy}" if finding.remedy and not finding.good else ""
    return f"{state:8}{' '.join(finding.text.split())}{remedy}"


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, and its addresses without users, passwords and queries. The
    longest secret goes first, since one may hold another."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET:
            text = text.replace(secret, MASK)
    return ADDRESS.sub(_without_query, CREDENTIALS.sub(MASK, text))


def _without_query(address: re.Match[str]) -> str:
    path, mark, _ = address[0].partition("?")
    return path + (mark + MASK if mark else "")
