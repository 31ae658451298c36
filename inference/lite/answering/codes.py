"""Error codes: the clause that names one, and what it says. A code is one word."""

import re
from dataclasses import dataclass, field

from inference.lite.answering import facts
from inference.lite.answering.clauses import Clause, answered, whole
from inference.lite.answering.markdown import bold, plain
from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply, together
from inference.lite.budget import Budget
from inference.lite.fields import fields_in
from inference.lite.reading import Reading

MAX_TEXT = 4_000  # characters of a clause in which other codes are looked for
BETWEEN = re.compile(r"[-_\s]+")
HTTP = re.compile(r"http(?:\s?error)?\s?(\d{3})", re.IGNORECASE)
SPACE = re.compile(r"\s")
TITLE_PARTS = re.compile(r"[:：(（)）]")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a picture or question, and the clauses that name the known ones."""

    codes: list[str]
    known: dict[str, Clause] = field(default_factory=dict)  # code → clause, each clause once
    unknown: list[str] = field(default_factory=list)  # codes that no clause names


def in_question(text: str, clauses: list[Clause], budget: Budget) -> Codes:
    found = [one.value for one in fields_in(text, budget) if one.name == "error_code"]
    return _looked_up(sorted(found, key=text.find), clauses)


def in_picture(reading: Reading, clauses: list[Clause]) -> Codes:
    return _looked_up([fact.field.value for fact in facts.of(reading, "error_code")], clauses)


def told(codes: Codes, question: str, chinese: bool, budget: Budget) -> Reply:
    """What the known codes mean and what to do, from their clauses."""
    return together(
        [_told(code, clause, question, chinese, budget) for code, clause in codes.known.items()]
    )


def _told(code: str, clause: Clause, question: str, chinese: bool, budget: Budget) -> Reply:
    reply = answered(question, [clause], chinese, budget)
    if names(str(clause.get("text") or ""), code):
        return reply
    title = str(clause.get("title") or "").rpartition(" · ")[2]
    meaning = plain(_meaning(title, code))
    head = bold(code)
    if meaning:
        lead = say("code_means", chinese, code=head, meaning=meaning)
    else:
        lead = head + ("：" if chinese else ": ")
    return Reply(lead + reply.text, reply.outcome, reply.citations)


def names(text: str, code: str) -> bool:
    """Whether the text has the code as a word of its own, however it is written."""
    http = HTTP.fullmatch(code.strip())
    if http:
        return "http" in text.lower() and _has_word(text, http[1])
    words = BETWEEN.sub(" ", code.upper()).strip()
    text = BETWEEN.sub(" ", text.upper())
    return _has_word(text, words) or _has_word(text, words.replace(" ", ""))


def without_others(
    clauses: list[Clause], codes: list[str], budget: Budget, about: str = ""
) -> list[Clause]:
    """The clauses that are not about another code than these, or whose title is said in `about`."""
    about = SPACE.sub("", about)
    return [
        one
        for one in clauses
        if any(names(whole(one), code) for code in codes)
        or _is_symptom(one, others := _codes_of(one, budget), about)
        or not others
    ]


def _codes_of(clause: Clause, budget: Budget) -> list[str]:
    found = fields_in(whole(clause)[:MAX_TEXT], budget)
    return [one.value for one in found if one.name == "error_code"]


def _is_symptom(clause: Clause, codes: list[str], about: str) -> bool:
    """Whether a text has the title of a clause without its codes: 数据加载失败."""
    title = str(clause.get("title") or "").rpartition(" · ")[2]
    parts = [SPACE.sub("", part) for part in TITLE_PARTS.split(title)]
    said = [one for one in parts if one and not any(names(one, code) for code in codes)]
    return bool(said) and all(one.lower() in about.lower() for one in said)


def _looked_up(codes: list[str], clauses: list[Clause]) -> Codes:
    known: dict[str, Clause] = {}
    unknown: list[str] = []
    for code in codes:
        named = next((one for one in clauses if names(whole(one), code)), None)
        if named is None:
            unknown.append(code)
        elif named not in known.values():
            known[code] = named
    return Codes(codes, known, unknown)


def _has_word(text: str, word: str) -> bool:
    at = text.find(word) if word else -1
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(word) : at + len(word) + 1]
        if not any(one.isascii() and one.isalnum() for one in around):
            return True
        at = text.find(word, at + 1)
    return False


def _meaning(title: str, code: str) -> str:
    """A clause's title without its codes: "域名解析失败" of "域名解析失败：DNS_PROBE_…"."""
    parts = [part.strip() for part in TITLE_PARTS.split(title)]
    return "：".join(part for part in parts if part and not names(part, code))
