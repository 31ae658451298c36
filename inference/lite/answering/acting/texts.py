"""Texts, dates, numbers and choices that a question states for a property of a tool."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from inference.lite import dates
from inference.lite.answering.acting import terms
from inference.lite.field_text import plain

MAX_QUESTION = 1_000  # characters that are looked at
MAX_VALUE = 300  # characters of one text
QUOTED = re.compile(r"[“\"「『‘]([^“”\"「」『』‘’\n]{2,300})[”\"」』’]")
# The quoted text is the old one.
WRONG_QUOTE = re.compile(r"[”\"」』’]\s?(?:是|写|填|开|打|都)?(?:错|不对|有误|is wrong|was wrong)")
# What may stand between a label and its value: surely the new one, or what it is.
ASK_FOR = r"(?:(?:of|for) (?:\S{1,40} ){1,3}?)?"
NEW = re.compile(
    r"\s?(?:应该|应当|需要|要|想|帮我|给我|请)?(?:改成|改为|改到|换成|换为|换到|变成|变更为|更正为|更新为|更改为|修改为"
    r"|应为|应该?是|should be|to be)\s?[:：]?\s?|\s?" + ASK_FOR + r"to\s"
)
IS = re.compile(r"\s?(?:是|为|[:：]|is\b|=)\s?[:：]?\s?")
CHANGED = re.compile(
    r"改成|改为|改到|换成|换为|换到|开成|开给|应为|应该?是|变更为|更正为|更新为|更改为|修改为|送到|寄到|发到"
    r"|(?:正确|新)的?(?:抬头|名称|公司名|地址)?(?:应该)?(?:是|为|[:：])"
    r"|\bshould be\s|\b(?:new|correct|right) (?:one|\w{1,12}) is\s"
    r"|\b(?:change|update|correct|switch|set|send|deliver|ship)\b[^\n]{0,80}?\bto\s"
)
# A title that an invoice is to be issued with, if it looks like a company's name.
ISSUED = re.compile(
    r"\b(?:[Rr]e-?issue|[Ii]ssue)\b[^\n.]{0,60}?\b(?:with|for|as|under|to)\s(?:the\s)?"
    r"(?:(?:correct\s|right\s|new\s)?(?:title|name|company)\s)?"
    r"(?=[\u3400-\u9fff]{2}|[A-Z][^\n,;]{0,60}\b(?:Ltd|Limited|Inc|LLC|Co|Corp|Company|GmbH|Group|Studio)\b)"
)
HAN_END = re.compile(r"[，,。；;！!？?\n]|\.(?=\s[A-Za-z]|\s?$)")
LATIN_END = re.compile(r"[.;!?](?=\s|$)|[。；\n]")
TRAIL = re.compile(
    r"(?:,\s?(?:so )?please\s[^,]{1,40}|[,，]?\s?(?:please|thanks|thank you|谢谢您?|麻烦您?|可以吗|行吗|好吗|吧))?[\s,，.。!！]{0,3}$"
)
# What follows a value in a reply: ", 改好告诉我".
CHATTER = re.compile(r"[,，][^,，]{0,8}(?:告诉我|通知我|尽快|快点|谢谢|麻烦|拜托)[^,，]{0,8}$")
EMPTY = re.compile(
    r"[\W\d_]{0,20}|\W{0,4}(?:好的?|嗯|行|可以|收到|知道了|明白|ok|okay|sure|yes|no|thanks?|thank you)\W{0,4}"
)
# "The title is wrong" gives no title.
JUDGED = re.compile(
    r"(?:写|开|填|打|弄|印|都|也)?(?:错|不对|有误|不正确)|(?:all |still |also )?(?:wrong|incorrect|not|missing|misspel)\b"
)
ADDRESS = re.compile(r"地址|\baddress\b")
# An address names a number, or a kind of place.
PLACE = re.compile(
    r"\d|[省市区县镇乡村路街巷号楼栋室弄苑厦]|\b(?:street|st|road|rd|avenue|ave|lane|drive|square|house|building)\b"
)
# The name of a code at the end of the text before it.
NAME = re.compile(
    r"[\s,，(（]{0,4}(?:订单|发票|运单|快递)?(?:号码?|编号|单号)?(?:\b(?:for )?(?:order|invoice|waybill)(?: number)?)?"
    r"[\s:：]{0,3}$",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?<![A-Za-z0-9.-])\d{1,6}(?:\.\d{1,2})?(?![A-Za-z0-9-])")
UNKNOWN = re.compile(
    r"不知道|不清楚|不记得|忘了|没有|算了|不用|\bdon't know\b|\bnot sure\b|\bno idea\b|\bnever ?mind\b|\bforg[eo]t"
)


def stated(question: str, labels: list[str], *, alone: bool) -> str:
    """The text that a question gives for a property with these labels, "" if none. `alone`: no
    other property wants a text, so that "改成…" alone means this one."""
    question = question[:MAX_QUESTION]
    low = plain(question)
    named = _behind_label(question, low, labels, NEW)
    quotes = QUOTED.findall(question)
    if alone and len(quotes) == 1 and not WRONG_QUOTE.search(low):
        return str(quotes[0]).strip()
    changed = CHANGED.search(low) if alone and not named else None
    changed = changed or (ISSUED.search(question) if alone and not named else None)
    if changed:
        named = _value(question[changed.end() :])
    return named or _behind_label(question, low, labels, IS)


def replied(text: str, others: Iterable[str]) -> str:
    """The text of a reply to the question for one value, without `others` that it holds too."""
    text = text[:MAX_QUESTION]
    low = plain(text)
    if UNKNOWN.search(low) or EMPTY.fullmatch(low):
        return ""
    for other in others:
        text = text.replace(other, " ")
    changed = CHANGED.search(plain(text))
    text = text[changed.end() :] if changed else text
    chatter = CHATTER.search(text)
    return _trimmed(text[: chatter.start()] if chatter else text)[:MAX_VALUE]


def without(value: str, others: Iterable[str]) -> str:
    """A text up to the first of `others` in it and the name that stands before that."""
    cut = min((at for one in others if (at := value.find(one)) >= 0), default=-1)
    return value if cut < 0 else _trimmed(NAME.sub("", value[:cut]))


def may_be(value: str, labels: Iterable[str]) -> bool:
    """Whether a text may be the value of a property with these labels."""
    is_address = any(ADDRESS.search(plain(label)) for label in labels)
    return not is_address or bool(PLACE.search(plain(value)))


def days(question: str) -> Iterator[str]:
    """The dates of a question as YYYY-MM-DD."""
    for moment in dates.dates_in(question[:MAX_QUESTION]):
        year, month, day = (*dates.parts(moment.value), 0, 0)[:3]
        yield f"{year:04}-{month:02}-{day:02}"


def numbers(question: str) -> list[int | float]:
    """The short numbers of a question that are no part of a code."""
    found = [float(one) for one in NUMBER.findall(question[:MAX_QUESTION])]
    return [int(one) if one.is_integer() else one for one in found]


def chosen(question: str, members: Iterable[Any]) -> list[Any]:
    """The members of an enumeration whose words a question says; those that say most."""
    low = plain(question[:MAX_QUESTION])
    said = terms.found(terms.REASONS, low)
    fits: dict[Any, int] = {}
    for member in members:
        if not isinstance(member, str) or not member:
            continue
        words = terms.spaced(member)
        meant = terms.found(terms.REASONS, words)
        if words in low or plain(member) in low:
            fits[member] = 100
        elif meant and meant <= said:
            fits[member] = len(meant)
    most = max(fits.values(), default=0)
    return [member for member, fit in fits.items() if fit == most]


def _behind_label(question: str, low: str, labels: list[str], between: "re.Pattern[str]") -> str:
    for words in (end for label in labels for end in _ends(plain(label))):
        at = low.find(words)
        while at >= 0:
            behind = between.match(low, at + len(words))
            value = _value(question[behind.end() :]) if behind else ""
            if value and not JUDGED.match(plain(value)):
                return value
            at = low.find(words, at + 1)
    return ""


def _ends(label: str) -> list[str]:
    """The label and its ends, the longest first: "新的收货地址", …, "地址"; "new address",
    "address"."""
    if label.isascii():
        words = label.split()[-4:]
        return [" ".join(words[at:]) for at in range(len(words))]
    return [label[at:] for at in range(max(0, len(label) - 8), len(label) - 1)]


def _value(rest: str) -> str:
    rest = rest[:MAX_VALUE].lstrip()
    if quote := QUOTED.match(rest):
        return quote[1].strip()
    is_han = not rest[:12].isascii()
    end = (HAN_END if is_han else LATIN_END).search(rest)
    return _trimmed(rest[: end.start()] if end else rest)


def _trimmed(text: str) -> str:
    text = " ".join(text.split())
    cut = TRAIL.search(text)
    return (text[: cut.start()] if cut else text).strip(' ,，.。:：“”"')
