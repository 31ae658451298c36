"""A clause that is asked for by its number: 3.2 条是什么 · 第七条 · article 5."""

import re

CHINESE_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
CHINESE_DIGITS |= {"六": 6, "七": 7, "八": 8, "九": 9}
CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
NUMERAL = "[〇零一二三四五六七八九十百千两]{1,9}"
DOTTED = r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}"
ASKED = re.compile(
    rf"第 ?(?P<ordinal>{NUMERAL}|{DOTTED}) ?[条章节款项](?P<among>之{NUMERAL})?"
    rf"|(?:§|article|clause|section|rule|条款) ?(?P<named>{DOTTED})(?![0-9])"
    rf"|(?<![0-9.a-z])(?P<dotted>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{1,4}})"
    rf"(?= ?(?:条|款|项|节|是(?:什么|啥|怎么|如何|关于|说|讲)|怎么[说讲写规]|咋|里|说|讲|写|规定"
    rf"|内容|的内容|[?？。!！]|$|(?:of .{{1,40}} )?(?:says?|states?|means?)\b))"
)
NUMBER = re.compile(rf"第?({NUMERAL}|{DOTTED})[条章节款项]?(?:之({NUMERAL}))?")


def asked_numbers(text: str) -> tuple[list[str], str]:
    """(canonical numbers, the text without them). `text` is normalised (terms.normalise)."""
    found: list[str] = []
    for match in ASKED.finditer(text):
        number = match.group("ordinal") or match.group("named") or match.group("dotted")
        found.append(canonical(number + (match.group("among") or "")))
    return list(dict.fromkeys(found)), ASKED.sub(" ", text) if found else text


def canonical(number: str) -> str:
    """ "7" of 第七条, 第 7 条 and 7; "12-1" of 第十二条之一. Others stay as they are."""
    match = NUMBER.fullmatch(number.replace(" ", "").lower())
    if not match:
        return number.lower()
    main, among = match.groups()
    made = main if main[0].isdigit() else str(value_of(main))
    return f"{made}-{value_of(among)}" if among else made


def value_of(numeral: str) -> int:
    """一百零三 → 103; 二〇 → 20."""
    if not any(sign in CHINESE_UNITS for sign in numeral):
        return int("".join(str(CHINESE_DIGITS[sign]) for sign in numeral))
    total = digit = 0
    for sign in numeral:
        if sign in CHINESE_UNITS:
            total += (digit or 1) * CHINESE_UNITS[sign]
            digit = 0
        else:
            digit = CHINESE_DIGITS[sign]
    return total + digit
