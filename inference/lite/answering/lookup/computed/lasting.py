"""How long it was from one printed day or time to another: 从揽收到签收, 入住 to 离店."""

import re
from datetime import timedelta

from inference.lite.answering.lookup.computed.moments import LEAP, ORDINARY, Moment, moments_of
from inference.lite.answering.lookup.computed.stages import STAGES, stages_in
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import say
from inference.lite.reading import Reading

# Where the end begins in a question: 揽收到签收, between pick-up and delivery.
TO = re.compile(r"到|至|\b(?:to|and|until|till)\b", re.IGNORECASE)
MAX_WORDS = 24  # characters of a question before and behind it
# What has not happened yet.
PENDING = re.compile(r"通知|等待|[预应]计|即将|待|expect|estimat|await|will|pending", re.IGNORECASE)
ASKED = re.compile(
    r"多久|多长时间|[几多]少?个?(?:天|小时|晚|分钟)"
    r"|\bhow (?:long|many (?:calendar )?(?:days|hours|nights|minutes))\b",
    re.IGNORECASE,
)
DAYS = re.compile(r"[几多]少?(?:天|晚)|\b(?:days|nights)\b", re.IGNORECASE)
LONG = re.compile(r"多久|多长|\bhow long\b", re.IGNORECASE)
NIGHTS = re.compile(r"晚|\bnights?\b", re.IGNORECASE)
STAY = re.compile(r"住|\bstay|\bnights?\b", re.IGNORECASE)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def told(question: str, reading: Reading, chinese: bool) -> str:
    """A sentence without its mark; "" where the question or the picture has no two such ends."""
    if not ASKED.search(question):
        return ""
    ends = _ends(question)
    if ends is None:
        return ""
    moments = [one for one in moments_of(reading) if one.when.day]
    begin, end = (_of(stages, moments) for stages in ends)
    if begin is None or end is None:
        return ""
    in_days = bool(DAYS.search(question)) or not (begin.when.clock and end.when.clock)
    lasted = _between(begin, end, in_days)
    if lasted is None or (in_days and not DAYS.search(question) and not LONG.search(question)):
        return ""
    shown = _written(lasted, in_days, chinese, nights=bool(NIGHTS.search(question)))
    terms = f"{_said(begin, ends[0])} → {_said(end, ends[1])}"
    return say("worked_out", chinese, terms=terms, value=bold(shown))


def _ends(question: str) -> tuple[set[str], set[str]] | None:
    """The stages of the beginning and of the end."""
    for match in TO.finditer(question):
        begin = stages_in(question[max(match.start() - MAX_WORDS, 0) : match.start()])
        end = stages_in(question[match.end() : match.end() + MAX_WORDS])
        if begin and end and begin != end:
            return begin, end
    return ({"checks in"}, {"checks out"}) if STAY.search(question) else None


def _said(moment: Moment, stages: set[str]) -> str:
    """A term, with its words on the picture."""
    texts = [*moment.labels, moment.line.text, moment.around]
    found = (STAGES[name].search(text) for text in texts for name in sorted(stages))
    word = next((match[0] for match in found if match), "")
    return f"{plain(word)} {plain(moment.text)}"


def _of(stages: set[str], moments: list[Moment]) -> Moment | None:
    """The day of a stage, None where none or several days are of it.

    The words of a scan stand behind its time, or else in its row.
    """
    told = [one for one in moments if not PENDING.search(one.around)]
    words = [STAGES[name] for name in stages]
    found = (
        [one for one in told if any(one.is_of(each) for each in words)]
        or [one for one in told if any(each.search(one.line.text) for each in words)]
        or [one for one in told if any(each.search(one.around) for each in words)]
    )
    if len({(one.when.year, one.when.month, one.when.day) for one in found}) != 1:
        return None
    clocks = {one.when.clock for one in found if one.when.clock}
    if len(clocks) > 1:
        return next((one for one in found if one.when.clock is None), None)
    return next((one for one in found if one.when.clock), found[0])


def _between(begin: Moment, end: Moment, in_days: bool) -> timedelta | None:
    """None where the year that is not printed matters, or the end is before the beginning."""
    if bool(begin.when.year) != bool(end.when.year):
        return None
    found = {_apart(begin, end, year, in_days) for year in (ORDINARY, LEAP)}
    lasted = found.pop() if len(found) == 1 else None
    return lasted if lasted is not None and lasted >= timedelta(0) else None


def _apart(begin: Moment, end: Moment, year: int, in_days: bool) -> timedelta | None:
    one, two = begin.when.at(year), end.when.at(year)
    if one and two and not end.when.year and two.date() < one.date():
        two = end.when.at(year + 1)  # over the end of a year
    if one is None or two is None:
        return None
    return two.date() - one.date() if in_days else two - one


def _written(lasted: timedelta, in_days: bool, chinese: bool, *, nights: bool) -> str:
    whole = int(lasted.total_seconds())
    days, rest = divmod(whole, DAY)
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    if in_days:
        if chinese:
            return f"{days} {'晚' if nights else '天'}"
        return f"{days} {'night' if nights else 'day'}{'' if days == 1 else 's'}"
    parts = (
        [(days, "天"), (hours, "小时"), (minutes, "分钟")]
        if chinese
        else [(days, "d"), (hours, "h"), (minutes, "min")]
    )
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0"
