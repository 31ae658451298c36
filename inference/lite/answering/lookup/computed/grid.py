"""The cell of a table that a question names by its row and its column, and the difference of two
columns of a row: 第二行的买了几个, 6% 那一项的税额, 差了几箱没送."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from inference.lite.answering.extracts import shared
from inference.lite.answering.facts import DOUBTED
from inference.lite.answering.lookup import tables
from inference.lite.answering.lookup.heads import LETTERS
from inference.lite.answering.lookup.ranking import EACH, OF_ALL
from inference.lite.answering.lookup.sorts import UNITS
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import joined, say
from inference.lite.budget import Budget
from inference.lite.reading import Line, Reading

THINGS = rf"(?:[行项种款道{UNITS}]|商品|产品|货)"
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
HAN = "一二三四五六七八九十"
ORDINAL = re.compile(
    rf"第\s?(?P<zh>[{HAN}]|\d{{1,2}})\s?{THINGS}|(?P<last>最后|最下面|倒数第一)(?:一)?{THINGS}"
    rf"|\b(?P<en>{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th)|last)\b(?: \w{{1,10}})? "
    r"(?:row|line|item|product|article|entry|one|thing)\b"
    r"|\b(?:row|line|item|position) (?:no\.? ?|number )?(?P<number>\d{1,2})\b",
    re.IGNORECASE,
)
PERCENT = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d)?)\s?(?:%|per ?cent|个?点(?!\d|多?钟))", re.IGNORECASE
)
FIGURE = re.compile(
    r"(?<![\d.,])[¥￥$€£]?\s?(?P<number>\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?|\d{1,7}\.\d{1,2}|\d{2,7})(?![\d.,]\d|\s?%|个?点)"
)
# (words of a question, words of the head): the first that fits both decides.
COLUMNS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(head, re.IGNORECASE))
    for asked, head in (
        (r"税率|几个点|\b(?:tax|vat) rate", r"税率|征收率|\brate\b|vat ?%|tax ?%"),
        (r"税(?!号|前|后)|\b(?:tax|vat)\b", r"税额|税金|^税$|^(?:sales )?(?:tax|vat)(?: amount)?$"),
        (
            r"订[了货购]|下单|应[发送]|要了|\border(?:ed)?\b",
            r"订[货购]|应发|订单数|下单|\bordered\b|qty ord|^order",
        ),
        (
            r"实[发收到]|送了|发了|到了|收[到了]|\b(?:deliver|ship|receiv|sent|dispatch)",
            r"实[发收到送]|送[货达]|交货|已发|\bdeliver|\bshipp|\breceiv|\bsent\b|dispatch",
        ),
        (
            EACH.pattern + r"|unit (?:price|cost)",
            r"单价|售价|unit (?:price|cost)|^price|^each$|^rate$",
        ),
        (
            rf"(?:几|多少)[{UNITS}斤本]|数量|\bhow many\b|quantity|\bqty\b",
            r"数量|件数|^数$|\bqty\b|quantity|\bcount\b|\bpcs\b|\bunits\b",
        ),
        (r"多少钱?|金额|小计|几块|\bhow much|amount|total|cost|price", OF_ALL.pattern),
    )
)
MISSING = re.compile(
    r"[差少缺短欠][了发送到收给]{0,2}(?:我们?)?(?:几|多少)|(?:几|多少).{0,6}(?:没|未)(?:有)?(?:[送发到给]|收到)"
    r"|\bhow many\b.{0,40}\b(?:missing|short|not|outstanding|still|owed|lacking)|\bhow (?:far )?short",
    re.IGNORECASE,
)
ORDERED, DELIVERED = COLUMNS[2][1], COLUMNS[3][1]
NUMBER = re.compile(r"-?\d{1,6}(?:\.\d{1,3})?")
UNIT_HEAD = re.compile(r"^(?:单位|unit|uom)$", re.IGNORECASE)
NUMBERED = re.compile(r"^(?:序号?|行号|编号|no\.?|#|№|item no\.?|line|pos\.?)$", re.IGNORECASE)
MAX_ROWS, MAX_QUOTE = 80, 120


@dataclass(frozen=True)
class Row:
    """A row of a table; `cells` by the words of their heads."""

    name: str
    cells: dict[str, Line]

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.cells.values())


def told(question: str, reading: Reading, chinese: bool, budget: Budget) -> str:
    """A sentence without its mark; "" where the question names no row, or no column of it."""
    by_place, by_value = ORDINAL.search(question), PERCENT.search(question)
    is_short = MISSING.search(question) is not None
    figures = [one["number"] for one in FIGURE.finditer(question)]
    if not (by_place or by_value or is_short or figures):
        return ""
    every = rows_of(reading, budget)
    if not every:
        return ""
    if by_place:
        at = _place(by_place)
        chosen = every[at : at + 1 or None] if -len(every) <= at < len(every) else []
    elif by_value or figures:
        chosen = _with_value(by_value["number"] if by_value else "", figures, every)
    else:
        chosen = _named(question, every)
    if len(chosen) > 1 and not is_short:
        return _quoted(chosen, question, chinese)
    if len(chosen) != 1 or not LETTERS.search(chosen[0].name):
        return ""
    return _short(chosen[0], chinese) if is_short else _cell(question, chosen[0], chinese)


def rows_of(reading: Reading, budget: Budget) -> list[Row]:
    """The rows of the goods of a picture, from top to bottom."""
    made: dict[int, Row] = {}
    for cell in tables.cells(reading, budget)[0]:
        row = made.setdefault(cell.at, Row(cell.row, {}))
        name = cell.row or cell.value
        made[cell.at] = Row(name, {**row.cells, cell.head: cell.line})
    return [one for one in made.values() if len(one.cells) > 1 or "数量" in one.cells][:MAX_ROWS]


def _place(match: "re.Match[str]") -> int:
    """From 0; -1 is the last."""
    if match["last"] or (match["en"] or "").lower() == "last":
        return -1
    if match["zh"]:
        text = match["zh"]
        return (int(text) if text.isdigit() else HAN.index(text) + 1) - 1
    word = (match["en"] or match["number"]).lower()
    return ORDINALS.index(word) if word in ORDINALS else int(re.sub(r"\D", "", word)) - 1


def _with_value(percent: str, figures: list[str], every: list[Row]) -> list[Row]:
    """The rows with a cell that is the share, or one of the figures, that the question names."""
    wanted = [f"{Decimal(percent).normalize():f}%"] if percent else []
    wanted += [f"{Decimal(one.replace(',', '')):f}" for one in figures]
    return [
        one
        for one in every
        if any(_is(line.text, text) for line in one.cells.values() for text in wanted)
    ]


def _is(cell: str, wanted: str) -> bool:
    bare = re.sub(r"[\s,¥￥$€£元]", "", cell)
    number, share = bare.rstrip("%"), bare.endswith("%")
    if not NUMBER.fullmatch(number) or share != wanted.endswith("%"):
        return False
    return Decimal(number) == Decimal(wanted.rstrip("%"))


def _named(question: str, every: list[Row]) -> list[Row]:
    """The rows whose name the question says, those with most of its words."""
    counts = [len(shared(question, one.name)) for one in every]
    most = max(counts, default=0)
    return [one for one, count in zip(every, counts, strict=True) if most and count == most]


def _cell(question: str, row: Row, chinese: bool) -> str:
    """The value of the column that a question means; of each of several that it names."""
    named = [head for head in row.cells if len(head) > 1 and head.lower() in question.lower()]
    heads = named if len(named) > 1 else _column(question, row)
    if any(row.cells[head].confidence < DOUBTED for head in heads):
        return ""
    parts = []
    for head in heads:
        name = f"{row.name}的{head}" if chinese else f"{head} of {row.name}"
        parts.append(say("one_value", chinese, name=plain(name), value=bold(row.cells[head].text)))
    return joined(parts, chinese)


def _column(question: str, row: Row) -> list[str]:
    """The one head that fits, [] without one."""
    for asked, words in COLUMNS:
        heads = [head for head in row.cells if words.search(head)]
        if asked.search(question) and len(heads) == 1:
            return heads
    return []


def _short(row: Row, chinese: bool) -> str:
    """Ordered minus delivered."""
    ordered = [head for head in row.cells if ORDERED.search(head)]
    delivered = [head for head in row.cells if DELIVERED.search(head)]
    if len(ordered) != 1 or len(delivered) != 1:
        return ""
    lines = row.cells[ordered[0]], row.cells[delivered[0]]
    if not all(NUMBER.fullmatch(one.text) and one.confidence >= DOUBTED for one in lines):
        return ""
    left = Decimal(lines[0].text) - Decimal(lines[1].text)
    unit = next((line.text for head, line in row.cells.items() if UNIT_HEAD.match(head)), "")
    terms = f"{row.name} {ordered[0]} {lines[0].text} − {delivered[0]} {lines[1].text}"
    return say("worked_out", chinese, terms=plain(terms), value=bold(f"{left} {unit}".strip()))


def _quoted(chosen: Sequence[Row], question: str, chinese: bool) -> str:
    """The rows that a question may mean; "" where it asks for none of their columns."""
    if not all(_cell(question, one, chinese) for one in chosen):
        return ""
    shown = [f"“{plain(one.text[:MAX_QUOTE])}”" for one in chosen[:4]]
    return say("shown_text", chinese, lines=joined(shown, chinese))
