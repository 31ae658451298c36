"""Who is who on a paper: the name, the phone or the place of the party that a question asks for.

Two parties stand on most papers, with names, phones and addresses that look alike. A value is told
only from beside the label of the party that is meant, and only if it is of the kind asked for.
"""

import re
from dataclasses import dataclass

from inference.lite.answering import addresses, facts
from inference.lite.answering.lookup.sorts import Sort
from inference.lite.answering.lookup.sorts import asked as sort_of
from inference.lite.answering.pairs import MARKS, pairs_of
from inference.lite.answering.paragraphs import paragraphs
from inference.lite.answering.role_words import BY_KEY, ROLES, SURNAMES, TOOK, Role
from inference.lite.field_text import plain
from inference.lite.reading import Line, Reading, below, beside, rows
from inference.lite.text import normal

KINDS = (Sort.NAME, Sort.PHONE, Sort.PLACE)
PARCEL = ("order", "waybill")
OF_PARCEL = ("receiver", "sender")
OTHER_THING = re.compile(r"银行|账号|账户|开户|卡号|快递公司|物流公司|运费|邮费")
PHONE = re.compile(
    r"(?<![\d*])(?:\+?\d{2} )?(?:1[3-9]\d[\d* -]{6,12}\d|0\d{2,3}[- ]?\d{7,8}|400[- ]?\d{3}[- ]?\d{4})(?![\d*])"
)
CITY = re.compile(r"(?:[\u3400-\u9fff]{2,8}?(?:省|自治区))?(?P<city>[\u3400-\u9fff]{2,7}?[市州盟])")
ASKS_CITY = re.compile(r"城市|哪个?市|\b(?:city|town)\b", re.IGNORECASE)
OF_PHONE = re.compile(
    r"的?(?:联系)?(?:电话|手机号?码?)$|的?联系方式$|(?:'s)?(?:phone|tel|mobile)(?:number|no)?$"
)
BUTTON = re.compile(r"\s{0,3}(?:复制|查看|拨打|电话|copy|call)$", re.IGNORECASE)
NOT_NAMES = re.compile(
    r"时间|日期|电话|手机|地址|号码?$|金额|方式|状态|单位$|户名|账号|职务|备注|签[字名章]$|联系|^(?:the|this|please|no|yes)\b"
    r"|\b(?:date|time|phone|address|number|signature|reference)\b|\b(?:on|by|at|to|of|for)$|[:：。；;！!?？]$",
    re.IGNORECASE,
)
MAX_NAME = 40  # characters
TO_PHONE = 20  # characters between a name in a sentence and its phone
APART = 6  # heights between a label and a name beside it, from which one below comes first
STUCK = re.compile(r"[\u3400-\u9fff·]{2,4}")
SAME_NAMES = re.compile(r"户名|全称|名称|姓名|账户名称?|name|accountname")


@dataclass(frozen=True, slots=True)
class Held:
    """What stands behind a party's label. `label` is "" in a sentence; `text` is "" where the paper
    leaves it empty."""

    label: str
    text: str
    line: Line


def asked(question: str) -> tuple[Role, Sort] | None:
    """The party that a question asks the name, phone or place of."""
    sort = sort_of(question)
    if sort not in KINDS or OTHER_THING.search(question):
        return None
    role = next((one for one in ROLES if one.asks.search(question)), None)
    if role is None or (sort is Sort.PLACE and role.key not in OF_PARCEL):
        return None
    return role, sort


def value_of(text: str, sort: Sort, question: str = "") -> str:
    """The name, phone or place in what stands behind a party's label; "" without one."""
    text = BUTTON.sub("", text).strip(" :：,，;；/`")
    phone = PHONE.search(text)
    if sort is Sort.PHONE:
        return phone[0].strip() if phone else ""
    if sort is Sort.PLACE:
        return _place(text, question)
    ends = [one.start() for one in (phone, addresses.ADDRESS.search(text)) if one]
    name = text[: min(ends, default=len(text))].strip(" :：,，;；/`【】[]“”")
    return name if is_name(name) else ""


def is_name(text: str) -> bool:
    """Whether a text may be the name of a person or a firm: no number, date, label or sentence."""
    letters = sum(map(str.isalpha, text))
    return (
        letters >= 2
        and len(text) <= MAX_NAME
        and not any(map(str.isdigit, text))
        and not NOT_NAMES.search(text)
        and not text[0].islower()
    )


def held_by(reading: Reading, role: Role) -> list[Held]:
    """What stands behind the labels of a party, the nearest kind of label first; then what
    sentences say of it."""
    made = [*_in_blocks(reading, role), *_in_pairs(reading, role), *_by_place(reading, role)]
    return [*made, *_in_columns(reading, role), *_said(reading, role)]


