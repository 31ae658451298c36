"""How well questions find their clauses: recall@1 and @5, and the clauses that none finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.knowledge.clauses import Clause

FIRST = 5
NONE = "none"  # as a case's clause: no clause answers it
# The clauses that a question finds, best first.
Search = Callable[[str], Sequence[Clause]]


@dataclass(frozen=True, slots=True)
class Asked:
    """`wanted`: ids (with or without the folder of their language), numbers or titles of clauses,
    any of which answers the question; `text`: what a clause says that does."""

    question: str
    wanted: tuple[str, ...]
    text: str = ""

    def is_answered_by(self, clause: Clause) -> bool:
        name = clause.title.rpartition(" · ")[2]
        short = clause.id.partition("/")[2] if clause.pair else clause.id
        names = (clause.id, short, clause.clause, clause.title, name)
        return any(one in names for one in self.wanted) or bool(
            self.text and self.text in clause.text
        )

    def __str__(self) -> str:
        return f"{self.question} → {', '.join(self.wanted) or self.text}"


@dataclass(frozen=True, slots=True)
class Recall:
    """`missed` are the questions that do not find theirs among the first five."""

    at_1: float
    at_5: float
    missed: list[Asked]
    unreached: list[Clause]


def asked_in(cases: Iterable[dict[str, Any]]) -> list[Asked]:
    """The turns of `[[case]]` tables that expect a clause. A turn after the first leans on those
    before it, and is left out."""
    found = []
    for case in cases:
        turns = case.get("turns")
        first = turns[0] if isinstance(turns, list) and turns else {}
        expect = first.get("expect", {}) if isinstance(first, dict) else {}
        wanted = expect.get("clause") if isinstance(expect, dict) else None
        names = wanted if isinstance(wanted, list) else [wanted]
        texts = tuple(name for name in names if isinstance(name, str) and name not in ("", NONE))
        text = expect.get("clause_text", "") if isinstance(expect, dict) else ""
        if (
            (texts or (isinstance(text, str) and text))
            and not first.get("images")
            and isinstance(first.get("say"), str)
        ):
            found.append(Asked(first["say"], texts, text))
    return found


def recall(asked: Sequence[Asked], clauses: Sequence[Clause], search: Search) -> Recall:
    """1.0 and all clauses unreached without a question."""
    reached: set[str] = set()
    missed = []
    hits = {1: 0, FIRST: 0}
    for one in asked:
        found = search(one.question)[:FIRST]
        reached.update(clause.pair or clause.id for clause in found)
        for first in hits:
            hits[first] += any(map(one.is_answered_by, found[:first]))
        if not any(map(one.is_answered_by, found)):
            missed.append(one)
    unreached = [clause for clause in clauses if (clause.pair or clause.id) not in reached]
    count = max(len(asked), 1)
    at_1, at_5 = ((hits[first] if asked else 1) / count for first in (1, FIRST))
    return Recall(at_1, at_5, missed, unreached)
