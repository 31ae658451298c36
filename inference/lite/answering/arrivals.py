"""Whether money has arrived, by what the paper itself says of it: its state, and what it promises.

"Refunded" on a paper is the sender's word. Only a record of the money's arrival makes a yes.
"""

import re

from inference.lite.answering import facts
from inference.lite.answering.markdown import plain
from inference.lite.answering.pairs import pairs_of
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.phrases import joined, say, sentence
from inference.lite.answering.states import REFUND
from inference.lite.reading import Reading

KINDS = ("payment", "order", "receipt", "other")
ASKED = re.compile(
    r"[到入][账帐]|对方(?:已经?)?收到|[收拿]到[^?？,，。]{0,4}[钱款]|[钱款][^?？,，。]{0,6}[收退]?到|退款?[^?？,，。]{0,4}到"
    r"|\b(?:money|refund|payment|transfer|funds)\b.{0,30}\b(?:arrived?|received?|landed|cleared|credited|back|through)\b"
    r"|\b(?:got|get|receive|received)\b.{0,16}\b(?:money|payment|refund|transfer|funds)\b",
    re.IGNORECASE,
)
YES_OR_NO = re.compile(
    r"(?:[吗么嘛没]|没有)\W{0,3}$|是否|有没有|^\W{0,3}(?:did|has|have|is|was|are)\b", re.IGNORECASE
)
OTHER = re.compile(
    r"什么|怎么|为啥|为何|多久|多长|几|哪|能|可以|会|如果|\b(?:how|when|why|can|will|should)\b",
    re.IGNORECASE,
)
STATE = re.compile(r".{0,6}(?:状态|进度|结果)|.{0,12}status|progress")  # a label without marks
OF_MONEY = re.compile(
    r"[账帐款钱退]|\b(?:refund|credit|pay|transfer|fund|money|account|bank|card)", re.IGNORECASE
)
ARRIVED = re.compile(
    r"(?:已|成功)(?:经)?[到入][账帐]|[到入][账帐]成功|已存入|已转入|\b(?:has been|was|were|is|funds) credited\b|\bhas (?:arrived|cleared)\b",
    re.IGNORECASE,
)
PROMISED = re.compile(
    r"预计|预期|(?:下一?个?|次|\d|[一二三五七]个?)工作日|\d\s?(?:小时|天|日)内|次日|稍后"
    r"|\bexpect(?:ed)?\b|\bwill be\b|\b(?:business|working|banking) days?\b|\bwithin \d|\ballow \d|\bon (?:its|the) way\b",
    re.IGNORECASE,
)
PENDING = re.compile(
    r"受理|处理中|退款中|转账中|审核|等待|待(?:入[账帐]|到[账帐]|退款|打款|银行)|在途|未[到入][账帐]"
    r"|\b(?:pending|processing|in progress|initiated|submitted|requested|queued|under review)\b",
    re.IGNORECASE,
)
DONE = re.compile(
    r"(?:退款|转账|汇款|付款|打款|提现)(?:已)?(?:成功|完成)|已(?:全额)?退款|已退[回还]"
    r"|\b(?:refund|transfer|payment) (?:complete[d]?|successful|sent|issued)\b|\brefunded\b",
    re.IGNORECASE,
)
FAILED = re.compile(r"失败|被拒|退票|\b(?:failed|rejected|declined|returned by)\b", re.IGNORECASE)
MAX_TEXT = 90  # characters of a sentence that tells a state


def told(question: str, readings: list[Reading], chinese: bool) -> str:
    """The sentence, "" where none is asked for or no picture tells it."""
    if not (ASKED.search(question) and YES_OR_NO.search(question)) or OTHER.search(question):
        return ""
    made = [_told(question, one, chinese) for one in readings if facts.kind_of(one) in KINDS]
    return " ".join(filter(None, made))


def is_whole(text: str) -> bool:
    """Whether an answer says already that the money is there, or when it will be."""
    return bool(ARRIVED.search(text) or PROMISED.search(text))


def _told(question: str, reading: Reading, chinese: bool) -> str:
    states = _states(reading)
    texts = [*states, *(one for one in paragraphs(reading) if _may_tell(one))]
    arrived, failed = _first(ARRIVED, texts), _first(FAILED, states)
    promised, done = _first(PROMISED, texts), _first(DONE, texts)
    waits = _first(PENDING, states)
    is_refund = REFUND.asked.search(question) is not None
    yet = REFUND.no[0 if chinese else 1] if is_refund else say("not_arrived", chinese)
    if arrived:
        return _sentence(say("arrived", chinese), arrived, chinese)
    if failed or waits:
        return _sentence(yet, failed or waits, chinese)
    if done and promised:
        return sentence(
            [say("shown_text", chinese, lines=_quoted([done, promised], chinese))], chinese
        )
    if promised or not done:
        waits = promised or _first(PENDING, texts)
        return _sentence(yet, waits, chinese) if waits else ""
    return sentence([say("shown_text", chinese, lines=_quoted([done], chinese))], chinese)


def _states(reading: Reading) -> list[str]:
    """What stands behind a label of a state, whole; the status that the reader knows lacks what
    follows a comma."""
    behind = [one.value for one in pairs_of(reading) if STATE.fullmatch(one.key)]
    known = [one.value for one in reading.fields if one.name == "status"]
    lines = [line.text for line in reading.lines]
    whole = [next((text for text in lines if one in text), one) for one in known]
    return [one[:MAX_TEXT] for one in dict.fromkeys([*behind, *whole])]


def _may_tell(text: str) -> bool:
    return len(text) <= MAX_TEXT and OF_MONEY.search(text) is not None


def _first(words: "re.Pattern[str]", texts: list[str]) -> str:
    return next((one for one in texts if words.search(one)), "")


def _quoted(texts: list[str], chinese: bool) -> str:
    return joined([f"“{plain(one)}”" for one in dict.fromkeys(texts)], chinese)


def _sentence(lead: str, text: str, chinese: bool) -> str:
    shown = say("shown_text", chinese, lines=_quoted([text], chinese))
    joint = f"；{shown}" if chinese else f"; {shown[0].lower()}{shown[1:]}"
    return sentence([lead + joint], chinese)