def is_of(label: str, role: Role, reading: Reading) -> bool:
    """Whether a label without marks names a party on this paper."""
    label = OF_PHONE.sub("", label) or label
    if role.key == "signer" and TOOK.fullmatch(label):
        return facts.kind_of(reading) not in PARCEL
    return role.label.fullmatch(label) is not None


def named_on(reading: Reading, key: str) -> str:
    """The name of a party, "" where the paper has none."""
    names = (value_of(one.text, Sort.NAME) for one in held_by(reading, BY_KEY[key]))
    return next(filter(None, names), "")


def _in_blocks(reading: Reading, role: Role) -> list[Held]:
    """Sender and receiver of a parcel: name, phone and address under a label."""
    if role.key not in OF_PARCEL:
        return []
    return [
        Held(one.label, one.value, Line(one.value, one.box, one.confidence))
        for one in addresses.party(reading, role.key)
    ]


def _in_pairs(reading: Reading, role: Role) -> list[Held]:
    return [
        Held(one.label, one.value, one.line)
        for one in pairs_of(reading)
        if is_of(one.key, role, reading) and not _is_label(one.value)
    ]


def _by_place(reading: Reading, role: Role) -> list[Held]:
    """Behind a label that is a line of its own, beside it or below; or right behind the label's
    last character, as forms print it."""
    made = []
    for line in reading.lines:
        text = normal(line.text).strip()
        if is_of(MARKS.sub("", plain(text)), role, reading):
            near = [one for one in _near(line, reading.lines) if _may_stand(one, role, reading)]
            made += [Held(text.strip(":： "), normal(one.text), one) for one in near[:1]] or [
                Held(text.strip(":： "), "", line)
            ]
            continue
        for end in range(2, min(len(text) - 1, 8)):
            if is_of(MARKS.sub("", plain(text[:end])), role, reading) and _is_person(text[end:]):
                made.append(Held(text[:end], text[end:].split()[0], line))
    return made


def _near(label: Line, lines: list[Line]) -> list[Line]:
    """The lines where the value of a label may stand, the likeliest first."""
    left, _, width, height = label.place
    right, under = beside(label, lines)[:1], below(label, lines)[:1]
    is_far = right and right[0].place[0] - left - width > APART * height
    return [*under, *right] if is_far else [*right, *under]


def _may_stand(line: Line, role: Role, reading: Reading) -> bool:
    """Whether a line may be a party: a name, or a phone or a place of it, and no other label."""
    text = normal(line.text).strip()
    key = MARKS.sub("", plain(text))
    if _is_label(text) or any(is_of(key, one, reading) for one in ROLES):
        return False
    return bool(value_of(text, Sort.NAME) or PHONE.match(text))


def _is_label(text: str) -> bool:
    return bool(re.match(r"[^:：]{1,12}[:：]", text)) or text.endswith((":", "："))


def _is_person(text: str) -> bool:
    """Whether a text begins with a Chinese name, of two to four characters."""
    first = text.split()[0] if text.split() else ""
    return bool(STUCK.fullmatch(first)) and first[0] in SURNAMES and is_name(first)


def _in_columns(reading: Reading, role: Role) -> list[Held]:
    """Payer and payee of a slip that has both beside each other: the payer stands first."""
    if role.key not in ("payer", "payee") or facts.kind_of(reading) not in ("payment", "other"):
        return []
    for row in rows(reading.lines):
        at = [
            number
            for number, line in enumerate(row[:-1])
            if SAME_NAMES.fullmatch(MARKS.sub("", plain(line.text)))
        ]
        if len(at) == 2 and at[1] > at[0] + 1:
            value = row[at[role.key == "payee"] + 1]
            return [Held(role.zh, normal(value.text), value)]
    return []


def _said(reading: Reading, role: Role) -> list[Held]:
    if role.said is None:
        return []
    texts = [one.value for one in reading.fields if one.name == "event"]
    made = []
    for text in map(normal, [*texts, *paragraphs(reading)]):
        for match in role.said.finditer(text):
            found = {group: name for group, name in match.groupdict().items() if name}
            if "name" in found and found["name"][0] not in SURNAMES:
                continue  # 派件员正在派件
            phone = PHONE.search(text, match.end(), match.end() + TO_PHONE)
            made.append(
                Held("", f"{' '.join(found.values())} {phone[0] if phone else ''}", Line(text))
            )
    return made


def _place(text: str, question: str) -> str:
    match = addresses.ADDRESS.search(text)
    place = text[match.start() :].strip() if match else ""
    if place and ASKS_CITY.search(question):
        city = CITY.match(place)
        return city[0] if city else place
    return place
