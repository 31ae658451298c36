"""What a language model writes where it should call a tool, as it comes: the call as text (bare
JSON, a code block or broken tags, which the engine's parser does not take for a call), or the
refusal. Nothing of such a call may reach a page."""

import json
import re
from collections.abc import Container
from typing import Any

HEAD = 80  # characters of a line that say whether it may be a call
TAG = "<tool_call>"
FENCE = "```"
LANGUAGES = ("", "json", "jsonc", "xml", "tool_call", "tool_code")  # of a code block with a call
# The first keys of calls, as models write them.
KEYS = (
    "name",
    "function",
    "tool",
    "tool_name",
    "tool_call",
    "arguments",
    "parameters",
    "type",
    "id",
)
NOT_BLANK = re.compile(r"\S")
FIRST_KEY = re.compile(r'\A[\[{\s]*"([^"]{0,40})("?)')
NAMED = re.compile(r'"(?:name|tool|tool_name|function)"\s*:\s*"([^"]{1,64})"')
ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:')


def may_be_call(head: str) -> bool:
    """Whether a line that begins so may be the beginning of a call."""
    head = head.lstrip()
    if head.startswith(FENCE):
        language, newline, rest = head.removeprefix(FENCE).partition("\n")
        if not newline:
            return any(one.startswith(language.strip().lower()) for one in LANGUAGES)
        return language.strip().lower() in LANGUAGES and (not rest.strip() or may_be_call(rest))
    if head[:1] == "<":
        return TAG.startswith(head[: len(TAG)])
    if head[:1] == "`":
        return FENCE.startswith(head)
    if head[:1] not in ("{", "["):
        return False
    key = FIRST_KEY.match(head)
    if key is None:
        return not head.strip("[{ \t\r\n")
    name, is_whole = key[1].lower(), bool(key[2])
    return name in KEYS if is_whole else any(one.startswith(name) for one in KEYS)


def written_call(text: str, names: Container[str]) -> str | None:
    """The tool that the text calls; "" where it calls one that is not in `names`. None where it
    calls nothing."""
    name = _name_in(_json_in(text)) or next(iter(NAMED.findall(text)), "")
    if name in names:
        return name
    is_call = TAG in text or (name and ARGUMENTS.search(text))
    return "" if is_call else None


def _json_in(text: str) -> Any:
    """The first JSON value; None where there is none that is whole."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):  # also a number with more digits than int() reads
        return None


def _name_in(value: Any) -> str:
    """Of a call in any of the usual forms: {name}, {function: {name}}, [{name}]."""
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = next((value[key] for key in KEYS[:5] if value.get(key)), None)
    return value if isinstance(value, str) else ""


class CallWatch:
    """Follows an answer's text as it comes, and knows whether its last lines may be a call."""

    def __init__(self) -> None:
        self._line = ""  # what may be a call, without the spaces before it
        self._is_plain = False  # the line is no call, whatever follows in it
        self._is_sure = False

    def feed(self, text: str) -> bool:
        """Whether the text, with all before it, now ends in what may be a call."""
        if self._is_sure:
            return True
        if self._is_plain:
            newline = text.find("\n")
            if newline < 0:
                return False
            text, self._line = text[newline + 1 :], ""
        line = self._line + text
        start = _first_word(line, 0)
        while start < len(line) and not may_be_call(line[start : start + HEAD]):
            newline = line.find("\n", start)
            if newline < 0:
                self._is_plain, self._line = True, ""
                return False
            start = _first_word(line, newline + 1)
        self._is_plain, self._line = False, line[start:]
        self._is_sure = len(self._line) >= HEAD
        return bool(self._line)


def _first_word(text: str, start: int) -> int:
    """Where it begins, from `start` on; the end of the text where only spaces follow."""
    found = NOT_BLANK.search(text, start)
    return found.start() if found else len(text)


class RefusalWatch:
    """Knows whether an answer is the refusal, by its first sentence. `refusal`: "" for nothing."""

    def __init__(self, refusal: str) -> None:
        self._sentence = re.split(r"(?<=[。.!！])", refusal.strip(), maxsplit=1)[0]
        self._text = ""
        self._is_open = bool(self._sentence)

    def feed(self, text: str) -> bool:
        """Whether the text, with all before it, may be the refusal."""
        if not self._is_open or self.is_refusal:
            return self._is_open
        self._text = (self._text + text).lstrip()
        self._is_open = self._sentence.startswith(self._text) or self.is_refusal
        return self._is_open and bool(self._text)

    @property
    def is_refusal(self) -> bool:
        return bool(self._sentence) and self._text.startswith(self._sentence)
