"""Makes a short string that matches a pattern in RE2's syntax: a placeholder for a schema."""

import unicodedata

from inference.lite.patterns import compiled

MAX_SAMPLE = 1_000
CLASSES = {"d": "0", "D": "A", "w": "A", "W": "-", "s": " ", "S": "A"}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
TRIED = "0A a-_.,:/@#中é一" + "".join(map(chr, range(33, 127)))
QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def sample(pattern: str, more: int) -> str:
    """A string that should match; the caller checks it.

    `more` repeats are added where the pattern allows them. Raises ValueError or LookupError for
    syntax that is not understood here.
    """
    return _Sampler(pattern, more).alternatives()[:MAX_SAMPLE]


class _Sampler:
    """Recursive descent over a pattern that RE2 has compiled. Takes the first of alternatives."""

    def __init__(self, pattern: str, more: int) -> None:
        self._text = pattern
        self._more = more
        self._at = 0

    def alternatives(self) -> str:
        first = self._sequence()
        while self._take("|"):
            self._sequence()
        return first

    def _sequence(self) -> str:
        made = ""
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            made = (made + self._repeated())[: MAX_SAMPLE + 1]
        return made

    def _repeated(self) -> str:
        atom = self._atom()
        while self._at < len(self._text) and self._text[self._at] in "*+?{":
            bounds = self._quantifier()
            if bounds is None:
                break
            least, most = bounds
            self._take("?")
            times = least + self._more if most is None else min(least + self._more, most)
            atom = atom * min(times, MAX_SAMPLE)
        return atom

    def _quantifier(self) -> tuple[int, int | None] | None:
        mark = self._text[self._at]
        if mark in QUANTIFIERS:
            self._at += 1
            return QUANTIFIERS[mark]
        inside, closed, _ = self._text[self._at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closed or not least.isdecimal() or (most and not most.isdecimal()):
            return None  # RE2 reads such a brace as itself
        self._at += len(inside) + 2
        return int(least), int(most) if most else (None if comma else int(least))

    def _atom(self) -> str:
        mark = self._text[self._at]
        self._at += 1
        if mark == "(":
            return self._group()
        if mark == "[":
            return self._class()
        if mark == "\\":
            return self._escape()
        if mark == ".":
            return "A"
        return "" if mark in "^$" else mark

    def _group(self) -> str:
        if self._take("?"):
            end = min(place for place in map(self._find, ":)>") if place >= 0)
            self._at = end + 1
            if self._text[end] == ")":
                return ""
        made = self.alternatives()
        self._take(")")
        return made

    def _class(self) -> str:
        start = self._at - 1
        self._take("^")
        self._take("]")
        while self._text[self._at] != "]":
            if self._text[self._at] == "\\":
                self._at += 1
            elif self._text.startswith("[:", self._at):
                self._at = self._text.index(":]", self._at) + 1
            self._at += 1
        self._at += 1
        return _member(self._text[start : self._at])

    def _escape(self) -> str:
        mark = self._text[self._at]
        self._at += 1
        if mark in "bBAz":
            return ""
        if mark in "pP":
            start = self._at
            self._at = self._text.index("}", start) + 1 if self._text[start] == "{" else start + 1
            return _member(f"\\{mark}{self._text[start : self._at]}")
        if mark in "ux":
            return self._code(4 if mark == "u" else 2)
        return CLASSES.get(mark) or CONTROLS.get(mark) or mark

    def _code(self, length: int) -> str:
        if self._take("{"):
            end = self._text.index("}", self._at)
            number, self._at = self._text[self._at : end], end + 1
        else:
            number, self._at = self._text[self._at : self._at + length], self._at + length
        return chr(int(number, 16))

    def _take(self, mark: str) -> bool:
        taken = self._text.startswith(mark, self._at)
        self._at += taken
        return taken

    def _find(self, mark: str) -> int:
        return self._text.find(mark, self._at)


def _member(kind: str) -> str:
    """A character of a class, such as `[^a-f]` or `\\p{Han}`."""
    pattern = compiled(kind)
    for character in TRIED:
        if pattern.fullmatch(character):
            return character
    for code in range(0xA0, 0xFFFF):
        if pattern.fullmatch(chr(code)) and unicodedata.category(chr(code)) not in (
            "Cs",
            "Cn",
            "Co",
        ):
            return chr(code)
    raise ValueError(f"no character is in {kind}")
