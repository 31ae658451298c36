"""Things that a person names beside those that a change is proposed for.

Of "cancel orders A and B" a model may call for A alone. The answer then says that nothing was
requested for B, so that nobody takes it for done.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.assistant.language import Language
from gateway.assistant.tool_hints import MAX_QUESTION, MAX_WORDS, NUMBER
from gateway.assistant.tool_words import JOINTS, sentence
from gateway.connectors.patterns import PatternError, matches
from gateway.connectors.tool import Tool

LETTER, DIGIT = re.compile(r"[A-Za-z]"), re.compile(r"\d")


def left_out(
    question: str,
    proposed: Sequence[tuple[Tool, Mapping[str, Any]]],
    called: Iterable[Mapping[str, Any]],
    language: Language,
) -> str:
    """The sentence for numbers of the question that have the form of what a proposed change is
    for, and that no call of the turn has used; "" where there are none. `proposed`: (tool, its
    arguments); `called`: the arguments of every call."""
    used = {str(value).upper() for arguments in called for value in arguments.values()}
    words = list(dict.fromkeys(NUMBER.findall(question[:MAX_QUESTION])))
    named: dict[str, None] = {}
    for tool, arguments in proposed:
        for name, value in arguments.items():
            label = tool.label_of(name, language)
            for word in words:
                if word.upper() not in used and _is_such(tool, name, str(value), word):
                    named[f"{label}{JOINTS[language][1]}{word}"] = None
    if not named:
        return ""
    return sentence(language, "left_out", named=JOINTS[language][0].join(list(named)[:MAX_WORDS]))


def _is_such(tool: Tool, name: str, value: str, word: str) -> bool:
    """Whether a word has the form of a property: by its pattern, else letters and digits where its
    value has them."""
    if not NUMBER.fullmatch(value):
        return False
    part = (tool.parameters.get("properties") or {}).get(name)
    pattern = part.get("pattern") if isinstance(part, dict) else None
    try:
        return matches(pattern, word, whole=True) if pattern else _form(word) == _form(value)
    except PatternError:
        return False


def _form(code: str) -> str:
    return DIGIT.sub("0", LETTER.sub("A", code))
