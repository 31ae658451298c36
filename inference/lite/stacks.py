"""Labels whose values stand below them: cards, boarding passes, columns of a form.

A label and its value stand closer to each other than to what is above and below them. A table has
such heads too, but the next row has values of the same form.
"""

import itertools
import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from inference.lite.reading import Frame, Line, rows

MAX_LINES = 600
KEPT = 16  # pictures: each is asked for many labels
MAX_LABEL = 28  # characters
MOST = 4  # lines of a value
NEAR = 0.75  # heights between a label and its value, at most
LOOSE = 0.22  # heights by which the gaps around a pair are wider than that within it
REACH = 4.0  # heights below a value within which a table goes on
EDGE = 0.9  # heights by which left edges differ, at most
CENTRE = 0.5  # heights by which middles differ, at most
SMALLEST = 0.75  # height of a value / that of its label, at least
LARGER = 1.15  # height / that of the label, from which type alone says that a line is a value
HEADLINE = 1.4  # height / that of a label below it: no line of its column
BESIDE = 1.5  # heights between the parts of a value: 6222 **** 0913
FAR = 8.0  # heights to the right, from which a line belongs to something else
# How labels end: with these characters, with one of these words.
ENDS = tuple(
    "额 价 费 金 款 号 码 小计 合计 日期 日 时间 期 期限 时效 数 数量 量 电话 手机 热线 方式 人 收方 寄方 发方 商家 姓名 名称 户名 品名"
    " 单位 公司 地址 地点 位置 开户行 规格 型号 尺寸 面积 重 率 原因 备注 状态 类型 品牌 颜色 版本 系统 座 座位 舱位 航班 车次 检票口 登机口"
    " 出发 到达 起飞 门店 师傅 用途 币种 等级 取件员 派件员".split()
)
LAST = frozenset(
    "date time name no nos number numbers number(s) weight qty quantity amount total price fee tax address phone tel status"
    " type method to by at on from for service reference tracking seat gate class flight dep departure arr arrival boarding"
    " expected due terms currency balance version model serial check-in checkin check-out checkout guest guests room e-mail"
    " email".split()
)
NO_ENDS = ("个人", "本人")
WORDS = 6  # of an English label, at most
# Around a Chinese label: the same label in English, as in 登机时间BDT.
TWIN = string.ascii_letters + "./ -"
LETTERS = re.compile(r"[\u3400-\u9fff]|[A-Za-z]{2}")
NO_LABEL = re.compile(r"\d|[。，,；;！!？?“”<>]|.[:：].")
COLONS = ":： "  # at the end of a label
NOTE = re.compile(r"[(（][^()（）\d]{1,6}[)）]$")  # 可用余额（元）
HAN = re.compile(r"[\u3400-\u9fff]")
# The heads of tables of goods.
GOODS = re.compile(r"品名|名称|商品|项目|数量|单价|金额|小计|单位|item|description|qty|quantity|(?:unit )?price|each|amount|total", re.I)  # fmt: skip
# Values of these go over lines.
WRAPPED = re.compile(r"地址|[收寄]件|[收寄发付]方|[买卖]方|\b(?:to|from|by|address|shipper|consignee|receiver|sender|at)\b", re.I)  # fmt: skip
NUMERIC = re.compile(r"[\d\W]{1,30}[A-Za-z\u3400-\u9fff]{0,3}")


@dataclass(frozen=True, slots=True)
class Stack:
    """A label and the lines of its value, from top to bottom."""

    label: Line
    values: list[Line]

    @property
    def is_row(self) -> bool:
        """Whether the lines of the value stand beside each other."""
        tops = [line.place[1] for line in self.values]
        return max(tops) - min(tops) < self.values[0].place[3] / 2


def is_known_label(text: str) -> bool:
    """Whether words are such as papers put before a value: 付款方式, Received By, 登机时间BDT."""
    text = text.strip().rstrip(COLONS)
    if not text or len(text) > MAX_LABEL:
        return False
    text = NOTE.sub("", text).rstrip()
    if NO_LABEL.search(text):
        return False
    if HAN.search(text):
        return text.strip(TWIN).endswith(ENDS) and not text.endswith(NO_ENDS)
    words = text.lower().split()
    return 0 < len(words) <= WORDS and words[-1].rstrip(".") in LAST


def is_form(row: Sequence[str]) -> bool:
    """Whether the cells of a row are labels and values in turn."""
    labels, values = row[::2], row[1::2]
    return (
        len(row) % 2 == 0
        and all(map(is_known_label, labels))
        and not any(map(is_known_label, values))
    )


def stacks(lines: Sequence[Line]) -> tuple[Stack, ...]:
    """In the order of the labels."""
    return _stacks(tuple(line for line in lines[:MAX_LINES] if line.place[3] and line.text.strip()))


