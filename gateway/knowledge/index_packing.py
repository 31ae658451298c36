"""Packs clauses and their terms into bytes (read by index_segment.py): flat arrays, then JSON.

Plain Python without numpy: so the parser process starts in 80 ms.
"""

import json
import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b

from gateway.knowledge.clauses import STAFF, Clause
from gateway.knowledge.terms import terms

TITLE_WEIGHT = 2
MAX_COUNT = 65_535
NEVER = date.max.toordinal()
# Clauses, terms, postings, and padding that aligns the arrays.
HEAD = struct.Struct("=IIII")


@lru_cache(maxsize=4_096)  # the words of questions are few, and hashing is a tenth of a search
def key_of(term: str) -> int:
    """A 64-bit hash of a term: a million terms collide with a chance of 1 in 37 million."""
    return int.from_bytes(
        blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


def pack(clauses: Sequence[Clause]) -> bytes:
    """One segment of the index. A term counts double in a title."""
    postings: dict[str, tuple[array[int], array[int]]] = {}
    lengths = array("I")
    for number, clause in enumerate(clauses):
        counted = terms(clause.text)
        for term, count in terms(clause.title).items():
            counted[term] += TITLE_WEIGHT * count
        lengths.append(counted.total())
        _post(postings, number, counted)
    keyed = sorted((key_of(term), posted) for term, posted in postings.items())
    bodies = [
        json.dumps(clause.row(), ensure_ascii=False).encode("utf-8", "replace")
        for clause in clauses
    ]
    numbers, counts = array("I"), array("H")
    for _, (where, times) in keyed:
        numbers += where
        counts += times
    ends, end = array("I"), 0
    for body in bodies:
        end += len(body)
        ends.append(end)
    arrays = (
        array("Q", (key for key, _ in keyed)),
        array("I", (len(where) for _, (where, _) in keyed)),
        numbers,
        lengths,
        ends,
        array("I", (clause.effective.toordinal() if clause.effective else 0 for clause in clauses)),
        array("I", (clause.expires.toordinal() if clause.expires else NEVER for clause in clauses)),
        counts,
        array("B", (clause.locale == "zh" for clause in clauses)),
        array("B", (clause.audience == STAFF for clause in clauses)),
    )
    return b"".join(
        (HEAD.pack(len(clauses), len(keyed), len(numbers), 0), *map(bytes, arrays), *bodies)
    )


def _post(
    postings: dict[str, tuple["array[int]", "array[int]"]], number: int, counted: Counter[str]
) -> None:
    for term, count in counted.items():
        posted = postings.get(term)
        if posted is None:
            posted = postings[term] = (array("I"), array("H"))
        posted[0].append(number)
        posted[1].append(min(count, MAX_COUNT))
