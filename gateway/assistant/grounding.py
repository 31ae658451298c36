"""Looks for every claim of an answer in what it may rest on. What is nowhere is unsupported.

A rule, not a judgement: it finds an invented amount, date, code or clause, and misses a reversed
yes and no (docs/knowledge.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from gateway.assistant.claims import FOLD, Claim, claims_of, clause_key, normal, squeezed

MAX_ANSWER = 20_000  # characters that are checked
MAX_SOURCES = 120_000  # characters of all sources together
MAX_CLAUSE, MAX_CLAUSES = 8_000, 80  # characters of one known text, known texts
PIECE = 40_000  # characters that are normalised at once
MAX_UNSUPPORTED = 20
MAX_SHOWN = 80  # characters of one unsupported text
HOURS_A_DAY = 24
# Sources and answer of more characters are compared in a thread.
QUICK_CHARACTERS = 6_000


@dataclass(frozen=True, slots=True)
class Sources:
    """What an answer may rest on: texts; those of clauses and of the desk itself apart, since they
    come again and their claims are remembered; and the numbers of the clauses that were given."""

    texts: tuple[str, ...]
    clause_numbers: tuple[str, ...] = ()
    known_texts: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        return sum(map(len, (*self.texts, *self.known_texts)))


@dataclass(frozen=True, slots=True)
class Checked:
    """`unsupported`: the texts of the claims that are in no source, in the answer's order."""

    unsupported: list[str] = field(default_factory=list)

    @property
    def supported(self) -> bool:
        return not self.unsupported


def sources_of(
    clauses: Iterable[dict[str, Any]],
    readings: Iterable[dict[str, Any]],
    others: Iterable[str],
    own: Iterable[str] = (),
) -> Sources:
    """`others`: the person's own messages and results of tools. `own`: what the desk itself says,
    the same for everyone."""
    texts: list[str] = []
    written: list[str] = list(own)
    numbers: list[str] = []
    for clause in clauses:
        parts = (clause.get(name) for name in ("title", "text", "date"))
        written.append("\n".join(str(part) for part in parts if part))
        numbers.append(str(clause.get("clause", "")))
    for reading in readings:
        texts += (str(line.get("text", "")) for line in reading.get("lines", ()))
        texts += (str(one.get("value", "")) for one in reading.get("fields", ()))
        texts += (str(one.get("text", "")) for one in reading.get("codes", ()))
    texts += others
    return Sources(
        tuple(filter(None, texts)), tuple(filter(None, numbers)), tuple(filter(None, written))
    )


def check(answer: str, sources: Sources) -> Checked:
    """Looks for the answer's claims in the sources. Milliseconds for each 10,000 characters."""
    claims = claims_of(normal(answer[:MAX_ANSWER]))
    if not claims:
        return Checked()
    known = _Known(sources)
    found: dict[str, None] = {}
    for claim in claims:
        if not known.supports(claim):
            found.setdefault(claim.text[:MAX_SHOWN])
    return Checked(list(found)[:MAX_UNSUPPORTED])


@lru_cache(maxsize=4_000)
def _written(text: str) -> tuple[tuple[Claim, ...], str]:
    """(claims, letters and digits) of a known text. No person's text is remembered."""
    made = normal(text)
    return tuple(claims_of(made)), squeezed(made)


def _bounded(texts: Iterable[str]) -> str:
    """The texts in their normal form, MAX_SOURCES characters of it."""
    made: list[str] = []
    left = MAX_SOURCES
    joined = "\n".join(texts)[:MAX_SOURCES]
    for start in range(0, len(joined), PIECE):
        if left <= 0:
            break
        made.append(normal(joined[start : start + PIECE])[:left])
        left -= len(made[-1])
    return "".join(made)


class _Known:
    """The claims of all sources, to be looked up."""

    def __init__(self, sources: Sources) -> None:
        text = _bounded(sources.texts)
        written = [_written(one[:MAX_CLAUSE]) for one in sources.known_texts[:MAX_CLAUSES]]
        claims = [*claims_of(text), *(claim for found, _ in written for claim in found)]
        self._squeezed = "\n".join([squeezed(text), *(one for _, one in written)])
        self._codes = {claim.key[0] for claim in claims if claim.kind == "code"}
        self._times = {claim.key for claim in claims if claim.kind == "time"}
        self._dates = [claim.key for claim in claims if claim.kind == "date"]
        self._numbers = {(claim.value, claim.unit) for claim in claims if claim.kind == "number"}
        self._values = {value for value, _ in self._numbers}
        self._clauses = {claim.key[0] for claim in claims if claim.kind == "clause"}
        for number in sources.clause_numbers:
            self._clauses |= _clause_keys(number)

    def supports(self, claim: Claim) -> bool:
        match claim.kind:
            case "clause":
                return claim.key[0] in self._clauses
            case "date":
                return any(_is_same_day(claim.key, date) for date in self._dates)
            case "time":
                return claim.key in self._times
            case "code":
                return self._has_code(claim.key[0])
        return self._has_number(claim)

    def _has_code(self, code: str) -> bool:
        """A short code must be one word of a source. A long one may stand there in groups."""
        return code in self._codes or (len(code) >= 8 and code in self._squeezed)

    def _has_number(self, claim: Claim) -> bool:
        value, unit = claim.value, claim.unit
        assert value is not None
        if not unit:
            return value in self._values or claim.key[0] in self._clauses or self._is_year(value)
        if (value, unit) in self._numbers or (value, "") in self._numbers:
            return True
        if unit == "day":
            return (value * HOURS_A_DAY, "hour") in self._numbers
        if unit == "hour":
            return (value / HOURS_A_DAY, "day") in self._numbers
        if unit == FOLD:
            return (value * 10, "percent") in self._numbers
        if unit == "percent":
            return (value / 10, FOLD) in self._numbers
        return unit == "piece" and value == 1

    def _is_year(self, value: Decimal) -> bool:
        return any(date[0] == f"{value:f}" for date in self._dates)


def _clause_keys(number: str) -> set[str]:
    """A clause's number as it is stored, `3.2` or `第十五条`, as the keys of claims."""
    named = [claim.key[0] for claim in claims_of(normal(number)) if claim.kind == "clause"]
    bare = number.strip("()（）、. ")
    return {number, clause_key(bare), *named}


def _is_same_day(first: Sequence[str], second: Sequence[str]) -> bool:
    is_same_year = not first[0] or not second[0] or first[0] == second[0]
    return is_same_year and tuple(first[1:]) == tuple(second[1:])
