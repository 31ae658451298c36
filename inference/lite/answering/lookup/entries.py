"""What a picture says, value by value: behind labels, in tables, in lists, in sentences."""

import re
from dataclasses import dataclass, replace

from inference.lite.answering import talk
from inference.lite.answering.extracts import QUESTION_ENDS, sentences
from inference.lite.answering.field_words import TABLE as NAMES
from inference.lite.answering.lookup import tables, tickets
from inference.lite.answering.pairs import Pair, pairs_of
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.questions import ASKING
from inference.lite.budget import Budget
from inference.lite.field_text import plain
from inference.lite.reading import Line, Reading, rows
from inference.lite.stacks import stacks
from inference.lite.text import normal

MAX_ENTRIES = 240
MAX_SENTENCE = 200
SHORTEST = 4  # characters of a sentence
PROSE = 36  # Latin letters of a line of prose; half as many Chinese characters
LONG = 40  # characters from which a paragraph is looked at by its sentences
ENDING = 8  # characters in which a question shows at its end
MAX_LABEL = 40  # characters
LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]{2}")
# "交易号 0417-02", "Payment due 4 December 2026", "运单号432891706655218", "运费¥6.00"
LED = re.compile(
    r"^\W{0,3}(?P<label>[\u3400-\u9fff]{2,8}\s{0,3}(?=[\dA-Z¥￥$€£*])|(?<=【)[\u3400-\u9fff]{2,8}】"
    r"|[A-Za-z][A-Za-z.'&/-]{1,16}(?: [A-Za-z.'&/-]{1,16}){0,3}\s{1,3}[#№]?(?=[\d¥￥$€£*]|[A-Z]{2}\W?\d))"
    r"(?P<value>.{1,60})$"
)
# A number, a code, a date or an amount, and no sentence.
NUMBERED = re.compile(r"(?=.{0,20}[\d*])[\d*A-Za-z ,.-]{1,24}")
VAGUE = re.compile(r"|名\s{0,8}称|合计|小写|.{0,24}识别号|单位|抬头|name")
HEADED = re.compile(
    r"^\W{0,3}(?:第[一二三四五六七八九十\d]{1,3}条|[一二三四五六七八九十]{1,3}[、.]|\d{1,2}[.、])\s?"
    r"(?P<head>[\u3400-\u9fff]{2,10}|[A-Z][A-Za-z' ]{2,30})\s?[：:.]\s?(?P<text>.{4,400})$"
)
BARE = re.compile(
    r"[\dA-Za-z¥￥$€£*#&:/.,+ ()-]{1,40}[个天日月年时分周次粒片袋升度元克斤米]{0,3}|\d{4}年[\d年月日: ]{3,16}"
)
INNER = re.compile(
    r"[\u3400-\u9fffA-Za-z/ ]{1,20}[:：]"
)  # a label that holds a pair is a part of a form
MARK = re.compile(
    r"^\W{0,3}(?:第[一二三四五六七八九十\d]{1,3}条|[一二三四五六七八九十\d]{1,2}[、.])\s?"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`row` is what the value is one of, in a table: the goods, the date. `field` names a value
    that the reader knows."""

    label: str
    value: str
    line: Line
    row: str = ""
    field: str = ""
    before: str = ""  # the message of a chat that it answers
    whole: str = ""  # the words of its row

    @property
    def about(self) -> str:
        """What it says what of, in words."""
        return f"{self.row} {self.label}".strip() or self.value


def entries_of(reading: Reading, chinese: bool, budget: Budget) -> list[Entry]:
    """From top to bottom: fields of the reader, values with labels, cells of tables."""
    cells, used = tables.cells(reading, budget)
    made = _fields(reading, chinese)
    made += [
        Entry(one.head, one.value, one.line, one.row, whole=one.whole or one.row)
        for one in cells
        if one.head != one.value
    ]
    made += [
        Entry(MARK.sub("", one.label), one.value, one.line)
        for one in pairs_of(reading, budget)
        if _is_label(one.label) and id(one.line) not in used and not _is_form(one)
    ]
    labels = {plain(one.label) for one in made} | {plain(one.label) for one in reading.fields}
    made = [one for one in made if one.field or one.row or plain(one.value) not in labels]
    made += [Entry(*one) for one in tickets.values(reading, chinese)]
    made += _clauses(reading, budget)
    stacked = {line for one in stacks(reading.lines) for line in (one.label, *one.values)}
    for row in rows([line for line in reading.lines if line not in stacked]):
        texts = [normal(line.text).strip() for line in row]
        if len(row) > 2 and _is_label(texts[0]) and all(map(NUMBERED.fullmatch, texts[1:])):
            made.append(Entry(texts[0].strip(":： "), " ".join(texts[1:]), row[1]))
    for line in reading.lines:
        budget.check()
        if id(line) in used or line in stacked:
            continue
        led = LED.match(normal(line.text).strip())
        if led and _is_label(led["label"]) and _is_bare(led["value"].strip()):
            made.append(Entry(led["label"].strip("】 "), led["value"].strip(), line))
    known: dict[tuple[str, str, str], Entry] = {}
    for one in made:
        if any(map(str.isalnum, one.value)):
            known.setdefault((plain(one.about), one.value, one.whole), one)
    return list(known.values())[:MAX_ENTRIES]


def _is_form(pair: Pair) -> bool:
    """Whether the value of a pair is a pair of its own in the next cell: 购 | 名称：…"""
    return bool(INNER.match(pair.value)) and normal(pair.line.text).startswith(pair.value[:8])


def _is_bare(value: str) -> bool:
    words = sum(word.islower() and len(word) > 2 for word in value.split())
    return bool(BARE.fullmatch(value)) and words < 2


def _clauses(reading: Reading, budget: Budget) -> list[Entry]:
    """The clauses of a contract by their heads, whole: they go over lines."""
    if reading.kind != "contract":
        return []
    found = [HEADED.match(text) for text in paragraphs(reading, budget)]
    return [Entry(one["head"], one["text"], Line(one["text"])) for one in found if one]


def _is_label(text: str) -> bool:
    """Whether words stand for what comes behind them; a value of a table does not."""
    digits = sum(map(str.isdigit, text))
    return len(text) <= MAX_LABEL and bool(LETTERS.search(text)) and digits * 2 < len(text)


def _fields(reading: Reading, chinese: bool) -> list[Entry]:
    """By their name and by the label that the picture gives them."""
    made = []
    for one in reading.fields:
        if one.name in ("event", "item", "error_text", "phone") or one.name not in NAMES:
            continue
        # "名称" and "合计" do not say of whom or what; nor does a value without any label.
        label = NAMES[one.name][0 if chinese else 1] if VAGUE.fullmatch(one.label) else one.label
        if one.name in ("date", "amount", "company") and not one.label:
            continue
        line = Line(one.value, one.box, one.confidence)
        made.append(Entry(label, one.value, line, "", one.name))
    return made


def messages_of(question: str, reading: Reading, budget: Budget) -> list[Entry]:
    """The messages of the side of a chat that a question means, each with what it answers."""
    every = talk.messages("", reading, budget)
    before = {text: last for last, text in zip(["", *every], every, strict=False) if asks(last)}
    return [
        Entry("", talk.stated(text)[:MAX_SENTENCE], Line(text), before=before.get(text, ""))
        for text in talk.messages(question, reading, budget)
        if len(text) >= SHORTEST and not asks(talk.stated(text))
    ]


def asks(text: str) -> bool:
    """Whether a sentence ends as a question."""
    return bool(ASKING.search(text[-ENDING:])) or text.endswith(QUESTION_ENDS)


def sentences_of(reading: Reading, budget: Budget) -> list[Entry]:
    """The sentences and rows of a picture, each as a value without a label."""
    made: dict[str, Entry] = {}
    _, used = tables.cells(reading, budget)
    cells = {line.text for line in reading.lines if id(line) in used}
    events = [one.value for one in reading.fields if one.name == "event"]
    texts = [*events, *(text for text in paragraphs(reading, budget) if text not in cells)]
    if reading.kind != "chat":
        texts = [one for text in texts for one in (sentences(text) if len(text) > LONG else [text])]
    joined = [" ".join(line.text for line in row) for row in rows(reading.lines) if len(row) > 1]
    if reading.kind == "chat":
        joined = []
    for text in [*texts, *joined]:
        if len(text) >= _least(text) and LETTERS.search(text) and text not in made:
            made[text] = Entry("", text[:MAX_SENTENCE], Line(text))
    for text in filter(made.__contains__, joined):
        made[text] = replace(made[text], whole=text)
    return list(made.values())[:MAX_ENTRIES]


def _least(text: str) -> int:
    """Characters of a sentence: a shorter one without a number is a button."""
    return SHORTEST if any(map(str.isdigit, text)) else SHORTEST + 2


def is_prose(reading: Reading) -> bool:
    """Whether most of a picture is sentences: a letter, a notice."""
    texts = [line.text for line in reading.lines]
    long = [text for text in texts if len(text) >= (PROSE if text.isascii() else PROSE // 2)]
    return 2 * sum(map(len, long)) > sum(map(len, texts))
