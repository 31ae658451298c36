"""Tracking lines: scans with time and place. The newest one is the parcel's state.

A scan is no arrival date: its time is part of an `event` and never a `date` field.
"""

import re
from dataclasses import dataclass
from itertools import islice

from inference.lite.dates import dates_in, parts
from inference.lite.field_search import Found, Search
from inference.lite.paper import Paper, Written
from inference.lite.reading import Field

MAX_EVENTS = 60
MAX_MARKS = 200  # times of one picture; more than events, since the newest may stand last
MAX_BESIDE = 8  # lines of one row that belong to one scan
# Apps leave out the year, and put the time under the day.
SHORT = re.compile(
    r"(?<![\d.])(?P<day>[01]?\d[-/.月]\s?[0-3]?\d日?|今天|昨天|前天|today|yesterday)(?:\s{0,4}(?P<time>[0-2]?\d:[0-5]\d(?::[0-5]\d)?))?(?![\d.])",
    re.IGNORECASE,
)
CLOCK = re.compile(r"[0-2]?\d:[0-5]\d(?::[0-5]\d)?(?:\s?[AP]\.?M\.?)?", re.IGNORECASE)
AFTERNOON, MORNING = re.compile(r"p\.?m", re.IGNORECASE), re.compile(r"a\.?m", re.IGNORECASE)
NOON = 12
MERIDIEM = re.compile(r"\s?[AP]\.?M\b\.?", re.IGNORECASE)
# "Fri, 11/27/2026 10:42 AM"
WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s{0,3}", re.IGNORECASE)
TIGHT = 0.6  # heights of a line between two lines of one sentence
NEWER = {"今天": 3, "today": 3, "昨天": 2, "yesterday": 2, "前天": 1}  # than all days with a number
EDGE = " |·•●○,，;；:"
NEXT_ROW = 2.5  # heights of a line between a time and its words in another row
ROW_GAP = 1.6  # heights of a line between two lines of one scan


@dataclass(slots=True)
class Scan:
    """A time and the lines that say what happened then."""

    time: str
    line: Written
    start: int
    end: int
    texts: list[str]
    last: Written

    @property
    def order(self) -> tuple[int, ...]:
        numbers = _in_24_hours(self.time, parts(self.time))
        day = next((rank for name, rank in NEWER.items() if self.time.lower().startswith(name)), 0)
        if day:
            return 9_999, day, 0, *numbers
        return numbers if numbers and numbers[0] > 1900 else (0, *numbers)

    @property
    def said(self) -> str:
        return " ".join(self.texts).lower()

    @property
    def value(self) -> str:
        return f"{self.time} {' '.join(self.texts)}"


