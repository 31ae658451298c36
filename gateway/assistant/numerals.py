"""Numbers as people write them, as values: Arabic, Chinese (十五, 三万, 半), English words."""

from decimal import Decimal, InvalidOperation

DIGITS = (
    dict(zip("零一二三四五六七八九", range(10), strict=True))
    | dict(zip("〇壹贰叁肆伍陆柒捌玖", range(10), strict=True))
    | {"两": 2, "俩": 2, "貳": 2, "參": 3, "陸": 6}
)
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
BIG = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
CHINESE = "".join((*DIGITS, *UNITS, *BIG, "半点"))
WORDS = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split(),
        start=1,
    )
} | {"thirty": 30, "forty": 40, "forty-five": 45, "sixty": 60, "ninety": 90, "hundred": 100}
MAX_DIGITS = 18


def value_of(text: str) -> Decimal | None:
    """The value of one number, such as `1,600.00`, `1.5万`, `十五`, `三分之一` not; None: none."""
    multiplier = 1
    while text and text[-1] in BIG and text[:1].isdigit():
        multiplier *= BIG[text[-1]]
        text = text[:-1]
    if text[:1].isdigit():
        return _arabic(text, multiplier)
    if text.lower() in WORDS:
        return Decimal(WORDS[text.lower()])
    return _chinese(text)


def _arabic(text: str, multiplier: int) -> Decimal | None:
    bare = text.replace(",", "").replace(" ", "")
    if len(bare) > MAX_DIGITS:
        return None
    try:
        return (Decimal(bare) * multiplier).normalize()
    except InvalidOperation:
        return None


def _chinese(text: str) -> Decimal | None:
    """None where `text` has other characters than those of CHINESE. Digits in a row (二〇二六) are
    read as such."""
    whole, dot, fraction = text.partition("点")
    if dot:
        digits = "".join(str(DIGITS[one]) for one in fraction if one in DIGITS)
        base = _chinese(whole)
        if base is None or not digits or len(digits) != len(fraction):
            return None
        return (base + Decimal(f"0.{digits}")).normalize()
    if text == "半":
        return Decimal("0.5")
    if not text or "半" in text or len(text) > MAX_DIGITS:
        return None
    if len(text) > 1 and all(one in DIGITS for one in text):
        return Decimal("".join(str(DIGITS[one]) for one in text))
    total = section = 0
    digit: int | None = None
    for one in text:
        if one in DIGITS:
            digit = DIGITS[one]
        elif one in UNITS:
            section += (1 if digit is None else digit) * UNITS[one]
            digit = None
        elif one not in BIG:  # 第十2条
            return None
        else:
            total = (total + section + (digit or 0)) * BIG[one]
            section, digit = 0, None
    return Decimal(total + section + (digit or 0)).normalize()
