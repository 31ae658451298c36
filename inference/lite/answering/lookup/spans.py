"""How long something took, where a picture prints from when to when: 上车 23:41, 下车 00:18."""

import re
from collections.abc import Sequence
from datetime import timedelta

from inference.lite.answering.lookup.entries import Entry
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import say

# Labels of a beginning, each with that of its end.
ENDS = (
    (r"上车", r"下车"),
    (r"开始|起始|开工|入场|进场|停入|入库", r"结束|终止|完工|离场|出场|驶出|出库"),
    (r"开台|点单|下单", r"结账|埋单|买单"),
    (
        r"出发|发车|起飞|departs?|departure|take-?off|leaves?",
        r"到达|抵达|落地|arriv(?:es?|al)|landing",
    ),
    (r"入住|check-?in", r"离店|退房|check-?out"),
    (r"\bstart(?:ed|s)?|begin|from|in$|entry", r"\bend(?:ed|s)?|finish(?:ed)?|until|to$|out$|exit"),
)
PAIRS = tuple(tuple(re.compile(words, re.IGNORECASE) for words in pair) for pair in ENDS)
CLOCK = re.compile(r"(?<![\d:])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])")
DAY = timedelta(days=1)


def told(entries: Sequence[Entry], chinese: bool) -> str:
    """A sentence without its mark; "" where the picture prints no two such times."""
    timed = [(one, CLOCK.findall(one.value)) for one in entries if one.label and not one.row]
    timed = [(one, clocks) for one, clocks in timed if len(clocks) == 1]
    for first, last in PAIRS:
        begins = [pair for pair in timed if first.search(pair[0].label)]
        ends = [pair for pair in timed if last.search(pair[0].label)]
        if begins and ends:
            (begin, (start,)), (end, (stop,)) = begins[0], ends[0]
            lasts = (_since_midnight(stop) - _since_midnight(start)) % DAY
            return say(
                "lasted",
                chinese,
                begin=f"{plain(begin.label)} {plain(begin.value)}",
                end=f"{plain(end.label)} {plain(end.value)}",
                time=bold(_written(lasts, chinese)),
            )
    return ""


def _since_midnight(clock: tuple[str, str]) -> timedelta:
    return timedelta(hours=int(clock[0]), minutes=int(clock[1]))


def _written(lasts: timedelta, chinese: bool) -> str:
    hours, minutes = divmod(int(lasts.total_seconds()) // 60, 60)
    if chinese:
        return (f"{hours} 小时 " if hours else "") + f"{minutes} 分钟"
    return (f"{hours} h " if hours else "") + f"{minutes} min"
