"""Rules of `assistant.toml` that say when a person is offered: `[[handoff]]`, docs/knowledge.md."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.assistant.claims import claims_of, normal
from gateway.assistant.intents import holds, normal_text

KINDS = ("waybill", "invoice", "receipt", "payment", "order", "error", "chat", "contract", "other")
CONDITIONS = ("words", "kind", "amount_over")
MAX_RULES = 50
MAX_WORDS = 100
MAX_WORD = 60  # characters
ASKED_CHARACTERS = 2_000  # of a question, in which amounts are looked for
MONEY = ("money", "dollar")
AMOUNT = re.compile(r"\d[\d,]{0,14}(?:\.\d{1,4})?")


@dataclass(frozen=True, slots=True)
class HandoffRule:
    """Holds where all of its conditions do. `id` stays the same while the conditions do."""

    id: str
    words: tuple[str, ...] = ()  # one of them is in the question
    kind: str = ""  # of a picture
    amount_over: Decimal | None = None  # an amount in the picture or the question is more

    def holds(
        self, text: str, own: Sequence[dict[str, Any]], earlier: Sequence[dict[str, Any]]
    ) -> bool:
        """`own`: readings of the question's pictures. `earlier`: those before, which count for a
        rule with words where the question has no picture of its own."""
        if self.words and not holds(normal_text(text), self.words):
            return False
        shown = own or (earlier if self.words else ())
        if self.kind:
            shown = [one for one in shown if one.get("kind") == self.kind]
            if not shown:
                return False
        if self.amount_over is None:
            return True
        told = _amounts_in(text)
        return any(one > self.amount_over for one in (*told, *_amounts_of(shown)))


def _amounts_in(text: str) -> list[Decimal]:
    claims = claims_of(normal(text[:ASKED_CHARACTERS]))
    return [one.value for one in claims if one.unit in MONEY and one.value is not None]


def _amounts_of(readings: Sequence[dict[str, Any]]) -> list[Decimal]:
    values = [
        str(field.get("value"))
        for reading in readings
        for field in reading.get("fields") or ()
        if field.get("name") == "amount"
    ]
    found = [AMOUNT.search(value) for value in values]
    return [Decimal(one[0].replace(",", "")) for one in found if one]


def read_rules(value: Any, problems: list[str]) -> tuple[HandoffRule, ...]:
    """The rules of the key `handoff`; what is wrong is left out and named in `problems`."""
    if not isinstance(value, list):
        problems.append("handoff is no list; write [[handoff]]")
        return ()
    if len(value) > MAX_RULES:
        problems.append(f"handoff has {len(value)} rules; only the first {MAX_RULES} count")
    made = []
    for number, one in enumerate(value[:MAX_RULES], start=1):
        rule, fault = _rule(one)
        if fault:
            problems.append(f"handoff rule {number}: {fault}")
        elif rule is not None:
            made.append(rule)
    return tuple(made)


def _rule(value: Any) -> tuple[HandoffRule | None, str]:
    """(the rule, what is wrong). A rule with a fault is left out as a whole: with one condition
    less it would hold more often than it was meant to."""
    when = value.get("when") if isinstance(value, dict) else None
    if not isinstance(when, dict) or not when:
        return None, 'when is missing, such as when = {words = ["…"]}'
    if unknown := [name for name in (*value, *when) if name not in ("when", *CONDITIONS)]:
        return None, f"{unknown[0][:40]!r} is not known here"
    words, kind, over = when.get("words"), when.get("kind", ""), when.get("amount_over")
    if words is not None and not _are_words(words):
        return None, f"words is no list of 1 to {MAX_WORDS} texts of at most {MAX_WORD} characters"
    if "kind" in when and kind not in KINDS:
        return None, f"kind is none of {', '.join(KINDS)}"
    if over is not None and not _is_amount(over):
        return None, "amount_over is no number from 0 on"
    return (
        HandoffRule(
            _id_of(when),
            tuple(normal_text(one) for one in words or ()),
            kind,
            None if over is None else Decimal(str(over)),
        ),
        "",
    )


def _are_words(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 1 <= len(value) <= MAX_WORDS
        and all(isinstance(one, str) and one.strip() and len(one) <= MAX_WORD for one in value)
    )


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _id_of(when: dict[str, Any]) -> str:
    written = json.dumps(when, sort_keys=True, default=str)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:12]
