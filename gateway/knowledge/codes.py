"""Error codes and model numbers in a text. A code is one word: PAY-9999 is not PAY-4031."""

import re
from dataclasses import dataclass

WORD = re.compile(r"[a-z0-9]+(?:[_.-][a-z0-9]+)*")
LETTERS, DIGITS, LEADING = re.compile("[a-z]"), re.compile("[0-9]"), re.compile("[a-z]+")
HEX = re.compile("0x[0-9a-f]{3,16}")
# A number that stands behind a word for errors: 错误 691, HTTP 502, error 12029.
NUMBERED = re.compile(
    r"(?:http|error|err|code|错误码|错误|代码|报错|提示|显示|报)[ :：#]{0,3}([0-9]{3,6})(?![0-9.])"
)
# A short code behind such a word: 显示 E4, 报 AC-F9, the display shows F21.
SHORT = re.compile(
    r"(?:错误码?|代码|报错|故障码?|提示|显示|报|跳|出现|\b(?:error|err|code|shows?|says|reads|displays?))"
    r"[ :：#]{0,3}((?:[a-z]{1,4}-)?[a-z]{1,3}-?[0-9]{1,2})(?![0-9a-z.-])"
)
SHORT_CODE = re.compile(r"(?<![0-9.a-z_-])(?:[a-z]{1,4}-)?[a-z]{1,3}-?[0-9]{1,2}(?![0-9.a-z_-])")
NUMBER = re.compile(r"(?<![0-9.a-z_-])[0-9]{3,6}(?![0-9.a-z_-])")
ABOUT_ERRORS = re.compile(
    "错误|报错|代码|故障|异常|失败|提示|http|err(?:or)?(?![a-z])|code|fail|warning"
)
MAX_CODE_DIGITS = 6  # a longer one is somebody's order, waybill or phone number
MIN_VALUE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Coded:
    """`codes` in the order of the text; `rest`: the text without them and without long numbers."""

    codes: tuple[str, ...]
    rest: str


def split_codes(text: str) -> Coded:
    """`text` is normalised (terms.normalise)."""
    codes: list[str] = []
    cut: list[tuple[int, int]] = []
    for match in WORD.finditer(text):
        word = match.group()
        if is_code(word):
            codes.append(word)
        elif len(DIGITS.findall(word)) < MIN_VALUE_DIGITS:
            continue
        cut.append(match.span())
    for pattern in (NUMBERED, SHORT):
        for match in pattern.finditer(text):
            codes.append(match.group(1))
            cut.append(match.span(1))
    rest, at = "", 0
    for start, end in sorted(cut):
        rest += text[at:start] + " "
        at = max(at, end)
    return Coded(tuple(dict.fromkeys(codes)), rest + text[at:])


def codes_of_clause(title: str, text: str) -> set[str]:
    """The codes that a clause names, normalised. Numbers count where its title is about errors."""
    found = {word for word in WORD.findall(f"{title}\n{text}") if is_code(word)}
    if ABOUT_ERRORS.search(title):
        found.update(NUMBER.findall(f"{title}\n{text}"))
    found.update(NUMBERED.findall(text))
    found.update(SHORT.findall(text), SHORT_CODE.findall(title))
    return found


def is_code(word: str) -> bool:
    """err_timed_out, pay-4031, ali40247, 0x80070005; not 48h, ipv4, usb-c, or an order number."""
    if HEX.fullmatch(word):
        return True
    digits = len(DIGITS.findall(word))
    if not word[0].isalpha() or not LETTERS.search(word) or digits > MAX_CODE_DIGITS:
        return False
    if "_" in word:
        return len(word) >= 5
    return digits >= 3 or (digits >= 2 and "-" in word)


def family(code: str) -> str:
    """The letters that a code begins with: codes of one system share them. "http" of a number."""
    leading = LEADING.match(code)
    return leading.group() if leading else "http"
