"""Who sent a parcel and to whom: name, phone and address as one value."""

import re

from inference.lite.reading import Field, Line, Reading, below, in_rows

MAX_BLOCK = 3  # lines of an address
MAX_SPACE = 1.4  # heights of a line between two lines of an address
SIDE = re.compile(
    r"^[●•\s]{0,3}(?:(?P<to>收(?:件|货)?(?:人|方|信息)?|ship to|deliver to|consignee|recipient|receiver|to)"
    r"|(?P<by>(?:寄|发)(?:件|货)?(?:人|方|信息)?|sender|shipper|ship from|from))(?:[:：\s]{1,4}|$|(?<=[收寄发])(?![件货人方到款银费据条至]))",
    re.IGNORECASE,
)
# A place in China: two of these follow each other, then a number within TO_NUMBER characters.
ADDRESS = re.compile(r"(?:[\u3400-\u9fff]{1,9}(?:省|市|区|县|镇|街道|路|街|大道|巷|村)\s?){2,6}")
TO_NUMBER = 25
PHONE = re.compile(r"1[3-9]\d[\d* -]{6,12}\d")


def party(reading: Reading, name: str) -> list[Field]:
    """Name, phone and address behind or under the label, as one value."""
    group = "to" if name == "receiver" else "by"
    for line in reading.lines:
        match = SIDE.match(line.text)
        if match is None or match[group] is None:
            continue
        texts = [line.text[match.end() :].strip(" :：")]
        texts += [other.text.strip() for other in _block(line, reading.lines, bool(texts[0]))]
        value = " ".join(filter(None, texts))
        if value:
            return [Field(name, value, line.box, line.confidence, None, match[0].strip(" :："))]
    return _delivered_to(reading) if name == "receiver" else []


def _delivered_to(reading: Reading) -> list[Field]:
    """The address of an order without a label, with the name and phone above it."""
    if reading.kind != "order":
        return []
    above = ""
    for line in in_rows(reading.lines):
        place = ADDRESS.match(line.text)
        if place and any(map(str.isdigit, line.text[place.end() :][:TO_NUMBER])):
            value = " ".join(filter(None, [above, line.text.strip()]))
            return [Field("receiver", value, line.box, line.confidence)]
        above = line.text.strip() if PHONE.search(line.text) else ""
    return []


def _block(line: Line, lines: list[Line], has_text: bool) -> list[Line]:
    """The lines of an address beside and under its label, up to another label."""
    left, top, width, height = line.place
    taken: list[Line] = []
    if not has_text:
        taken += [
            other
            for other in lines
            if other.place[0] >= left + width / 2
            and abs(other.place[1] + other.place[3] / 2 - top - height / 2) < height * 0.8
            and other is not line
            and not SIDE.match(other.text)
        ][:1]
    last = taken[-1] if taken else line
    while len(taken) < MAX_BLOCK:
        under = [
            other
            for other in below(last, lines)[:1]
            if other.place[1] - last.place[1] - last.place[3] < MAX_SPACE * last.place[3]
            and not SIDE.match(other.text)
            and not re.match(r"[^\s\d]{2,8}[:：]|[A-Z]{0,4}\d{8}", other.text)
        ]
        if not under:
            break
        taken += under
        last = under[0]
    return taken