def _in_24_hours(time: str, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Year, month, day and time, of a time that may say a.m. or p.m."""
    if len(numbers) > 3 and AFTERNOON.search(time) and numbers[3] < NOON:
        return *numbers[:3], numbers[3] + NOON, *numbers[4:]
    if len(numbers) > 3 and MORNING.search(time) and numbers[3] == NOON:
        return *numbers[:3], 0, *numbers[4:]
    return numbers


def add_events(search: Search) -> None:
    """Adds an `event` for each scan, newest first, and the newest as `status`."""
    paper = search.paper
    scans = [scan for scan in _scans(search) if scan.texts]
    told = [scan for scan in scans if paper.catalog.scan_words.search(scan.said)]
    if not told:
        return
    scans = sorted(scans if len(told) > 1 else told, key=lambda scan: scan.order, reverse=True)
    times = {id(scan.line) for scan in scans}
    search.drop(
        [
            one
            for one in search.found
            if one.field.name == "date" and not one.field.label and id(one.line) in times
        ]
    )
    for scan in scans[:MAX_EVENTS]:
        search.add("event", scan.value, scan.line, (scan.start, scan.end))
    newest = scans[0]
    line = newest.line.line
    state = Field("status", newest.texts[0], line.box, line.confidence, None, newest.time)
    search.found.append(Found(state, newest.line, -1))


def _scans(search: Search) -> list[Scan]:
    """A scan for each time that no label explains; only for rows with a day."""
    paper = search.paper
    marks: list[Scan] = []
    used: set[int] = set()
    for line in paper.lines:
        paper.check()
        if id(line) in used or any(hit.field == "date" for hit in line.hits):
            continue
        found = _mark(line, paper, used)
        if found is not None:
            marks.append(found)
            if len(marks) == MAX_MARKS:
                break
    own = {id(mark.line) for mark in marks} | used
    if not marks:
        return []
    upwards = _text_is_above(marks, paper, own)
    numbers = {id(one.line) for one in search.found if one.field.name == "waybill_number"}
    for mark in marks:
        paper.check()
        if upwards:
            _gather_above(mark, paper, own, numbers)
        else:
            _gather(mark, paper, own)
    return marks


def _mark(line: Written, paper: Paper, used: set[int]) -> Scan | None:
    """The time that a line begins with, or consists of. A day alone takes the clock below it."""
    full = next(iter(dates_in(line.text)), None)
    if full is not None:
        if full.start > 1 and not WEEKDAY.fullmatch(line.text[: full.start]):
            return None
        scan = Scan(full.value, line, full.start, full.end, [], line)
        if " " not in full.value and not _add_clock(scan, paper, used):
            return None
        _add_meridiem(scan, paper, used)
    else:
        short = SHORT.match(line.text.lstrip("· "))
        if short is None:
            return None
        shift = len(line.text) - len(line.text.lstrip("· "))
        day, clock = re.sub(r"\s", "", short["day"]), short["time"]
        scan = Scan(f"{day} {clock or ''}".strip(), line, shift, shift + short.end(), [], line)
        if clock is None and not _add_clock(scan, paper, used):
            return None
    if inline := line.text[scan.end :].strip(EDGE):
        scan.texts.append(inline)
    return scan


def _add_clock(scan: Scan, paper: Paper, used: set[int]) -> bool:
    """Adds the time of day under a day or beside it; False where there is none."""
    for other in (*paper.below(scan.line), *paper.beside(scan.line)):
        if CLOCK.fullmatch(other.text.strip()):
            scan.time, scan.last = f"{scan.time} {other.text.strip()}", other
            used.add(id(other))
            return True
    return False


def _add_meridiem(scan: Scan, paper: Paper, used: set[int]) -> None:
    """Adds AM or PM behind a time, or alone in the line under it."""
    behind = MERIDIEM.match(scan.line.text, scan.end)
    if behind:
        scan.time, scan.end = f"{scan.time} {behind[0].strip()}", behind.end()
        return
    for other in paper.below(scan.line)[:1]:
        if MERIDIEM.fullmatch(other.text.strip()):
            scan.time, scan.last = f"{scan.time} {other.text.strip()}", other
            used.add(id(other))


def _text_is_above(marks: list[Scan], paper: Paper, own: set[int]) -> bool:
    """Whether the words of a scan stand over its time: none beside it, none under the last one,
    or those above are nearer."""
    first, last = marks[0], marks[-1]
    if first.texts or any(id(other) not in own for other in paper.beside(first.line)):
        return False
    above = _gap(first.line, paper, own, -1)
    if _gap(last.line, paper, own, 1) is None:
        return above is not None
    under = _gap(first.line, paper, own, 1)
    return above is not None and (under is None or above < under)


def _gap(line: Written, paper: Paper, own: set[int], step: int) -> float | None:
    """Pixels to the words of a scan in the next row above (step -1) or below (1), if any."""
    position = paper.position(line) + step
    if not 0 <= position < len(paper.rows):
        return None
    _, top, _, height = line.line.place
    for other in paper.rows[position]:
        if id(other) not in own and paper.catalog.scan_words.search(other.plain):
            _, y, _, tall = other.line.place
            gap = top - (y + tall) if step < 0 else y - (top + height)
            return gap if gap <= NEXT_ROW * height else None
    return None


def _gather(mark: Scan, paper: Paper, own: set[int]) -> None:
    """The words beside a time, and the lines under them up to the next time."""
    row = paper.row_of(mark.line)
    right = row[row.index(mark.line) + 1 :]
    beside = list(islice((o for o in right if id(o) not in own), MAX_BESIDE))
    mark.texts += [other.text.strip(EDGE) for other in beside]
    column = beside[0].line.place[0] if beside else mark.line.line.place[0]
    previous = beside[0] if beside else mark.line
    height = previous.line.place[3]
    start = paper.position(mark.line) + 1
    for following in paper.rows[start : start + 5]:
        is_marked = any(id(other) in own and other is not mark.last for other in following)
        under = [
            other
            for other in following
            if id(other) not in own and abs(other.line.place[0] - column) < 2.5 * height
        ]
        if is_marked or not under or under[0].leads:
            break
        bottom = previous.line.place[1] + previous.line.place[3]
        if under[0].line.place[1] - bottom > ROW_GAP * height:
            break
        mark.texts += [other.text.strip(EDGE) for other in under[:MAX_BESIDE]]
        previous = under[0]


def _gather_above(mark: Scan, paper: Paper, own: set[int], numbers: set[int]) -> None:
    """The lines over a time, up to the scan before or a line that says something else.

    `numbers`: the lines with waybill numbers.
    """
    position = paper.position(mark.line)
    top, height = mark.line.line.place[1], mark.line.line.place[3]
    texts: list[str] = []
    for row in reversed(paper.rows[max(0, position - 3) : position]):
        if any(id(other) in own or other.leads for other in row):
            break
        bottom = row[0].line.place[1] + row[0].line.place[3]
        goes_on = bool(texts) and top - bottom <= TIGHT * height
        is_said = goes_on or paper.catalog.scan_words.search(row[0].plain)
        if top - bottom > ROW_GAP * height or not is_said:
            break
        if any(id(other) in numbers for other in row):
            break
        texts[:0] = [other.text.strip(EDGE) for other in row[:MAX_BESIDE]]
        top = row[0].line.place[1]
    mark.texts += texts
