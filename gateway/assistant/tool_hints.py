"""The tools that fit a question, by the numbers that it gives or that its pictures show. A language
model is reminded of them behind the question: small ones answer from clauses otherwise."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.assistant.language import Language
from gateway.assistant.tool_words import JOINTS, title_of
from gateway.connectors.patterns import PatternError, matches
from gateway.connectors.tool import Tool

MAX_QUESTION = 4_000  # characters that are looked at
MAX_WORDS = 8  # words of a question that may be numbers
MAX_TOOLS = 8  # that are named
HAN = re.compile(r"[\u3400-\u9fff]{2,}")
WORD = re.compile(r"[a-z]{4,}")
NUMBER = re.compile(r"(?=[A-Za-z]{0,8}\d)[A-Za-z0-9]{6,64}")


@dataclass(frozen=True, slots=True)
class Hint:
    """`tools`: those that fit, by name and title. `values`: the numbers that fit them. `look`: the
    read that fits, if it is the only one. All are empty where nothing is known to fit."""

    tools: str = ""
    values: str = ""
    look: str = ""


NO_HINT = Hint()


def hint(
    tools: Sequence[Tool], question: str, readings: Iterable[Mapping[str, Any]], language: Language
) -> Hint:
    words = list(dict.fromkeys(NUMBER.findall(question[:MAX_QUESTION])))[:MAX_WORDS]
    shown = {
        str(field.get("name")): str(field.get("value"))
        for reading in readings
        for field in reading.get("fields", ())
        if field.get("value") and field.get("valid") is not False
    }
    fitting: dict[str, Tool] = {}
    typed: set[str] = set()  # names of tools that a number of the question itself fits
    values: dict[str, None] = {}
    for tool in tools:
        for name in tool.parameters.get("required") or ():
            found = _value(tool, name, words)
            if found:
                typed.add(tool.name)
            if value := found or shown.get(tool.field_of.get(name, "")):
                fitting[tool.name] = tool
                values[f"{tool.label_of(name, language)} {value}"] = None
    if not 0 < len(fitting) <= MAX_TOOLS:
        return NO_HINT
    reads = [tool for tool in fitting.values() if tool.effect == "read"]
    look = _named([one for one in reads if one.name in typed] or reads, question, language)
    # A look before a change.
    named = sorted(fitting.values(), key=lambda tool: (tool.name != look, tool.effect == "write"))
    between = JOINTS[language][0]
    titles = ((tool.name, title_of(tool.title, language)) for tool in named)
    around = "{}（{}）" if language == "zh" else "{} ({})"
    told = between.join(around.format(name, title) for name, title in titles)
    return Hint(told, between.join(list(values)[:MAX_WORDS]), look)


def _named(reads: Sequence[Tool], question: str, language: Language) -> str:
    """The only one of the reads; of several, the one of which the question says the most words."""
    if len(reads) < 2:
        return reads[0].name if reads else ""
    said = _words(question[:MAX_QUESTION])
    shares = [
        len(said & _words(f"{tool.title.get(language)} {tool.description.get(language)}"))
        for tool in reads
    ]
    most = max(shares)
    return reads[shares.index(most)].name if most and shares.count(most) == 1 else ""


def _words(text: str) -> set[str]:
    """English words, and pairs of Chinese characters."""
    pairs = (pair for run in HAN.findall(text) for pair in map("".join, pairwise(run)))
    return {*WORD.findall(text.lower()), *pairs}


def _value(tool: Tool, name: str, words: Iterable[str]) -> str:
    """The first of the words that has the form of the property, "" where none has."""
    part = (tool.parameters.get("properties") or {}).get(name)
    pattern = part.get("pattern") if isinstance(part, dict) else None
    try:
        return next((one for one in words if pattern and matches(pattern, one, whole=True)), "")
    except PatternError:
        return ""
