"""What a question asks of all rows of a list: the dearest one, how many there are, what sets two
apart. Sums that a picture prints are no business of this."""

import math
import re
from collections.abc import Sequence
from decimal import Decimal

from inference.lite.answering.lookup.entries import Entry
from inference.lite.answering.lookup.ranking import OF_ALL, OF_EACH
from inference.lite.answering.lookup.tables import PRICE, TOTAL
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say
from inference.lite.answering.printed_words import TABLE as PRINTED
from inference.lite.invoice_money import money
from inference.lite.reading import Reading

MOST = re.compile(
    r"最(?:贵|高|多|大)|\bmost expensive\b|\bdearest\b|\bhighest\b|\blargest\b|\bbiggest\b|\bcosts? (?:the )?most\b",
    re.IGNORECASE,
)
LEAST = re.compile(
    r"最(?:便宜|低|少|小)|\bcheapest\b|\bleast expensive\b|\blowest\b|\bsmallest\b|\bcosts? (?:the )?least\b",
    re.IGNORECASE,
)
KINDS = re.compile(
    r"(?:几|多少)(?:种|样|类|款|行|道|笔|项)|\bhow many (?:different|kinds?|types?|lines?|products|dishes|payments|transactions)\b",
    re.IGNORECASE,
)
MAX_TOTAL = 20  # characters of a line that begins the totals
SPENT = re.compile(r"[花付支用]|\bsp(?:en[dt])\b|\bpa(?:y|id)\b", re.IGNORECASE)
NO_GOODS = [each.label for each in PRINTED.values() if each.label]


def told(question: str, entries: Sequence[Entry], reading: Reading, chinese: bool) -> str:
    """A sentence without its mark, "" where the question asks for no such thing."""
    if not any(words.search(question) for words in (MOST, LEAST, KINDS)):
        return ""
    totals = [
        line.place[1]
        for line in reading.lines
        if len(line.text) <= MAX_TOTAL and TOTAL.search(line.text)
    ]
    end = min(totals, default=math.inf)
    listed = priced(
        [one for one in entries if one.label and not one.field and one.line.place[1] < end]
    )
    if len(listed) < 2:
        return ""
    if KINDS.search(question):
        names = joined([plain(one.row or one.label) for one, _ in listed], chinese)
        return say("rows_in_all", chinese, count=bold(str(len(listed))), names=names)
    if SPENT.search(question) and any(amount < 0 for _, amount in listed):
        listed = [(one, -amount) for one, amount in listed if amount < 0]
    choose = max if MOST.search(question) else min
    best, amount = choose(listed, key=lambda one: one[1])
    if [each for _, each in listed].count(amount) > 1:
        return ""
    name = plain(best.row or best.label)
    return say("row_of_all", chinese, name=bold(name), value=bold(best.value))


def priced(entries: Sequence[Entry]) -> list[tuple[Entry, Decimal]]:
    """The rows with their amounts, each once, from top to bottom."""
    found: dict[str, tuple[Entry, Decimal]] = {}
    for one in entries:
        if one.row and not (OF_ALL.search(one.label) or OF_EACH.search(one.label)):
            continue
        name = one.row or one.label
        amount = money(one.value) if PRICE.fullmatch(one.value) else None
        if amount is None or any(label.fullmatch(name) for label in NO_GOODS):
            continue
        is_better = name in found and OF_ALL.search(one.label) is not None
        if name not in found or is_better:
            found[name] = (one, amount)
    return list(found.values())
