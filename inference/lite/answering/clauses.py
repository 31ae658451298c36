"""Answers from clauses: the sentences that answer, then where they stand."""

import math
import re
from collections import Counter
from typing import Any

from inference.lite.answering.extracts import best_of, sentences, shared, terms
from inference.lite.answering.markdown import plain, quoted
from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.budget import Budget
from inference.lite.language import language_of

MAX_CLAUSES = 3
# A further clause is named too if its doubt (1 − score) is at most NEAR times the best one's.
NEAR, LEAST_DOUBT = 2.0, 0.02
SHORT = 180  # characters of a Chinese clause that is said whole, SHORT_ENGLISH of an English one
SHORT_ENGLISH = 400
STEPS = 600  # characters of a list of steps that is said whole
MAX_QUOTE = 900  # characters of a quote
AROUND = 120  # characters on each side of the answer where a clause is longer than that
MAX_FURTHER = 200  # characters of a further clause
LABEL = re.compile(r"^(?:[QA问答]\d{0,4}|问题|回答)\s?[:：.、]\s?")
STEP = re.compile(r"^\d{1,2}[.、)）]", re.MULTILINE)
HOW = re.compile(r"怎么|如何|怎样|流程|步骤|\bhow (?:do|can|to)\b", re.IGNORECASE)
STEPS_FIT = 2.0  # what steps add to the fit of a clause, for a question how to do something
PLAIN_NUMBER = re.compile(r"[\d.]{1,20}|[一二三四五六七八九十百]{1,6}")

Clause = dict[str, Any]


def answered(question: str, clauses: list[Clause], chinese: bool, budget: Budget) -> Reply:
    """The answer that the best clause gives, with the further ones that come near it."""
    best, *others = clauses
    text = _told(question, best, chinese, budget)
    doubt = max(NEAR * (1 - _score(best)), LEAST_DOUBT)
    further = [one for one in others if 1 - _score(one) <= doubt][: MAX_CLAUSES - 1]
    if further:
        listed = [f"- {_briefly(question, one, chinese, budget)}" for one in further]
        text += f"\n\n{say('see_also', chinese)}\n" + "\n".join(listed)
    return Reply(text, "answered", [str(one.get("id") or "") for one in [best, *further]])


def for_parts(questions: list[str], clauses: list[Clause]) -> list[Clause | None]:
    """For each part of a question the clause that serves it best.

    By the words in common, the rare ones weighing more. Parts take clauses in the order of their
    fit and share one only where nothing else fits; without a word in common, in the given order.
    """
    counts = Counter(term for one in clauses for term in terms(whole(one)))
    fits = []
    for at, question in enumerate(questions):
        for number, one in enumerate(clauses):
            found = shared(question, whole(one))
            fit = sum(math.log(1 + len(clauses) / counts[term]) for term in found)
            if found and HOW.search(question) and len(STEP.findall(str(one.get("text")))) >= 2:
                fit += STEPS_FIT
            fits.append((-fit, number, at))
    chosen: dict[int, int] = {}
    for fit, number, at in sorted(fits):
        if fit and at not in chosen and number not in chosen.values():
            chosen[at] = number
    for fit, number, at in sorted(fits):
        if fit:
            chosen.setdefault(at, number)
    if clauses and 0 not in chosen.values():
        # The gateway's best clause is never left out: the part with the least fit takes it.
        least = max(
            range(len(questions)), key=lambda at: min(fit for fit, _, of in fits if of == at)
        )
        chosen[least] = 0
    for at in range(len(questions)):
        rest = [number for number in range(len(clauses)) if number not in chosen.values()]
        if at not in chosen and rest:
            chosen[at] = rest[0]
    return [clauses[chosen[at]] if at in chosen else None for at in range(len(questions))]


def reference(clause: Clause, chinese: bool) -> str:
    """Where a quote stands: the document and the clause's number, or who wrote a correction."""
    title, number = plain(str(clause.get("title") or "")), plain(str(clause.get("clause") or ""))
    if clause.get("kind") == "correction":
        who, when = plain(str(clause.get("author") or "")), plain(str(clause.get("date") or ""))
        if chinese:
            return f"客服{who}的更正" + (f"（{when}）" if when else "")
        return "a correction" + (f" by {who}" if who else "") + (f" of {when}" if when else "")
    is_plain = bool(PLAIN_NUMBER.fullmatch(number))
    if chinese:
        return f"《{title}》" + (f"第 {number} 条" if is_plain else number)
    return f"“{title}”" + (f", {'clause ' if is_plain else ''}{number}" if number else "")


def whole(clause: Clause) -> str:
    return f"{clause.get('title') or ''}\n{clause.get('text') or ''}"


def _score(clause: Clause) -> float:
    score = clause.get("score")
    return 1.0 if score is None else float(score)


def _told(question: str, clause: Clause, chinese: bool, budget: Budget) -> str:
    text = str(clause.get("text") or "").strip()
    named = reference(clause, chinese)
    basis = say("basis", chinese, references=named)
    language = language_of(text)
    if language and (language == "zh") != chinese:
        lead = f"{say('foreign', chinese)}\n\n{quoted(_excerpt(question, text, budget))}"
        return f"{lead}\n\n{basis}"
    if len(text) <= _short(text, language):
        return f"{_unlabelled(text)}\n\n{basis}"
    lead = _lead(question, text, budget)
    quote = quoted(_excerpt(question, text, budget))
    return f"{lead}\n\n{say('whole', chinese, reference=named)}\n\n{quote}"


def _short(text: str, language: str) -> int:
    """Up to how many characters the text is said whole: one step of several is no answer."""
    if len(STEP.findall(text[:STEPS])) >= 2:
        return STEPS
    return SHORT if language == "zh" else SHORT_ENGLISH


def _lead(question: str, text: str, budget: Budget) -> str:
    found = best_of(question, text, budget) or sentences(text)[:1]
    chinese = language_of(text) == "zh"
    return ("" if chinese else " ").join(STEP.sub("", _unlabelled(one)).strip() for one in found)


def _excerpt(question: str, text: str, budget: Budget) -> str:
    """The text, or the part around the answer where it is long."""
    if len(text) <= MAX_QUOTE:
        return text
    found = best_of(question, text, budget) or sentences(text)[:1]
    at = text.find(found[0]) if found else 0
    start = text.rfind("\n", 0, max(at - AROUND, 0)) + 1 if at > AROUND else 0
    end = text.find("\n", at + AROUND)
    end = min(end if end >= 0 else len(text), start + MAX_QUOTE)
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def _briefly(question: str, clause: Clause, chinese: bool, budget: Budget) -> str:
    text = str(clause.get("text") or "").strip()
    if len(text) > MAX_FURTHER or len(STEP.findall(text)) >= 2:
        text = _lead(question, text, budget)[:MAX_FURTHER]
    text = " ".join(_unlabelled(text).split())
    named = reference(clause, chinese)
    return f"{text}（{named}）" if chinese else f"{text} ({named})"


def _unlabelled(text: str) -> str:
    """Without "A12：" before an answer."""
    return LABEL.sub("", text)
