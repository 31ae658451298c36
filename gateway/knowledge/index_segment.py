"""One file's part of the index: the arrays of index_packing.py, used without copying.

As Python objects, an index of 50,000 clauses takes 0.8 GB, and building it blocks the event loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import overload

import numpy as np
import orjson

from gateway.knowledge.clauses import STAFF, Clause
from gateway.knowledge.index_packing import HEAD
from gateway.knowledge.version import version_of

Numbers = np.ndarray
KEPT = 500  # clauses; a search looks at up to twenty


@dataclass(frozen=True)
class Segment:
    """`keys`: hashes of the terms, ascending. `sizes`: for each term, how many clauses have it.
    `numbers` and `counts`: term by term, those clauses and how often each has the term.
    """

    keys: Numbers  # uint64
    sizes: Numbers  # uint32
    numbers: Numbers  # uint32, ascending within a term
    counts: Numbers  # uint16
    lengths: Numbers  # uint32: terms of each clause
    ends: Numbers  # uint32: where each clause's JSON ends
    effective: Numbers  # uint32: the first day of each clause, as date.toordinal(); 0 for always
    expires: Numbers  # uint32: the last day; that of date.max for never
    chinese: Numbers  # uint8: 1 where the clause is in Chinese
    staff: Numbers  # uint8: 1 where the clause is for staff only
    bodies: memoryview

    @classmethod
    def unpack(cls, data: bytes) -> "Segment":
        """Raises ValueError for anything but the whole output of `index_packing.pack`."""
        if len(data) < HEAD.size:
            raise ValueError("the segment is cut off")
        clauses, terms, postings, _ = HEAD.unpack_from(data)
        layout = [
            ("u8", terms),
            ("u4", terms),
            ("u4", postings),
            ("u4", clauses),
            ("u4", clauses),
            ("u4", clauses),
            ("u4", clauses),
            ("u2", postings),
            ("u1", clauses),
            ("u1", clauses),
        ]
        arrays, offset = [], HEAD.size
        for kind, count in layout:
            arrays.append(np.frombuffer(data, kind, count, offset))
            offset += arrays[-1].nbytes
        keys, sizes, numbers, lengths, ends, effective, expires, counts, chinese, staff = arrays
        bodies = memoryview(data)[offset:]
        if len(bodies) != (int(ends[-1]) if clauses else 0):
            raise ValueError("the segment is cut off")
        days = (effective, expires)
        return cls(keys, sizes, numbers, counts, lengths, ends, *days, chinese, staff, bodies)

    def __len__(self) -> int:
        """The number of clauses."""
        return len(self.lengths)

    @cached_property
    def version(self) -> str:
        """Of its clauses. Takes 5 ms for a megabyte of text."""
        return version_of((self.bodies,))

    def clause(self, number: int) -> Clause:
        start = int(self.ends[number - 1]) if number else 0
        return Clause.of_row(orjson.loads(self.bodies[start : int(self.ends[number])]))

    def serving(self, audience: str, day: date) -> Numbers:
        """bool: which clauses may be shown on `day` to a customer, or to staff (`Clause.serves`)."""
        today = day.toordinal()
        current = (self.effective <= today) & (today <= self.expires)
        return current if audience == STAFF else current & (self.staff == 0)

    def first(self, count: int) -> "Segment":
        """A segment of the first `count` clauses."""
        if count >= len(self):
            return self
        kept = self.numbers < count
        starts = np.cumsum(self.sizes, dtype=np.int64) - self.sizes
        sizes = np.add.reduceat(kept, starts, dtype=np.uint32) if len(starts) else self.sizes
        there = sizes > 0
        return Segment(
            self.keys[there],
            sizes[there],
            self.numbers[kept],
            self.counts[kept],
            self.lengths[:count],
            self.ends[:count],
            self.effective[:count],
            self.expires[:count],
            self.chinese[:count],
            self.staff[:count],
            self.bodies[: int(self.ends[count - 1]) if count else 0],
        )


class Clauses(Sequence[Clause]):
    """The clauses of many segments, each made when it is asked for; the last KEPT ones are kept."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._made = lru_cache(KEPT)(self._make)
        self._segments = [segment for segment in segments if len(segment)]
        self._ends = np.cumsum([len(segment) for segment in self._segments] or [0])

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, index: int) -> Clause: ...
    @overload
    def __getitem__(self, index: slice) -> list[Clause]: ...
    def __getitem__(self, index: int | slice) -> Clause | list[Clause]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        return self._made(number)

    def _make(self, number: int) -> Clause:
        which = int(np.searchsorted(self._ends, number, side="right"))
        segment = self._segments[which]
        return segment.clause(number - int(self._ends[which]) + len(segment))
