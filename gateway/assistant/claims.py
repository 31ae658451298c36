"""What a text claims that can be looked up: numbers with their units, dates, times, codes, and the
numbers of clauses.

Ordinary list numbering, `[1]`, and how many points an answer makes of something are no claims.
"""

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from gateway.assistant.numerals import CHINESE, WORDS, value_of

Kind = Literal["number", "date", "time", "code", "clause"]
Key = tuple[str, ...]  # equal keys of one kind are the same claim

_UNITS: dict[str, str] = {
    "day": "个?工作日|个?自然日|天|日|business days?|working days?|calendar days?|days?",
    "hour": "个?小时|个?钟头|hours?|hrs?",
    "minute": "分钟|minutes?|mins?",
    "second": "秒钟?|seconds?|secs?",
    "week": "个?星期|周|weeks?",
    "month": "个月|months?",
    "year": "年|周年|years?",
    "money": "元|块钱?|人民币|rmb|cny|yuan|圆",
    "dollar": "美元|美金|dollars?|usd",
    "percent": "%|‰|percent|per cent",
    "kilogram": "公斤|千克|kg|kilograms?|kilos?",
    "gram": "克|g|grams?",
    "centimetre": "厘米|公分|cm|centimet(?:er|re)s?",
    "metre": "米|m|met(?:er|re)s?",
    "millimetre": "毫米|mm",
    "megabyte": "mb|兆",
    "times": "次|times|倍",
    "piece": "件|个|只|台|瓶|箱|盒|包|套|双|条|pieces?|items?|parcels?",
    "pixel": "px|像素|pixels?",
}
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
# Of what an answer counts itself: "两步", "3 处不同".
_OWN = "处|步|种|点|方面|项|份|张|页|行|列|位|类|条(?!款|例)|points?|steps?|pictures?|pages?|differences?"
OWN_COUNT = re.compile(rf"(?:{_OWN})")
OWN_MOST = 20
UNIT = re.compile(rf"[ -]?(?![ -])(?:{_UNIT})(?![a-z])")
CLAUSE = re.compile(
    rf"第 ?(?P<a>[\d{CHINESE}]{{1,8}}(?:\.\d{{1,3}}){{0,4}}) ?(?:条|章|款|节)"
    rf"(?:之(?P<b>[{CHINESE}]{{1,3}}))?"
    r"|\b(?:clause|article|section|sec\.|art\.) ?(?P<c>\d{1,4}(?:\.\d{1,3}){0,4})\b"
    r"|》 ?(?:第 ?)?(?P<d>\d{1,4}(?:\.\d{1,3}){0,4})(?![\d%元天])"
    r"|(?<![\d.])(?P<e>\d{1,4}(?:\.\d{1,3}){1,4}) ?(?:条|款|节)"
)
DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/.年] ?(?P<month>\d{1,2})[-/.月] ?(?P<day>\d{1,2})(?!\d)日?"
    r"|(?<![\d.])(?P<m>\d{1,2})月 ?(?P<d>\d{1,2})(?!\d)[日号]?"
)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = "|".join(MONTHS)
ENGLISH_DATE = re.compile(
    rf"\b(?P<m>{_MONTH})[a-z]{{0,6}}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>20\d\d))?\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?P<m2>{_MONTH})[a-z]{{0,6}}\.?(?:,? (?P<y2>20\d\d))?\b"
)
TIME = re.compile(r"(?<![\d:])(?P<h>[01]?\d|2[0-3]):(?P<min>[0-5]\d)(?::[0-5]\d)?(?![\d:])")
# Letters and digits joined, or capitals with an underscore: PAY-1042, ERR_TIMED_OUT.
CODE = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{0,40}[0-9_])(?=[A-Za-z0-9_-]{0,40}[A-Za-z])"
    r"[A-Za-z0-9]{1,40}(?:[_-][A-Za-z0-9]{1,40}){0,8}(?![A-Za-z0-9_])"
)
NUMBER = re.compile(
    r"(?:(?P<sign>[¥￥$€£]) ?)?"
    rf"(?P<n>(?<![\d.])\d{{1,3}}(?:,\d{{3}}){{1,6}}(?:\.\d{{1,8}})?[万亿]?"
    rf"|\d{{1,30}}(?:\.\d{{1,8}})?[万亿]?|百分之[{CHINESE}]{{1,8}}"
    rf"|(?<![{CHINESE}])[{CHINESE}]{{1,12}}(?=个?工作日|个?自然日|个?小时|个月|个?星期|[天日元块周年件次倍折克米]"
    rf"|公斤|千克|分钟|钟头|秒)|\b(?:{'|'.join(WORDS)})\b(?= ))"
)
# At the start of a line: a list's number.
LIST_NUMBER = re.compile(
    r"^[ \t>*-]{0,6}(?:\d{1,2}[.、)）:](?!\d)|[(（]\d{1,2}[)）])", re.MULTILINE
)
REFERENCE = re.compile(r"\[\d{1,2}\]|【\d{1,2}】|\[(?:图|picture )\d{1,2}\]")
# "拍清楚再发一次" counts nothing.
AGAIN = re.compile(r"(?:再|重新)[^，,。；;！!？?\d\n]{0,8}?(?<![十百千万])一[次遍]")
LINK = re.compile(r"https?://[^\s)\]}，。]{1,500}")
LONG_NUMBER = 6  # digits of a number that is an identifier, which has no unit
FOLD = "fold"
BLANK = "  "  # two: a number and a unit may have one space between them
MOST_EXPANDED = 2  # times the characters that NFKC may make of a text


