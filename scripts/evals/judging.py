"""Judges one answer by what its turn expects."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.evals.cases import NOTHING, AllOf, Expect

CITED = 5  # a clause must be among so many citations
CJK = re.compile(r"[\u3400-\u9fff]")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
RANGE = re.compile(r"(?<=\d)(?:[-‐-―−~～]|至|到|to)(?=\d)")
MONEY = str.maketrans("", "", "¥￥,")


@dataclass(slots=True)
class Answer:
    """What came back for one turn. `tools`: names of those that gave a result; `asked`: (name,
    arguments) of the same. `error`: why there is no answer, "" if there is one."""

    text: str = ""
    citations: list[Mapping[str, Any]] = field(default_factory=list)  # id, title, clause, text
    readings: list[Mapping[str, Any]] = field(default_factory=list)
    outcome: str = ""
    tools: list[str] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    actions: list[Mapping[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    first_token: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """`what` is the expectation's key; "first" says that the clause is the first citation."""

    what: str
    right: bool
    why: str = ""  # what was wanted and what came, where it is wrong


def judge(expect: Expect, answer: Answer) -> list[Mark]:
    """One mark for each expectation that was given."""
    marks = []
    if answer.error:
        marks.append(Mark("answer", False, answer.error))
    if expect.clause is not None:
        marks += judge_clause(expect.clause, answer.citations)
    if expect.clause_text:
        marks += judge_clause_text(expect.clause_text, answer.citations)
    if expect.text or expect.not_text:
        marks.append(judge_text(expect, answer.text))
    if expect.field:
        marks.append(judge_fields(expect.field, answer.readings))
    if expect.outcome:
        right = answer.outcome in expect.outcome
        marks.append(_mark("outcome", right, "/".join(expect.outcome), answer.outcome))
    if expect.tool:
        marks.append(judge_name("tool", expect.tool, answer.tools))
    if expect.action:
        connectors = [str(action.get("connector", "")) for action in answer.actions]
        marks.append(judge_name("action", expect.action, connectors))
    if expect.arguments:
        marks.append(judge_arguments(expect, answer))
    if expect.language:
        spoken = language_of(answer.text)
        marks.append(_mark("language", spoken == expect.language, expect.language, spoken))
    return marks


def judge_clause(wanted: AllOf, citations: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Two marks: a wanted clause is first; all wanted clauses are among the first five. One mark,
    "nothing", where nothing may be cited."""
    cited = [str(citation.get("id", "")) for citation in citations[:CITED]]
    if not wanted:
        return [_mark("nothing", not citations, "no citation", cited)]

    def holds(group: Iterable[str], among: Sequence[Mapping[str, Any]]) -> bool:
        return any(names(each, citation) for each in group for citation in among)

    named = " and ".join("/".join(group) for group in wanted)
    first = any(holds(group, citations[:1]) for group in wanted)
    every = all(holds(group, citations[:CITED]) for group in wanted)
    return [_mark("first", first, named, cited), _mark("clause", every, named, cited)]


def judge_clause_text(wanted: AllOf, citations: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """As `judge_clause`, by what the clause says: for handbooks whose clauses have no number."""
    texts = [plain(str(citation.get("text", ""))) for citation in citations[:CITED]]

    def holds(group: Iterable[str], among: Sequence[str]) -> bool:
        return any(plain(each) in text for each in group for text in among)

    named = " and ".join("/".join(group) for group in wanted)
    first = any(holds(group, texts[:1]) for group in wanted)
    every = all(holds(group, texts) for group in wanted)
    cited = [str(citation.get("id", "")) for citation in citations[:CITED]]
    return [_mark("first", first, named, cited), _mark("clause", every, named, cited)]


def names(wanted: str, citation: Mapping[str, Any]) -> bool:
    """Whether `wanted` is the citation's id, the end of its id after a folder, or its number.

    `after-sales#3.2` is that clause in every language; `3.2` is any clause with that number.
    """
    found = str(citation.get("id", ""))
    number = unicodedata.normalize("NFKC", str(citation.get("clause", "")))
    return (
        found == wanted
        or found.endswith("/" + wanted)
        or (bool(number) and number == unicodedata.normalize("NFKC", wanted))
    )


def judge_text(expect: Expect, text: str) -> Mark:
    said = plain(text)
    missing = [
        "/".join(group) for group in expect.text if not any(plain(each) in said for each in group)
    ]
    false = [each for each in expect.not_text if plain(each) in said]
    why = "; ".join([f"{each!r} is missing" for each in missing] + [f"says {e!r}" for e in false])
    return Mark("text", not why, why and f"{why} in {text[:160]!r}")


def judge_fields(wanted: Mapping[str, str], readings: Sequence[Mapping[str, Any]]) -> Mark:
    read = [
        (str(each.get("name")), str(each.get("value")))
        for reading in readings
        for each in reading.get("fields") or ()
    ]
    known = {(name, bare(value)) for name, value in read}
    missing = [f"{k} = {v}" for k, v in wanted.items() if (k, bare(v)) not in known]
    return _mark("field", not missing, ", ".join(missing), [f"{k} = {v}" for k, v in read])


def judge_name(what: str, wanted: str, came: Sequence[str]) -> Mark:
    """Whether `wanted` is among them, or nothing came where "none" is wanted."""
    right = not came if wanted == NOTHING else wanted in came
    return _mark(what, right, wanted, list(came))


def judge_arguments(expect: Expect, answer: Answer) -> Mark:
    """`arguments` are a part of those of an action, of the one that is expected, if one is; or of a
    read, where no action is expected."""
    calls = [(str(one.get("connector", "")), one.get("arguments") or {}) for one in answer.actions]
    wanted = expect.action
    if wanted in ("", NOTHING):
        wanted = "" if expect.tool == NOTHING else expect.tool
        calls += answer.asked
    given = [arguments for name, arguments in calls if wanted in ("", name)]
    right = any(expect.arguments.items() <= each.items() for each in given)
    return _mark("arguments", right, dict(expect.arguments), given)


def plain(text: str) -> str:
    """For comparing: NFKC, lower case, no white space, one dash between numbers, no thousands'
    commas."""
    folded = re.sub(r"[\s*`]+", "", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"(?<=\d),(?=\d{3})", "", RANGE.sub("-", folded))


def bare(value: str) -> str:
    """A field's value without currency and thousands' commas."""
    return plain(value).translate(MONEY)


def language_of(text: str) -> str:
    """`zh` or `en`, by which there is more of: Chinese characters, or Latin words of two letters
    or more. "" where there is neither."""
    chinese, latin = len(CJK.findall(text)), len(LATIN_WORD.findall(text))
    if not chinese and not latin:
        return ""
    return "zh" if chinese > latin else "en"


def _mark(what: str, right: bool, wanted: object, came: object) -> Mark:
    return Mark(what, right, "" if right else f"wanted {wanted}, came {came or 'none'}")
