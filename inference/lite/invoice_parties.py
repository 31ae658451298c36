"""Who sold and who bought: names and tax ids of an invoice, by its blocks and columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from inference.lite.checks import is_tax_number
from inference.lite.field_search import LETTER, NAME, NAME_END, Search
from inference.lite.paper import Hit, Written, next_label, rest

SELLER, BUYER = "seller", "buyer"
# A block's title, alone or split into single characters that stand one over the other.
BUYER_SIGN = re.compile(
    r"购买方(?:信息)?|购货单位|购方|买方|购买?|买方?|bill(?:ed)? to:?|buyer:?|customer:?"
)
SELLER_SIGN = re.compile(
    r"销售方(?:信息)?|销货单位|销方|卖方|开票方|销售?|售方?|(?:bill )?from:?|seller:?|supplier:?|vendor:?"
)
MAX_CLUES = MAX_ENTRIES = 50  # an invoice has two parties: each entry is compared to each clue
COLUMN = 3  # heights of a line by which the left edges of one block differ at most
NAME_LABELS = frozenset(("名称",))
TAX_LABELS = frozenset(
    ("统一社会信用代码/纳税人识别号", "纳税人识别号", "统一社会信用代码", "税号", "vatno")
)
TAX_ID = re.compile(r"(?<![A-Z0-9])[0-9A-Z/ ]{15,22}(?![A-Z0-9])")
LOOKS_LIKE = {
    "O": "0",
    "I": "1",
    "S": "5",
    "B": "8",
    "Z": "2",
    "0": "O",
    "8": "B",
    "5": "S",
    "1": "I",
    "2": "Z",
}


@dataclass(slots=True)
class Entry:
    """A name or a tax id, and the side that its own line names ("" if none)."""

    is_name: bool
    value: str
    line: Written
    span: tuple[int, int]
    side: str
    label: str


def add_parties(search: Search) -> None:
    """Adds `seller`, `buyer` and their tax numbers where their labels did not say them."""
    clues = list(islice(_clues(search), MAX_CLUES))
    entries = list(islice(_entries(search), MAX_ENTRIES))
    for is_name in (True, False):
        of_sort = [entry for entry in entries if entry.is_name is is_name]
        suffix = "" if is_name else "_tax_number"
        for entry in of_sort:
            search.paper.check()
            entry.side = entry.side or _side_by(entry, clues)
            if not is_name and not entry.side:
                entry.side = _side_of_name(entry, [one for one in entries if one.is_name])
        _fill(of_sort, {side for side in (SELLER, BUYER) if search.values(side + suffix)})
        for entry in of_sort:
            search.paper.check()
            if entry.side and not search.values(entry.side + suffix):
                value = entry.value if is_name else _repaired(entry.value, search.ocr)
                valid = None if is_name else is_tax_number(value)
                doubt = 1.0 if is_name or value == entry.value else 0.9
                search.add(
                    entry.side + suffix,
                    value,
                    entry.line,
                    entry.span,
                    label=entry.label,
                    valid=valid,
                    doubt=doubt,
                )
    _add_named_below(search, clues)
    _forget_general(search, [entry.line for entry in entries])


def _fill(entries: list[Entry], known: set[str]) -> None:
    """Without a clue the buyer stands first, above or at the left, as the official form has it."""
    taken = {entry.side for entry in entries if entry.side} | known
    for entry in entries:
        if not entry.side:
            entry.side = next((side for side in (BUYER, SELLER) if side not in taken), "")
            taken.add(entry.side)


def _clues(search: Search) -> Iterator[tuple[str, Written]]:
    for line in search.paper.lines:
        search.paper.check()
        text = re.sub(r"\s{1,8}", " ", line.plain.strip())
        if BUYER_SIGN.fullmatch(text):
            yield BUYER, line
        elif SELLER_SIGN.fullmatch(text):
            yield SELLER, line


def _entries(search: Search) -> Iterator[Entry]:
    """Names and tax ids after a label that does not say whose they are, in reading order."""
    for line in search.paper.lines:
        search.paper.check()
        for hit in line.hits:
            search.paper.check()
            if hit.key in NAME_LABELS or hit.key in TAX_LABELS:
                is_name = hit.key in NAME_LABELS
                side = _side_before(line.plain[: hit.start])
                for other, start in _places(search, line, hit):
                    value, end = _value(other, start, is_name)
                    if value:
                        span = (start, end)
                        yield Entry(is_name, value, other, span, side, hit.word)
                        break


def _side_before(text: str) -> str:
    """购名称: the block's character is read as a part of the line."""
    text = text.strip()[-4:]
    if re.search(r"[购买]方?$", text):
        return BUYER
    return SELLER if re.search(r"[销售卖]方?$", text) else ""


