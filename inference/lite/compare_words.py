"""The result of a comparison in words."""

from collections.abc import Sequence

from inference.lite.budget import Budget
from inference.lite.compare import Difference, differences
from inference.lite.compare_hunks import CLOSE, OPEN
from inference.lite.reading import Reading

MAX_TOLD = 60  # rows of the table
MAX_DOUBTS = 10
MAX_CELL = 200  # characters
NOTHING = ("(无)", "(none)")
KINDS = {
    "removed": ("删除", "removed"),
    "added": ("新增", "added"),
    "moved": ("位置移动", "moved"),
    "renumbered": ("编号变化", "renumbered"),
}


def compared(
    first: Sequence[Reading], second: Sequence[Reading], chinese: bool, budget: Budget
) -> str:
    """Markdown: how many places differ, a table of them, and what may be the OCR's mistake.

    Raises LiteError as `differences` does.
    """
    found = differences(first, second, budget)
    sure = [one for one in found if one.is_sure]
    doubts = [one for one in found if not one.is_sure]
    are_pictures = len(first) == len(second) == 1
    parts = [_head(len(sure), bool(doubts), are_pictures, chinese)]
    if sure:
        parts.append(_table(sure[:MAX_TOLD], are_pictures, chinese))
    if len(sure) > MAX_TOLD:
        rest = len(sure) - MAX_TOLD
        parts.append(f"另有 {rest} 处未列出。" if chinese else f"{rest} more are not listed.")
    if doubts:
        parts.append(_doubts(doubts, chinese))
    return "\n\n".join(parts)


def _head(count: int, has_doubts: bool, are_pictures: bool, chinese: bool) -> str:
    if chinese:
        name = "两张图" if are_pictures else "两份文件"
        if count:
            return f"{name}中有 {count} 处不同："
        if has_doubts:
            return f"{name}中没有发现确定的不同。"
        return f"{name}中读到的文字完全相同。"
    name = "pictures" if are_pictures else "documents"
    if count:
        return f"The two {name} differ in {count} place{'s' if count > 1 else ''}:"
    if has_doubts:
        return f"No certain difference was found between the two {name}."
    return f"The text read from the two {name} is the same."


def _table(found: list[Difference], are_pictures: bool, chinese: bool) -> str:
    """A Markdown table. Text from a document cannot break out of its cell."""
    if chinese:
        unit = "张" if are_pictures else "份"
        head = ["序号", "位置", f"第一{unit}", f"第二{unit}"]
    else:
        head = ["#", "Where", "First", "Second"]
    lines = [f"| {' | '.join(head)} |", "| --- | --- | --- | --- |"]
    for number, one in enumerate(found, start=1):
        cells = str(number), _place(one, chinese), *(_cell(text, chinese) for text in _quotes(one))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _place(one: Difference, chinese: bool) -> str:
    kind = KINDS.get(one.kind)
    said = f" ({kind[0 if chinese else 1]})" if kind else ""
    return _escaped(one.place) + said


def _quotes(one: Difference) -> tuple[str, str]:
    return one.first, one.second


def _cell(text: str, chinese: bool) -> str:
    if not text:
        return NOTHING[0 if chinese else 1]
    shown = text if len(text) <= MAX_CELL else text[:MAX_CELL] + "…"
    if OPEN in shown and CLOSE not in shown:
        shown += CLOSE
    shown = _escaped(shown.replace(OPEN + CLOSE, ""))
    return shown.replace(OPEN, "**").replace(CLOSE, "**")


def _doubts(doubts: list[Difference], chinese: bool) -> str:
    head = (
        f"另有 {len(doubts)} 处可能只是识别误差，请对照原图："
        if chinese
        else f"{len(doubts)} more may be mistakes of the text recognition; please check them:"
    )
    rows = [
        f"- {_cell(one.first, chinese)} / {_cell(one.second, chinese)}"
        for one in doubts[:MAX_DOUBTS]
    ]
    return "\n".join([head, "", *rows])


def _escaped(text: str) -> str:
    """Plain text in a cell of a Markdown table."""
    for character in "\\`*_<>[]|~":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
