"""The day or time that follows from a printed one and a printed period: 购买 2025-03-08 + 24 个月.

Only for a question that asks until when, and only where the period, what it begins with and that
day are each found once. Working days depend on a calendar and are not counted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.lite.answering.extracts import shared
from inference.lite.answering.lookup.computed.counted import PERIOD, Period, moved, period, written
from inference.lite.answering.lookup.computed.moments import Moment, When, moments_of
from inference.lite.answering.lookup.computed.stages import (
    LETTER,
    NOW,
    STAGES,
    stages_in,
    stages_meant,
)
from inference.lite.answering.lookup.sorts import Sort, asked
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.paragraphs import in_paragraphs, text_of
from inference.lite.answering.phrases import say
from inference.lite.budget import Budget
from inference.lite.reading import Line, Reading

UNTIL = re.compile(
    r"到(?:哪一?[天日年]|哪个月|[什啥]么?时|何时|几[号点月])|最[晚迟]|最后(?:一天|期限|几|哪|什么时)|截止|到期|过期|过保"
    r"|(?:哪[天日年]|几[号点]|什么时候|啥时候?|何时).{0,4}(?:前|为止|之前)"
    r"|\b(?:until|till|by) (?:when|what|which)|\bwhen\b.{0,40}(?:\bby\b|until|expire|run out|\bend|over)"
    r"|\b(?:last|latest|final) (?:day|date|time|moment)|\blatest\b|how late|deadline|expir"
    r"|\bwhat (?:time|day|date)\b.{0,50}\b(?:close|shut|expire|end)",
    re.IGNORECASE,
)
LATEST = re.compile(r"how late|\b(?:last|latest|final) (?:day|date|moment)", re.IGNORECASE)
# (words of a question, words of the sentence with the period)
TOPICS = tuple(
    (re.compile(wanted, re.IGNORECASE), re.compile(printed, re.IGNORECASE))
    for wanted, printed in (
        (
            r"保修|质保|三包|保到|[过在]保|免费修|warrant|guarantee",
            r"保修|质保|三包|warrant|guarantee",
        ),
        (r"换|exchange|swap", r"换|exchange|swap|replac"),
        (
            r"退(?!房)|\breturn|\brefund|(?:send|bring|take) (?:it|this|that|them) back",
            r"退(?!房)|\breturn|\brefund|\b(?:send|bring|take)\b.{0,20}\bback\b",
        ),
        (
            r"发货|发出|寄出|\bship|dispatch|\bsen[dt] (?:it |them )?out",
            r"发货|发出|寄出|\bship|dispatch|\bsen[dt] out",
        ),
        (
            r"登机口|登机.{0,20}(?:最[晚迟]|截止|关)|(?:最[晚迟]|截止|关).{0,20}登机|\bgate\b|检票",
            r"登机口.{0,30}关|停止(?:登机|检票)|检票.{0,20}(?:停|止)|gates?.{0,20}clos",
        ),
        (r"值机|check-?in (?:clos|desk|end)", r"值机|check-?in.{0,20}clos"),
        (
            r"自提|取[件货]|领取|来拿|pick ?(?:it |them )?up|collect",
            r"自提|取[件货]|领取|pick.?up|collect",
        ),
        (r"取消|退房|cancel", r"取消|cancel"),
        (r"付款|交[钱费]|缴|\bpay\b|settle", r"付款|支付|付清|缴|\bpay|\bdue\b|settle"),
        (r"送到|到货|运抵|交货|交付|deliver", r"到货|运抵|交货|送达|交付|deliver"),
        (
            r"过期|有效|能用到|用到|保质|expir|valid|best before",
            r"有效|过期|保质|使用期|expir|valid",
        ),
        (r"开发?票", r"开发?票"),
        (
            r"报案|索赔|理赔|投诉|提出异议|claim|complain|report",
            r"报案|索赔|理赔|投诉|异议|claim|complain|report",
        ),
        (r"归还|还[书车]|\bdue back|bring .{0,20}back", r"归还|借期|还[书车]|due back|loan"),
    )
)
# A printed end makes working out needless.
END = re.compile(
    r"到期|截止|截至|有效期至|期满|最[晚迟]|止$|至$|前$|expir|until|\bdue\b|deadline|\bby$|valid (?:to|thru)|best before|closes",
    re.IGNORECASE,
)
AFTER_EN = re.compile(r"^\W{0,3}(?:of|from|after|following|since)\b(?P<what>[^.;；。]{2,60})", re.I)
BEFORE_EN = re.compile(r"^\W{0,3}(?:before|prior to|ahead of)\b(?P<what>[^.;；。]{0,60})", re.I)
FROM_ZH = re.compile(r"(?P<what>[^，。；,;：:]{1,14}?)(?:之日|当[日天]|次日|日期|时)?(?:起|之?后)")
FROM_EN = re.compile(r"\b(?:from|after|since|following)\b(?P<what>[^.;,]{2,40})", re.IGNORECASE)
AHEAD_ZH = re.compile(r"(?P<what>[^，。；,;：:]{1,14}?)(?:之?前|以前)(?:至少|的)?\s?$")
CLAUSE = re.compile(r"[，,；;。]|\.\s")
HARD = re.compile(r"[；;。]|\.\s")
WHOLE = re.compile(r"整机|整车|主机|全部|\b(?:whole|entire|complete|machine|product)\b", re.I)
SENT = re.compile(r"\b(?:from|sent|date|to)\b\s?:|发件|发送|日期|时间", re.IGNORECASE)
MAX_QUOTE = 120
MAX_NAME = 20  # characters of a label that is said


@dataclass(frozen=True)
class Term:
    """A period as a sentence gives it. `sign` is -1 for one before something; `start` are the
    words of what it begins with, "" where the sentence leaves that out."""

    period: Period
    shown: str
    context: str
    start: str
    sign: int
    paragraph: tuple[Line, ...]


def told(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """A sentence without its mark; "" where the question asks for no such day."""
    topics = [printed for wanted, printed in TOPICS if wanted.search(question)]
    asks = asked(question) is Sort.TIME or LATEST.search(question)
    if not (topics and asks and UNTIL.search(question)):
        return ""
    every = list(_terms(reading, budget))
    terms = [one for one in every if any(topic.search(one.context) for topic in topics)]
    if not terms:
        return ""
    moments = moments_of(reading)
    if any(_is_end(one, topics) for one in moments):
        return ""
    chosen = _chosen(question, terms)
    if chosen is None:
        lines = dict.fromkeys(text_of(list(one.paragraph)) for one in terms)
        quotes = [f"“{plain(text[:MAX_QUOTE])}”" for text in lines]
        return say("shown_text", chinese, lines="".join(quotes[:2]))
    start = _start(chosen, moments, reading)
    end = moved(start.when, chosen.period, chosen.sign) if start else None
    if start is None or end is None:
        return ""
    named = (one for one in start.labels if stages_in(one) and len(one) <= MAX_NAME)
    label = next(named, "")
    terms_said = " ".join(filter(None, [plain(label.strip(" :：")), plain(start.text)]))
    sign = "+" if chosen.sign > 0 else "−"
    return say(
        "worked_out",
        chinese,
        terms=f"{terms_said} {sign} {plain(chosen.shown)}",
        value=bold(written(end, chinese)),
    )


def _terms(reading: Reading, budget: Budget) -> Iterator[Term]:
    for lines in in_paragraphs(reading, budget):
        text = text_of(lines)
        found = list(PERIOD.finditer(text))
        for at, match in enumerate(found):
            made = period(match)
            if made is None:
                continue
            opens = found[at - 1].end() if at else 0
            before = text[opens : match.start()]
            before = HARD.split(before)[-1]
            ends = found[at + 1].start() if at + 1 < len(found) else len(text)
            rest = text[match.end() : ends]
            # What follows up to the next period is partly that one's.
            after = (CLAUSE if at + 1 < len(found) else HARD).split(rest)[0]
            ahead = HARD.split(text[: match.start()])[-1]
            start, sign = _anchor(ahead, before, text[match.end() :])
            yield Term(made, match[0].strip(), before + match[0] + after, start, sign, tuple(lines))


def _anchor(sentence: str, before: str, after: str) -> tuple[str, int]:
    """(words of what a period begins with or ends at, 1 or -1)."""
    if match := BEFORE_EN.match(after):
        return match["what"], -1
    if match := AHEAD_ZH.search(before):
        return match["what"], -1
    if match := AFTER_EN.match(after):
        return match["what"], 1
    for words in (FROM_ZH, FROM_EN):
        if found := list(words.finditer(sentence)):
            return found[-1]["what"], 1
    return "", 1


def _is_end(one: Moment, topics: Sequence["re.Pattern[str]"]) -> bool:
    """Whether a date is printed as the end of what is asked for."""
    return any(
        END.search(label) and (len(label) <= 8 or any(topic.search(label) for topic in topics))
        for label in one.labels
    )


def _chosen(question: str, terms: list[Term]) -> Term | None:
    """The one that the question means: by its words, else that of the whole; None if unclear."""
    if _are_same(terms):
        return terms[0]
    words = [len(shared(question, one.context)) for one in terms]
    best = [one for one, count in zip(terms, words, strict=True) if count == max(words)]
    if _are_same(best):
        return best[0]
    whole = [one for one in best if WHOLE.search(one.context)]
    return whole[0] if whole and _are_same(whole) else None


def _are_same(terms: list[Term]) -> bool:
    return len({(one.period, one.sign, frozenset(stages_meant(one.start))) for one in terms}) == 1


def _start(term: Term, moments: list[Moment], reading: Reading) -> Moment | None:
    """The printed day or time with which a period begins; None where it is not sure."""
    if NOW.search(term.start):
        return _when_written(term, moments)
    named = stages_meant(term.start)
    if LETTER.search(term.start) and not named - {"sent", "received"}:
        return _only([one for one in moments if SENT.search(one.around) and one.when.year])
    if not term.start:
        return _of_receipt(reading, moments)
    found = [one for one in moments if any(one.is_of(STAGES[name]) for name in named)]
    if not found and "bought" in named:
        return _of_receipt(reading, moments)
    return _only(found)


def _of_receipt(reading: Reading, moments: list[Moment]) -> Moment | None:
    """The day of a receipt is that of the purchase, where it prints no other."""
    return _only([one for one in moments if one.when.day]) if reading.kind == "receipt" else None


def _when_written(term: Term, moments: list[Moment]) -> Moment | None:
    """The nearest date above a message."""
    top = term.paragraph[0].place[1]
    above = [one for one in moments if one.when.day and one.line.place[1] < top]
    return max(above, key=lambda one: one.line.place[1], default=None)


def _only(found: list[Moment]) -> Moment | None:
    days: dict[When, Moment] = {one.when: one for one in found}
    return found[0] if len(days) == 1 else None
