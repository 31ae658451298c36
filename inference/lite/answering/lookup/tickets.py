"""What a railway ticket prints without labels: stations, departure, seat, class and passenger."""

import re
from collections.abc import Iterator

from inference.lite.reading import Line, Reading, rows
from inference.lite.text import normal

TRAVELLED = ("乘车日期", "date of travel")
# (Chinese label, English label, form of the value)
FORMS = (
    ("发车时间", "departure time", re.compile(r"(?P<value>\d{1,2}:\d{2})\s?开")),
    (
        *TRAVELLED,
        re.compile(r"(?P<value>\d{4}年\d{1,2}月\d{1,2}日)\s?(?=\d{1,2}:\d{2}\s?开)"),
    ),
    (
        "座位",
        "seat",
        re.compile(r"(?P<value>\d{1,2}\s?车\s?(?:\d{1,3}[A-F]?号|无座)(?:[上中下]铺)?)"),
    ),
    ("席别", "class", re.compile(r"(?P<value>(?:[一二特]等|商务|硬|软|动)(?:座|卧))")),
    (
        "乘车人",
        "passenger",
        re.compile(r"\d{6,10}\*{2,6}\d{3}[\dXx]\s{0,3}(?P<value>[\u3400-\u9fff·]{2,12})"),
    ),
)
STATION = re.compile(r"[\u3400-\u9fff]{2,10}?站?")
FROM, TO = ("出发站", "departure station"), ("到达站", "arrival station")


def values(reading: Reading, chinese: bool) -> Iterator[tuple[str, str, Line]]:
    """(label, value, line) of each, of tickets alone."""
    trains = {one.value for one in reading.fields if one.name == "train_number"}
    if not trains:
        return
    for row in rows(reading.lines):
        texts = [normal(line.text).strip() for line in row]
        joined = " ".join(texts)
        for zh, en, form in FORMS:
            if match := form.search(joined):
                yield zh if chinese else en, match["value"], row[0]
        at = next((place for place, text in enumerate(texts) if text in trains), None)
        if at and at + 1 < len(texts):
            for label, place in ((FROM, at - 1), (TO, at + 1)):
                if STATION.fullmatch(texts[place]):
                    yield label[0 if chinese else 1], texts[place], row[place]
