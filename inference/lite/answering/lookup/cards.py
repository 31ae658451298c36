"""The cards of a list, such as parcels below each other: what is said again in each of them parts
them, at the widest gap between."""

import itertools
import re
from collections import Counter, defaultdict

from inference.lite.reading import Line, Reading, rows

LEAST = 2  # cards
ROWS_OF_CARD, MAX_ROWS = 3, 12  # at least and at most
MAX_LINES = 400
NUMBERS = ("waybill_number", "order_number")
SIGN = re.compile(r"[\u3400-\u9fffA-Za-z]{2}")


def cards(reading: Reading) -> list[str]:
    """The text of each card, in one line; [] for a picture that is no list of such."""
    names = [one.name for one in reading.fields]
    of_one = "event" in names and names.count("waybill_number") < LEAST
    if reading.kind in ("chat", "contract", "invoice") or of_one:
        return []  # scans of one parcel are no parcels
    lying = rows(reading.lines[:MAX_LINES])
    anchors = _anchors(reading, lying)
    if len(anchors) < LEAST:
        return []
    starts = [_start(one, two, lying) for one, two in itertools.pairwise(anchors)]
    first = _start(-1, anchors[0], lying) if anchors[0] else 0
    buttons = _repeated(lying)
    bounds = [first, *starts, len(lying)]
    made = []
    for start, end in itertools.pairwise(bounds):
        end = min(end, start + MAX_ROWS)
        texts = [line.text.strip() for row in lying[start:end] for line in row]
        made.append(" ".join(text for text in texts if text not in buttons))
    return made


def _repeated(lying: list[list[Line]]) -> set[str]:
    """What stands on several cards, such as a button, tells of none."""
    texts = Counter(line.text.strip() for row in lying for line in row)
    return {text for text, count in texts.items() if count > 1 and not any(map(str.isdigit, text))}


def _anchors(reading: Reading, lying: list[list[Line]]) -> list[int]:
    """The rows with what each card says: a number of its own, else the same words."""
    for name in NUMBERS:
        numbers = {one.box for one in reading.fields if one.name == name}
        found = [at for at, row in enumerate(lying) if any(line.box in numbers for line in row)]
        if len(found) >= LEAST:
            return found
    same: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(lying):
        for line in row:
            if SIGN.search(line.text) and not any(map(str.isdigit, line.text)):
                same[line.text.strip()].append(at)
    apart = [one for one in same.values() if len(one) >= LEAST and _are_apart(one)]
    return max(apart, key=len, default=[])


def _are_apart(places: list[int]) -> bool:
    return all(two - one >= ROWS_OF_CARD for one, two in itertools.pairwise(places))


def _start(one: int, two: int, lying: list[list[Line]]) -> int:
    """The row after the widest gap between two rows."""
    return max(range(one + 1, two + 1), key=lambda at: _gap(lying, at))


def _gap(lying: list[list[Line]], at: int) -> float:
    if not at:
        return 0.0
    bottom = max(line.place[1] + line.place[3] for line in lying[at - 1])
    return min(line.place[1] for line in lying[at]) - bottom
