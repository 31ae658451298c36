"""Aligns two sequences of texts: what they have in common, in order."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from inference.lite.budget import Budget

MAX_CELLS = 250_000  # of a table of lengths: 0.1 s
MAX_COMPARED = 300  # characters of a text that are compared
MAX_PAIRS = 2_500  # pairs of texts of which the likeness is computed at once: 0.1 s
WINDOW = 20  # texts among which the other version of one is looked for, where there are more

Pairs = list[tuple[int, int]]


def matches(one: Sequence[str], two: Sequence[str], budget: Budget) -> Pairs:
    """(index in `one`, index in `two`) of equal texts, in order.

    Texts that both have once are anchors (patience diff). Between them a longest common subsequence
    is looked for, unless the blocks are too long for that. Raises LiteError for a spent budget.
    """
    found: Pairs = []
    blocks = [(0, len(one), 0, len(two))]
    while blocks:
        budget.check()
        start, end, other, other_end = blocks.pop()
        while start < end and other < other_end and one[start] == two[other]:
            found.append((start, other))
            start, other = start + 1, other + 1
        while start < end and other < other_end and one[end - 1] == two[other_end - 1]:
            end, other_end = end - 1, other_end - 1
            found.append((end, other_end))
        if start == end or other == other_end:
            continue
        anchors = _anchors(one[start:end], two[other:other_end])
        if anchors:
            at, other_at = start, other
            for left, right in anchors:
                blocks.append((at, start + left, other_at, other + right))
                at, other_at = start + left, other + right
            blocks.append((at, end, other_at, other_end))
        elif (end - start) * (other_end - other) <= MAX_CELLS:
            common = _longest(one[start:end], two[other:other_end], budget)
            found += [(start + left, other + right) for left, right in common]
    return sorted(found)


def likeness(text: str, others: Sequence[str]) -> list[float]:
    """For each other text, the share of characters in a longest common subsequence, 0 to 1.

    Bit-parallel (Hyyrö 2004): one addition of integers for each character of the other text.
    """
    text = text[:MAX_COMPARED]
    full = (1 << len(text)) - 1
    places: dict[str, int] = {}
    for place, character in enumerate(text):
        places[character] = places.get(character, 0) | 1 << place
    scores = []
    for other in others:
        other = other[:MAX_COMPARED]
        row = full
        for character in other:
            matched = row & places.get(character, 0)
            row = ((row + matched) | (row - matched)) & full
        common = len(text) - row.bit_count()
        scores.append(2 * common / ((len(text) + len(other)) or 1))
    return scores


def similar(one: Sequence[str], two: Sequence[str], least: float, budget: Budget) -> Pairs:
    """(index, index) of versions of one text, in order, with the greatest sum of likenesses. Only
    texts at least `least` alike are paired."""
    if len(one) * len(two) > MAX_PAIRS:
        return _nearest(one, two, least, budget)
    alike = []
    for text in one:
        budget.check()
        alike.append(likeness(text, two))
    best = [[0.0] * (len(two) + 1) for _ in range(len(one) + 1)]
    for left in range(len(one) - 1, -1, -1):
        for right in range(len(two) - 1, -1, -1):
            score = alike[left][right]
            paired = score + best[left + 1][right + 1] if score >= least else 0.0
            best[left][right] = max(best[left + 1][right], best[left][right + 1], paired)
    found: Pairs = []
    left = right = 0
    while left < len(one) and right < len(two):
        if best[left][right] == best[left + 1][right]:
            left += 1
        elif best[left][right] == best[left][right + 1]:
            right += 1
        else:
            found.append((left, right))
            left, right = left + 1, right + 1
    return found


def _nearest(one: Sequence[str], two: Sequence[str], least: float, budget: Budget) -> Pairs:
    found: Pairs = []
    start = 0
    for left, text in enumerate(one):
        budget.check()
        scores = likeness(text, two[start : start + WINDOW])
        best = max(range(len(scores)), key=scores.__getitem__, default=-1)
        if best >= 0 and scores[best] >= least:
            found.append((left, start + best))
            start += best + 1
    return found


def _anchors(one: Sequence[str], two: Sequence[str]) -> Pairs:
    """The longest increasing chain of texts that are in both exactly once."""
    counts, others = Counter(one), Counter(two)
    places = {text: place for place, text in enumerate(two)}
    common = [
        (place, places[text])
        for place, text in enumerate(one)
        if counts[text] == 1 and others[text] == 1
    ]
    ends: list[int] = []  # the smallest last index of a chain of each length
    at: list[int] = []  # and which pair that is
    before: list[int] = []
    for number, (_, right) in enumerate(common):
        length = bisect_left(ends, right)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(right)
            at.append(number)
        else:
            ends[length], at[length] = right, number
    chain: Pairs = []
    number = at[-1] if at else -1
    while number >= 0:
        chain.append(common[number])
        number = before[number]
    return chain[::-1]


def _longest(one: Sequence[str], two: Sequence[str], budget: Budget) -> Pairs:
    """A longest common subsequence."""
    same = [array("L", bytes(array("L").itemsize * (len(two) + 1)))]
    for text in reversed(one):
        budget.check()
        below, row = same[-1], same[0][:]
        for place in range(len(two) - 1, -1, -1):
            row[place] = (
                below[place + 1] + 1 if text == two[place] else max(below[place], row[place + 1])
            )
        same.append(row)
    same.reverse()
    found: Pairs = []
    left = right = 0
    while left < len(one) and right < len(two):
        if one[left] == two[right]:
            found.append((left, right))
            left, right = left + 1, right + 1
        elif same[left + 1][right] >= same[left][right + 1]:
            left += 1
        else:
            right += 1
    return found