class Claim(NamedTuple):
    """`text` as it stands in the answer, `unit` of a number ("" where it has none)."""

    kind: Kind
    text: str
    key: Key
    unit: str = ""
    value: Decimal | None = None


def normal(text: str) -> str:
    """One form for answers and sources: NFKC, without what is no claim in them.

    NFKC writes some characters as eighteen; of such a text only a part is kept.
    """
    made = unicodedata.normalize("NFKC", text)[: MOST_EXPANDED * len(text)]
    return AGAIN.sub(" ", REFERENCE.sub(" ", LIST_NUMBER.sub(" ", LINK.sub(" ", made))))


def claims_of(text: str) -> list[Claim]:
    """The claims of a text in `normal` form, each place once."""
    found: list[Claim] = []
    rest = text
    for pattern, made in (
        (CLAUSE, _clause),
        (DATE, _date),
        (ENGLISH_DATE, _date),
        (TIME, _time),
        (CODE, _code),
    ):
        lowered = rest.lower() if pattern is not CODE else rest
        spans: list[tuple[int, int]] = []
        for match in pattern.finditer(lowered):
            claim = made(match, rest[match.start() : match.end()])
            if claim is not None:
                found.append(claim)
                spans.append(match.span())
        rest = _blanked(rest, spans)
    return [*found, *_numbers(rest)]


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with those places blank: what is one claim is no other."""
    pieces, last = [], 0
    for start, end in spans:
        pieces += [text[last:start], BLANK]
        last = end
    return "".join((*pieces, text[last:]))


def _clause(match: "re.Match[str]", text: str) -> Claim | None:
    number = next(match[name] for name in "acde" if match[name])
    return Claim("clause", text.strip("》 "), (clause_key(number, match["b"] or ""),))


@lru_cache(1_024)  # numbers come from outside: they must not stay for ever
def clause_key(number: str, after: str = "") -> str:
    """`第十五条` and `15` are one clause; `3.2` is itself."""
    if "." in number:
        return number + after
    value = value_of(number)
    return f"{number if value is None else value:f}{after}" if value is not None else number


def _date(match: "re.Match[str]", text: str) -> Claim | None:
    named = {name: value for name, value in match.groupdict().items() if value}
    year = named.get("year") or named.get("y") or named.get("y2") or ""
    month = named.get("month") or named.get("m") or named.get("m2") or ""
    day = int(named.get("day") or named.get("d") or named.get("d2") or 0)
    number = int(month) if month.isdigit() else MONTHS.index(month) + 1
    if not (1 <= number <= 12 and 1 <= day <= 31):
        return None
    return Claim("date", text, (year, str(number), str(day)))


def _time(match: "re.Match[str]", text: str) -> Claim:
    return Claim("time", text, (str(int(match["h"])), match["min"]))


def _code(match: "re.Match[str]", text: str) -> Claim | None:
    if text[0].isdigit() and UNIT.fullmatch(text.lstrip("0123456789.").lower()):
        return None  # 5kg
    if len(text) < 3 or ("_" in text and text.islower()):
        return None
    if not any(one.isdigit() for one in text) and not text.isupper():
        return None
    return Claim("code", text, (text.upper().replace("-", "").replace("_", ""),))  # as `squeezed`


def squeezed(text: str) -> str:
    """Letters and digits alone, in capitals: how an identifier is compared."""
    return "".join(one for one in text.upper() if one.isalnum())


def _numbers(text: str) -> list[Claim]:
    found = []
    lowered = text.lower()
    for match in NUMBER.finditer(lowered):
        claim = _number(match, lowered)
        if claim is not None:
            found.append(claim)
    return found


def _number(match: "re.Match[str]", text: str) -> Claim | None:
    digits = match["n"]
    is_percent = digits.startswith("百分之")
    if digits.isdigit() and len(digits) >= LONG_NUMBER:
        return Claim("code", digits, (digits,))
    value = value_of(digits.removeprefix("百分之"))
    if value is None:
        return None
    unit_match = UNIT.match(text, match.end())
    unit = (unit_match.lastgroup or "") if unit_match else ""
    unit = "percent" if is_percent else unit
    unit = {"¥": "money", "$": "dollar"}.get(match["sign"] or "", unit)
    shown = text[match.start() : unit_match.end() if unit_match else match.end()].strip()
    if text[match.end() : match.end() + 1] == "折":
        unit, shown = FOLD, shown + "折"
    is_small = value <= OWN_MOST and value == value.to_integral_value()
    if is_small and not match["sign"] and unit in ("", "piece"):
        after = text[match.end() : match.end() + 14].lstrip(" 个")
        if OWN_COUNT.match(after) or not digits.isdigit():
            return None
    return Claim("number", shown, (f"{value:f}",), unit, value)
