"""What is left of a printed total after what was paid or is due before: 尾款, balance."""

import re
from collections.abc import Sequence
from decimal import Decimal

from inference.lite.answering.extracts import shared
from inference.lite.answering.lookup.computed.amounts import (
    Amount,
    amount_in,
    amounts_of,
    money_text,
    same_currency,
)
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.phrases import say
from inference.lite.budget import Budget
from inference.lite.reading import Reading

ASKED = re.compile(
    r"尾款|余款|余额|剩[下余的]|还[差欠要剩].{0,4}(?:多少|几)|还得[付交给].{0,4}多少|质(?:量)?保(?:证)?金|最后一[笔期]|押着"
    r"|\b(?:balance|remaind?(?:er|ing)|rest|left to pay|still (?:owe|have to pay|to pay|due)|outstanding|retention|final (?:payment|instal))",
    re.IGNORECASE,
)
REST = re.compile(
    r"(?:其余|剩余|余下|余额|余款|尾款|剩下)(?:的)?(?P<of>[^，。；,;]{0,24})"
    r"|\b(?:the )?(?:remaining|rest|balance|remainder)\b(?P<of2>[^.;]{0,60})",
    re.IGNORECASE,
)
SHARE = r"(?P<share>\d{1,2}(?:\.\d{1,2})?)\s?%"
SHARES = re.compile(SHARE)
MONEY = re.compile(
    r"(?<![\d.,%])(?:[¥￥$€£]|RMB|CNY|人民币)?\s?(?:\d{1,3}(?:,\d{3}){1,4}|\d{2,9})(?:\.\d{1,2})?\s?元?(?![\d%.,]\d|%)"
)
TOTAL = re.compile(
    r"总[价额]|合同(?:金额|价款?)|合计|应[付收]总?额?|总金额|订单金额|\b(?:contract|total|order) (?:price|sum|amount|value|total)\b|\btotal\b|\bsum\b",
    re.IGNORECASE,
)
PAID = re.compile(
    r"定金|订金|预付|首付|已[付收交]|预收|deposit|\bpaid\b|advance|down payment|prepaid|instal",
    re.IGNORECASE,
)
LEFT_LABEL = re.compile(
    r"尾款|余款|未[付收]|待[付收]|剩余|应补|balance|remaining|outstanding|\bdue\b", re.IGNORECASE
)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")


def told(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """A sentence without its mark; "" where what is left is printed, or is not certain."""
    if not ASKED.search(question):
        return ""
    every = amounts_of(reading, budget)
    if any(LEFT_LABEL.search(one.label) for one in every):
        return ""
    return _of_shares(question, reading, chinese, budget) or _of_paid(every, chinese)


def _of_shares(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """Of a contract's price, whose instalments are shares of it: each amount has to be its share
    of the total."""
    texts = paragraphs(reading, budget)
    for text in texts:
        rest = next((one for one in REST.finditer(text) if _is_meant(question, one[0])), None)
        shares = list(SHARES.finditer(text[: rest.start()])) if rest else []
        if rest is None or not shares or _amounts(rest[0]):
            continue
        total = _total(texts)
        if total is None:
            return ""
        parts = []
        for at, share in enumerate(shares):
            end = shares[at + 1].start() if at + 1 < len(shares) else rest.start()
            printed = _amounts(text[share.end() : end])
            due = (total.value * Decimal(share["share"]) / HUNDRED).quantize(CENT)
            if printed and due not in [one.value for one in printed]:
                return ""
            parts.append(due)
        left = total.value - sum(parts, Decimal(0))
        return _said(total, parts, left, chinese) if left > 0 else ""
    return ""


def _is_meant(question: str, rest: str) -> bool:
    """Whether what a clause does with the rest is what the question names."""
    return bool(
        shared(question.replace("质保金", "质量保证金"), rest)
        or re.search(r"尾款|余款|剩|余额|balance|remain|rest|left", question, re.IGNORECASE)
    )


def _amounts(text: str) -> list[Amount]:
    found = (amount_in("", one[0]) for one in MONEY.finditer(text))
    return [one for one in found if one is not None]


def _total(texts: Sequence[str]) -> Amount | None:
    """The amount right behind a word for the total, where all such are the same."""
    found = {}
    for text in texts:
        for match in TOTAL.finditer(text):
            behind = re.split(r"[，。；;,](?!\d)|\.\s", text[match.end() : match.end() + 60])[0]
            for one in _amounts(behind)[:1]:
                found[one.value] = one
    return next(iter(found.values())) if len(found) == 1 else None


def _of_paid(every: Sequence[Amount], chinese: bool) -> str:
    """Of a labelled total and what is labelled as paid before."""
    totals = {
        one.value: one for one in every if TOTAL.search(one.label) and not PAID.search(one.label)
    }
    paid = [one for one in every if PAID.search(one.label)]
    if len(totals) != 1 or not paid or len({one.label for one in paid}) != len(paid):
        return ""
    total = next(iter(totals.values()))
    if not same_currency([total, *paid]):
        return ""
    left = total.value - sum((abs(one.value) for one in paid), Decimal(0))
    parts = [abs(one.value) for one in paid]
    return _said(total, parts, left, chinese) if left > 0 else ""


def _said(total: Amount, parts: Sequence[Decimal], left: Decimal, chinese: bool) -> str:
    terms = " − ".join([f"{total.value:,.2f}", *(f"{one:,.2f}" for one in parts)])
    terms = f"{plain(total.label)} {terms}".strip()
    return say("worked_out", chinese, terms=terms, value=bold(money_text(left, [total])))
