"""Who said what in the picture of a chat: the phone's owner writes at the right."""

import re

from inference.lite.answering.extracts import QUESTION_ENDS, shared
from inference.lite.answering.paragraphs import in_paragraphs, text_of
from inference.lite.budget import Budget
from inference.lite.reading import Line, Reading

INDENT = 0.05  # share of the width by which own messages begin behind those of the other side
MIDDLE = 0.03  # share of the width by which a title is off the middle at most
SAME = 3  # words from which a question is the same as one in the chat
MOST = 3  # messages that are said
OTHER = re.compile(
    r"客服|[卖商店]家|对方|[他她]|快递(?:员|小哥)|师傅|骑手|店员|老板"
    r"|\b(?:agent|seller|support|shop|store|courier|driver|he|she|they|person)\b",
    re.IGNORECASE,
)
OWN = re.compile(
    r"我(?:自己)?(?:之前|当时|一开始|最初|刚开始|开头)?(?:说|问|发|写|反映|反馈|提|投诉|抱怨)|\b(?:did i|i) (?:say|ask|write|send|complain|report)",
    re.IGNORECASE,
)
SAID = re.compile(
    r"说|讲|反映|反馈|投诉|抱怨|答应|承诺|同意|保证|回复|答复|告诉|建议|\b(?:sa(?:y|id)|promise|agree|offer|answer|repl|tell|told|suggest|propose|complain|report)",
    re.IGNORECASE,
)
FIRST = re.compile(
    r"一开始|最初|刚开始|开头|最早|\bat first\b|\bfirst (?:say|ask|write|complain)", re.IGNORECASE
)
TIME = re.compile(r"\d{1,2}:\d{2}\W?$")
MAX_TIME = 18  # characters: 11月25日 晚上20:41
# Where a message is typed, and what the app itself says.
INPUT = re.compile(
    r"按住\s?说话|发送消息|对方正在输入.{0,6}|.{0,10}撤回了一条消息|以[下上][为是]新消息|type a message.{0,4}|message",
    re.IGNORECASE,
)


def messages(question: str, reading: Reading, budget: Budget) -> list[str]:
    """The messages of the side that the question means, of both where it names none."""
    said = [
        (_is_own(one, reading), text_of(one))
        for number, one in enumerate(in_paragraphs(reading, budget))
        if not (_is_time(text_of(one)) or INPUT.fullmatch(text_of(one)))
        and not (number == 0 and _is_title(one[0], reading))
    ]
    wants_own = bool(OWN.search(question))
    if not wants_own and not OTHER.search(question):
        return [text for _, text in said]
    return [text for is_own, text in said if is_own is wants_own]


def stated(text: str) -> str:
    """A message without the question at its end: 给您补偿 35 元，您看可以吗."""
    head = text.replace(",", "，").rpartition("，")[0]
    is_asking = text.endswith(QUESTION_ENDS) and any(map(str.isdigit, head))
    return text[: len(head)] if is_asking else text


def replied(question: str, reading: Reading, budget: Budget, least: int) -> str:
    """The message behind one that asks the same as the question, "" without such a one."""
    said = messages("", reading, budget)
    asking = [
        (len(shared(question, text)), at)
        for at, text in enumerate(said[:-1])
        if text.endswith(QUESTION_ENDS)
    ]
    best, at = max(asking, default=(0, 0))
    return said[at + 1] if best >= least else ""


def newest(question: str, reading: Reading, budget: Budget) -> list[str]:
    """The newest messages of a side, where the question asks what it said; else []."""
    if not (SAID.search(question) and (OTHER.search(question) or OWN.search(question))):
        return []
    said = messages(question, reading, budget)
    return said[:1] if FIRST.search(question) else said[-MOST:]


def asks_who_said(question: str) -> bool:
    """Whether a question asks for the word of a side of the chat, not for a rule."""
    return bool(OTHER.search(question) or OWN.search(question))


def _is_own(lines: list[Line], reading: Reading) -> bool:
    first = min(one.place[0] for one in reading.lines)
    wide = max(one.place[0] + one.place[2] for one in reading.lines)
    return min(line.place[0] for line in lines) - first > INDENT * wide


def _is_title(line: Line, reading: Reading) -> bool:
    """Whether the first line stands in the middle: whom the chat is with."""
    left, _, width, _ = line.place
    return abs(left + width / 2 - reading.width / 2) < MIDDLE * reading.width


def _is_time(text: str) -> bool:
    return len(text) <= MAX_TIME and bool(TIME.search(text))