def _places(search: Search, line: Written, hit: Hit) -> Iterator[tuple[Written, int]]:
    text, start, _ = rest(line, hit)
    if text:
        yield line, start
        return
    for other in search.paper.beside(line)[:1]:
        if not other.leads:
            yield other, 0
    for other in search.paper.below(line)[:1]:
        if not other.leads:
            yield other, 0


def _value(line: Written, start: int, is_name: bool) -> tuple[str, int]:
    text = line.text[start : next_label(line, start)]
    if not is_name:
        match = TAX_ID.match(text.upper())
        value = re.sub(r"\s", "", match[0]) if match else ""
        return value, start + (match.end() if match else 0)
    end = NAME_END.search(text)
    text = (text[: end.start()] if end else text).strip(" :")
    is_name = bool(NAME.fullmatch(text)) and bool(LETTER.search(text))
    return (text if is_name else ""), start + len(text)


def _side_by(entry: Entry, clues: list[tuple[str, Written]]) -> str:
    """The side of the nearest title at the left in the same band, or else above."""
    left, top, _, height = entry.line.line.place
    best, side = float("inf"), ""
    for name, clue in clues:
        x, y, width, tall = clue.line.place
        if x > left:
            continue
        is_level = y - 1.5 * height <= top + height / 2 <= y + tall + 1.5 * height
        if is_level and x + width <= left + height:
            distance = left - (x + width)
        elif y < top and top - y < 12 * height:
            distance = 1_000 + (top - y) + abs(left - x)
        else:
            continue
        if distance < best:
            best, side = distance, name
    return side


def _side_of_name(entry: Entry, names: list[Entry]) -> str:
    """The side of the name that stands over a tax id: a person has a name and no id."""
    left, top, _, height = entry.line.line.place
    over = [
        (top - name.line.line.place[1], name.side)
        for name in names
        if name.side
        and abs(name.line.line.place[0] - left) < COLUMN * height
        and name.line.line.place[1] <= top
    ]
    return min(over)[1] if over else ""


def _add_named_below(search: Search, clues: list[tuple[str, Written]]) -> None:
    """A title such as `From:` with the name under it."""
    for side, clue in clues:
        search.paper.check()
        if search.values(side):
            continue
        for other in search.paper.below(clue)[:1]:
            value, end = _value(other, 0, is_name=True)
            if value and not other.leads and other.is_free(0, end):
                search.add(side, value, other, (0, end), label=clue.text.strip(" :"))


def _repaired(number: str, ocr: bool) -> str:
    """A tax id of which one look-alike was misread, if exactly one change makes its check right."""
    if not ocr or len(number) != 18 or is_tax_number(number):
        return number
    right = {
        changed
        for place, character in enumerate(number)
        if (other := LOOKS_LIKE.get(character))
        and is_tax_number(changed := number[:place] + other + number[place + 1 :])
    }
    return right.pop() if len(right) == 1 else number


def _forget_general(search: Search, used: list[Written]) -> None:
    """Removes tax ids and companies that are a party's by now."""
    party = {
        value
        for name in (SELLER, BUYER, "seller_tax_number", "buyer_tax_number")
        for value in search.values(name)
    }
    lines = {id(line) for line in used}
    search.drop(
        [
            one
            for one in search.found
            if (one.field.name in ("tax_number", "company") and one.field.value in party)
            or (one.field.name == "tax_number" and id(one.line) in lines)
        ]
    )
