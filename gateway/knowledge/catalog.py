"""What is looked up in the clauses exactly: their numbers, codes and translations."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gateway.knowledge.asked_numbers import canonical
from gateway.knowledge.clauses import Clause
from gateway.knowledge.codes import codes_of_clause, family
from gateway.knowledge.terms import normalise, terms

MIN_NAMED = 0.5  # of a document's name, in terms, that a question must hold to name it


class Catalog:
    def __init__(self, clauses: Iterable[Clause]) -> None:
        """Takes 30 µs a clause."""
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        codes: defaultdict[str, list[int]] = defaultdict(list)
        pairs: defaultdict[str, list[int]] = defaultdict(list)
        documents: defaultdict[str, set[int]] = defaultdict(set)
        for place, clause in enumerate(clauses):
            if clause.clause:
                numbers[canonical(clause.clause)].append(place)
                documents[clause.title.split(" · ")[0]].add(place)
            if clause.pair:
                pairs[clause.pair].append(place)
            for code in codes_of_clause(normalise(clause.title), normalise(clause.text)):
                codes[code].append(place)
        self._numbers = dict(numbers)
        self._codes = dict(codes)
        self._pairs = dict(pairs)
        self._documents = {name: (set(terms(name)), places) for name, places in documents.items()}
        self._families = {family(code) for code in codes}

    def with_code(self, code: str) -> list[int]:
        """Places of the clauses that name the code."""
        return self._codes.get(code, [])

    def knows_family(self, code: str) -> bool:
        """Whether some clause names a code that begins with the same letters."""
        return family(code) in self._families

    def translations(self, pair: str) -> list[int]:
        return self._pairs.get(pair, [])

    def numbered(self, numbers: Sequence[str], question: str) -> list[int]:
        """Places of the clauses with these numbers; of the documents that `question` names, where
        it names one."""
        places = [place for number in numbers for place in self._numbers.get(number, ())]
        asked = set(terms(question))
        named: set[int] = set()
        best = MIN_NAMED
        for words, own in self._documents.values():
            share = len(words & asked) / max(len(words), 1)
            if share > best:
                best, named = share, set(own)
            elif share == best and named:
                named |= own
        return [place for place in places if place in named] or places
