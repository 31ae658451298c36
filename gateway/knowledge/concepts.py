"""How much of what a question asks a clause holds by words of the same meaning, in either language.

`concepts.txt` lists the words. Small embedding models do not know that freezing a card is 停卡.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.knowledge.index import Index
from gateway.knowledge.terms import terms

FILE = Path(__file__).with_name("concepts.txt")
# A question of few concepts is not answered by them alone: the weight of what it asks beside them.
LEAST_WEIGHT = 4.0

Word = tuple[str, ...]  # its terms, all of which a text must have


@cache
def concepts() -> tuple[tuple[Word, ...], ...]:
    return tuple(
        tuple(_word(word) for word in line.lstrip("! ").replace("|", " ").split())
        for line in _lines()
    )


@cache
def are_things() -> tuple[bool, ...]:
    """Of each concept whether its line is marked."""
    return tuple(line.startswith("!") for line in _lines())


@cache
def _lines() -> tuple[str, ...]:
    lines = FILE.read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


class Concepts:
    """Of the clauses of one index."""

    def __init__(self, index: Index) -> None:
        size = len(index.clauses)
        self._held = np.zeros((len(concepts()), size), np.bool_)
        for row, words in zip(self._held, concepts(), strict=True):
            for word in words:
                row |= index.holding(word)
        self._weights = np.log1p(size / (1 + self._held.sum(axis=1)))
        self._missing = ~self._held.any(axis=1) & np.array(are_things())

    def share(self, text: str) -> NDArray[np.float64]:
        """Of each clause, 0 to 1: the share of the concepts of `text` that it holds, rare ones
        weighing more."""
        asked = _named(text)
        weights = self._weights[asked]
        total = max(float(weights.sum()), LEAST_WEIGHT)
        share: NDArray[np.float64] = weights @ self._held[asked] / total
        return share

    def asks_for_missing(self, text: str) -> bool:
        """Whether `text` asks for a thing that no clause names: 分期 where nobody pays so."""
        return bool(self._missing[_named(text)].any())


def _named(text: str) -> list[int]:
    """The concepts in a text."""
    said = terms(text)
    found = {
        number
        for term in said
        for number, word in _beginning_with().get(term, ())
        if all(other in said for other in word)
    }
    return sorted(found)


@cache
def _beginning_with() -> dict[str, list[tuple[int, Word]]]:
    """The words by their first term, each with the number of its concept."""
    made: dict[str, list[tuple[int, Word]]] = {}
    for number, words in enumerate(concepts()):
        for word in words:
            made.setdefault(word[0], []).append((number, word))
    return made


def _word(word: str) -> Word:
    found = tuple(terms(word.replace("_", " ")))
    # Of Chinese words the pairs of characters, which say more than the characters.
    return tuple(term for term in found if len(term) > 1) or found
