"""What kind of paper the lines come from, by the signs in fields.yaml."""

import re
from collections import Counter
from itertools import pairwise

from inference.lite.codes import Said
from inference.lite.field_catalog import POINTS
from inference.lite.field_search import Search
from inference.lite.paper import Paper
from inference.lite.reading import KINDS

ENOUGH = 3  # points
CHAT_SIGN = re.compile(
    r"(?:昨天|今天|星期.|周.|\d{1,2}月\d{1,2}日)?\s?(?:凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?\d{1,2}:\d{2}"
)
TIMED = re.compile(
    r"时间|日期|起飞|到达|出发|登机|time|date|depart|arriv|board|check", re.IGNORECASE
)
SHORT = 0.95  # of the width: up to there go the messages of the other side
LEAST_TURNS = 2
ALONE = 0.85  # share of rows with one line, in a chat: labels and values stand beside each other
BUBBLES = 3  # points for lines at both sides with times between them


def kind_of(search: Search, codes: list[Said]) -> str:
    """One of KINDS. A kind needs ENOUGH points; the one named first wins a tie."""
    points = Counter(_by_words(search.paper))
    names = {one.field.name for one in search.found}
    if any(one.field.name == "waybill_number" and one.field.valid for one in search.found):
        points["waybill"] += 3
    if "carrier" in names:
        points["waybill"] += 2
    if "error_code" in names:
        points["error"] += 3
    if any(code.invoice for code in codes):
        points["invoice"] += POINTS["sure"]
    if any(code.number for code in codes):
        points["waybill"] += POINTS["strong"]
    is_open = max(points.values(), default=0) < ENOUGH
    if _has_bubbles(search.paper) or (is_open and _takes_turns(search.paper)):
        points["chat"] += BUBBLES
    best = max(KINDS, key=lambda kind: points[kind])
    return best if points[best] >= ENOUGH else "other"


def _by_words(paper: Paper) -> Counter[str]:
    """Each sign counts once, however often it is written."""
    seen: set[str] = set()
    points: Counter[str] = Counter()
    for line in paper.lines:
        paper.check()
        for match in paper.catalog.sign_words.finditer(line.plain):
            word = re.sub(r"\s", "", match.group(0))
            if word in seen or _inside_word(line.plain, *match.span()):
                continue
            seen.add(word)
            points.update(paper.catalog.signs.get(word, {}))
    return points


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin sign is a part of a longer word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return text[start:end].isascii() and (
        (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    )


def _has_bubbles(paper: Paper) -> bool:
    """Lines that begin at the left and others that end at the right, with two times between."""
    if not paper.has_places:
        return False
    # The labels and values of a boarding pass stand at both sides too.
    places = [(line, line.line.place) for line in paper.lines if not paper.is_stacked(line)]
    if not places:
        return False
    right = max(left + width for _, (left, _, width, _) in places)
    times = sum(
        CHAT_SIGN.fullmatch(line.text.strip()) is not None
        and not TIMED.search(paper.row_of(line)[0].text)
        for line, _ in places
    )
    at_left = sum(left < right * 0.22 for _, (left, _, _, _) in places)
    at_right = sum(
        left > right * 0.25 and left + width > right * 0.85 for _, (left, _, width, _) in places
    )
    alone = sum(len(row) == 1 for row in paper.rows)
    is_talk = times >= 2 or (times >= 1 and alone >= ALONE * len(paper.rows))
    return is_talk and at_left >= 2 and at_right >= 2


def _takes_turns(paper: Paper) -> bool:
    """Lines of their own rows, by turns at the left and at the right: a chat without a time."""
    if not paper.has_places or any(len(row) > 1 for row in paper.rows):
        return False
    places = [row[0].line.place for row in paper.rows]
    first = min((left for left, _, _, _ in places), default=0)
    right = max((left + width for left, _, width, _ in places), default=0)
    sides = []
    for left, _, width, height in places:
        at_right = left + width > right - 2 * height and left > first + 1.2 * height
        if left < first + height / 2 and left + width < SHORT * right:
            sides.append("left")
        elif at_right:
            sides.append("right")
    turns = sum(one != two for one, two in pairwise(sides))
    return turns >= LEAST_TURNS and sides.count("left") >= 2