@lru_cache(KEPT)
def _stacks(lines: tuple[Line, ...]) -> tuple[Stack, ...]:
    columns = _Columns(lines)
    lying = rows(list(lines))
    row_of = {line: number for number, row in enumerate(lying) for line in row}
    able: dict[Line, Stack] = {}
    tables: set[int] = set()
    for line in lines:
        if not _is_label(line.text):
            continue
        number = row_of[line]
        if sum(bool(GOODS.fullmatch(one.text.strip())) for one in lying[number]) > 2:
            continue
        found = columns.stack(line)
        if found and columns.is_table(found):
            tables.add(number)
        elif found:
            able[line] = found
    able = {key: one for key, one in able.items() if row_of[key] not in tables}
    sure = {
        key: one
        for key, one in able.items()
        if is_known_label(one.label.text)
        and _is_free(one, lying[row_of[key]], able)
        and not _are_pairs(one, lying, row_of)
    }
    made = dict(sure)
    for key, one in able.items():
        beside = any(other in sure for other in lying[row_of[key]])
        if key not in sure and (beside or _is_in_column(one, sure.values())):
            made[key] = one
    taken = {line for one in able.values() for line in one.values}
    for key, one in made.items():
        if len(one.values) == 1:
            whole = _whole(one.values[0], lying[row_of[one.values[0]]], taken)
            made[key] = Stack(one.label, whole)
    values = {line for one in made.values() for line in one.values}
    return tuple(made[line] for line in lines if line in made and line not in values)


def _is_label(text: str) -> bool:
    text = text.strip().rstrip(COLONS)
    return len(text) <= MAX_LABEL and bool(LETTERS.search(text)) and not NO_LABEL.search(text)


def _is_free(one: Stack, row: list[Line], able: dict[Line, Stack]) -> bool:
    """Whether nothing beside a label is rather its value: no line, another label, one far away."""
    right = next((line for line in row if line.place[0] > one.label.place[0]), None)
    if right is None or right in able or is_known_label(right.text):
        return True
    left, _, width, height = one.label.place
    return right.place[0] - left - width > FAR * height


def _whole(value: Line, row: list[Line], taken: set[Line]) -> list[Line]:
    """A value with its parts at the right."""
    whole = [value]
    for line in row[row.index(value) + 1 :]:
        left, _, width, height = whole[-1].place
        if line in taken or line.place[0] - left - width > BESIDE * height:
            break
        whole.append(line)
    return whole


def _are_pairs(one: Stack, lying: list[list[Line]], row_of: dict[Line, int]) -> bool:
    """Whether a label and the line below it are both labels of a form of two columns."""
    mine, below = one.label, one.values[0]
    if below.place[3] > LARGER * mine.place[3] or not is_known_label(below.text):
        return False
    return any(line.place[0] > below.place[0] for line in lying[row_of[below]])


def _is_in_column(one: Stack, others: Iterable[Stack]) -> bool:
    """Whether a label stands above or below one that is sure, in the same type."""
    left, _, _, height = one.label.place
    return any(
        abs(other.label.place[0] - left) < EDGE * height / 2
        and abs(other.label.place[3] - height) < 0.2 * height
        for other in others
    )


class _Columns:
    """Which line is next above or below another in its column."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = sorted(lines, key=lambda line: line.place[1])
        self.tops = [line.place[1] for line in self.lines]

    def stack(self, label: Line) -> Stack | None:
        """The lines close below a label, if what is around them is farther away."""
        value = self._next(label, NEAR)
        if value is None or value.place[3] < SMALLEST * label.place[3]:
            return None
        height = label.place[3]
        gap = _gap(label, value)
        if gap > NEAR * height or not any(map(str.isalnum, value.text)) or _is_open(value):
            return None
        above = self._before(label)
        is_line = above is not None and above.place[3] < HEADLINE * height
        if above is not None and is_line and _gap(above, label) < gap + LOOSE * height:
            return None
        taken = [value]
        while (following := self._next(taken[-1], REACH)) is not None:
            if _gap(taken[-1], following) >= gap + LOOSE * height:
                break
            if len(taken) == MOST or not WRAPPED.search(label.text) or _is_open(following):
                return None
            taken.append(following)
        return Stack(label, taken)

    def is_table(self, one: Stack) -> bool:
        """Whether the next line of the column has the form of the value."""
        following = self._next(one.values[-1], REACH)
        return (
            following is not None
            and bool(NUMERIC.fullmatch(following.text.strip()))
            and bool(NUMERIC.fullmatch(one.values[0].text.strip()))
        )

    def _next(self, line: Line, reach: float) -> Line | None:
        _, top, _, height = line.place
        at = bisect_left(self.tops, top + height * 0.4)
        for other in itertools.islice(self.lines, at, None):
            if other.place[1] > top + height * (1 + reach):
                return None
            if _is_same_column(line.place, other.place):
                return other
        return None

    def _before(self, line: Line) -> Line | None:
        _, top, _, height = line.place
        at = bisect_left(self.tops, top - height * 0.4)
        for other in reversed(self.lines[max(0, at - 40) : at]):
            if other.place[1] + other.place[3] < top - height * REACH:
                return None
            if _is_same_column(line.place, other.place):
                return other
        return None


def _is_same_column(one: Frame, two: Frame) -> bool:
    """By left edges, by middles, or by right edges."""
    height = min(one[3], two[3])
    middle = one[0] + one[2] / 2 - two[0] - two[2] / 2
    return (
        abs(one[0] - two[0]) <= EDGE * height
        or abs(middle) <= CENTRE * height
        or abs(one[0] + one[2] - two[0] - two[2]) <= CENTRE * height
    )


def _is_open(line: Line) -> bool:
    """Whether a line is a label that waits for its value."""
    return line.text.rstrip().endswith((":", "："))


def _gap(one: Line, two: Line) -> float:
    return two.place[1] - one.place[1] - one.place[3]
