"""What a picture prints behind its labels, whatever they are: 手续费 2.00 · Delivery: free."""

import re
from dataclasses import dataclass

from inference.lite.budget import Budget
from inference.lite.field_text import plain
from inference.lite.reading import Line, Reading, rows
from inference.lite.stacks import Stack, is_form, is_known_label, stacks
from inference.lite.text import normal

MAX_LINES = 2_000
MAX_LABEL = 48  # characters
LONG_LABEL = 20  # characters
MAX_VALUE = 120
COLONED = re.compile(
    r"(?:^|(?<=[\s,，;；。|)）]))"
    r"((?:[A-Za-z&#.'/-]{1,16} ){0,3}[^\W\d_][^\s\d:：,，。;；|]{0,13}(?:\s?[(（][^()（）]{1,10}[)）])?)"
    r"\s{0,4}[:：]"
)
MONEY = re.compile(
    r"[-+−]?\s?(?:[¥￥$€£]|RMB|CNY|人民币)?\s?[-+−]?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?:\.\d{1,2})?\s?元?"
)
# "Subtotal £600.00", "应付 56.00": an amount ends the line.
ENDED = re.compile(r"(?<![\d.,])[-+−]?[¥￥$€£]?\s?[-+−]?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,9})\.\d{2}$")
FREE = re.compile(r"免运费|包邮|免费|免邮|\bfree\b", re.IGNORECASE)
PRICE = re.compile(r"[-+−]?[¥￥$€£]?\s?[\d,]{1,12}\.\d{2}")
BUTTON = re.compile(r"(?:查看|申请|联系|再次|重新|稍后|取消|确认|发起|复制|立即|对.{2,4}有疑)")
TABLE_ROW = 3  # cells
MARKS = re.compile(r"[\s:：*·()（）\[\]【】>›]")


@dataclass(frozen=True, slots=True)
class Pair:
    """`line` holds the value."""

    label: str
    value: str
    line: Line

    @property
    def key(self) -> str:
        """The label without marks, in simplified characters and lower case."""
        return MARKS.sub("", plain(self.label))

    @property
    def is_money(self) -> bool:
        return bool(MONEY.fullmatch(self.value) or FREE.fullmatch(self.value))


def pairs_of(reading: Reading, budget: Budget | None = None) -> list[Pair]:
    """All pairs, from top to bottom."""
    lines = reading.lines[:MAX_LINES]
    has_places = any(line.place[3] for line in lines)
    below = stacks(lines) if has_places else ()
    used = {line for one in below for line in (one.label, *one.values)}
    made = [_of_stack(one) for one in below]
    for row in rows(lines) if has_places else [[line] for line in lines]:
        forms = is_form([line.text for line in row])
        for place, line in enumerate(row):
            if budget is not None:
                budget.check()
            if (line in used and not COLONED.match(normal(line.text))) or (forms and place % 2):
                continue
            after = row[place + 1] if place + 1 < len(row) else None
            if after in used or _is_other(line, after, row):
                after = None
            if not place and len(row) >= TABLE_ROW and _has_price(reading, row):
                after = row[-1]  # of goods: name, number, price
            made += _of_line(line, after)
    return [one for one in made if one.value and len(one.label) <= MAX_LABEL]


def _of_stack(one: Stack) -> Pair:
    texts = [normal(line.text).strip() for line in one.values]
    between = ", " if all(map(str.isascii, texts)) else ""
    if one.is_row:
        between = " "
    value = between.join(texts)
    return Pair(normal(one.label.text).strip(" :："), value[:MAX_VALUE], one.values[0])


def _is_other(line: Line, after: Line | None, row: list[Line]) -> bool:
    """Whether what stands beside words is no value of theirs: two buttons, two heads of a table."""
    if after is None or COLONED.match(normal(line.text)):
        return False
    is_button = BUTTON.match(line.text) and not any(map(str.isdigit, after.text))
    is_head = len(row) >= TABLE_ROW and is_known_label(line.text) and is_known_label(after.text)
    return bool(is_button) or is_head


def _has_price(reading: Reading, row: list[Line]) -> bool:
    """Whether a row ends with a price; that of an invoice ends with its tax."""
    return reading.kind != "invoice" and bool(PRICE.fullmatch(row[-1].text.strip()))


def _of_line(line: Line, after: Line | None) -> list[Pair]:
    text = normal(line.text).strip()
    labels = list(COLONED.finditer(text))
    made = []
    for place, label in enumerate(labels):
        end = labels[place + 1].start() if place + 1 < len(labels) else len(text)
        value = text[label.end() : end].strip(" ,，;；")[:MAX_VALUE]
        if value:
            made.append(Pair(label[1].strip(), value, line))
        elif after is not None and not COLONED.match(after.text):
            made.append(Pair(label[1].strip(), normal(after.text).strip()[:MAX_VALUE], after))
    if labels:
        return made
    ended = ENDED.search(text)
    head = text[: ended.start()].strip() if ended else ""
    if ended and head[:1].isalpha():
        return [Pair(head, ended[0].strip(), line)]
    if after is not None and len(text) <= MAX_LABEL and any(map(str.isalpha, text)):
        says = len(text) > LONG_LABEL and any(map(str.isdigit, text))
        if says and not MONEY.fullmatch(after.text.strip()):
            return []  # a sentence
        return [Pair(text, normal(after.text).strip()[:MAX_VALUE], after)]
    return []
