"""Which clauses an answer used."""

import re
from typing import Any

REFERENCE = re.compile(r"[\[【［](\d{1,2})[\]】］]")
CODE_BLOCK = "```"
# Without a single reference, a clause counts as used that the answer repeats so much of.
RUN_CHINESE, RUN_LATIN = 8, 24  # characters in a row
MAX_TEXT = 8_000
HAN = re.compile(r"[\u2e80-\u9fff]")


def references(text: str) -> list[int]:
    """The numbers of `[1]` and the like, each once, in order; those in code blocks are none."""
    prose = "".join(text[:MAX_TEXT].split(CODE_BLOCK)[::2])
    return list(dict.fromkeys(int(number) for number in REFERENCE.findall(prose)))


def used_clauses(text: str, clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The clauses that a model's answer names as `[n]`, in the order of n; a number that no clause
    has counts for nothing. An answer that names none, as small models write, used those that it
    repeats."""
    named = sorted(n for n in references(text) if 1 <= n <= len(clauses))
    if named:
        return [clauses[number - 1] for number in named]
    answer = _squeezed(text)
    return [clause for clause in clauses if _repeats(answer, _squeezed(str(clause["text"])))]


def by_ids(ids: list[str], clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The clauses with these ids, in this order. Unknown ids count for nothing."""
    known = {str(clause["id"]): clause for clause in clauses}
    return [known[one] for one in dict.fromkeys(ids) if one in known]


def _squeezed(text: str) -> str:
    return "".join(one for one in text[:MAX_TEXT].lower() if one.isalnum())


def _repeats(answer: str, clause: str) -> bool:
    run = RUN_CHINESE if HAN.search(clause) else RUN_LATIN
    return any(clause[at : at + run] in answer for at in range(0, len(clause) - run + 1, run // 2))
