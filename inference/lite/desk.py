"""What the gateway says about a turn: the field `sightdesk` of a body.

The form is in docs/architecture.md, "The engine seam".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INTENTS = (
    "smalltalk_thanks",
    "smalltalk_greeting",
    "smalltalk_goodbye",
    "who",
    "anger",
    "person",
    "unknown_language",
    "question",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """`clauses` are best first. `intent` and `verdict` are "" where the gateway did not say."""

    clauses: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    intent: str = ""
    verdict: str = ""  # "answer", "suggest" or "none"
    locale: str = ""
    persona: Mapping[str, Any] = field(default_factory=dict)
    # Tools of the company's systems that may be called, and what this turn's calls came to.
    tools: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)

    # What became of earlier proposals that the question asks about: [{title, by, status, text}].
    actions: list[dict[str, Any]] = field(default_factory=list)
    angry: bool = False  # whatever the intent
    handoff: str = ""  # the number under which the person waits for a person already

    def voice(self, name: str, chinese: bool) -> str:
        """A text of the company's persona in this language, "" if it gives none."""
        text = self.persona.get(name) or ""
        if isinstance(text, Mapping):
            keys = ("zh", "zh-CN") if chinese else ("en",)
            text = next((text[key] for key in keys if text.get(key)), "")
        return str(text)


def desk_of(structured: dict[str, Any]) -> Desk:
    """The field of a body that `checked` has checked."""
    intent, verdict = structured.get("intent"), structured.get("verdict")
    return Desk(
        list(structured.get("clauses") or []),
        list(structured.get("suggestions") or []),
        intent if intent in INTENTS else "",
        verdict if verdict in ("answer", "suggest", "none") else "",
        str(structured.get("locale") or ""),
        structured.get("persona") or {},
        list(structured.get("tools") or []),
        list(structured.get("results") or []),
        list(structured.get("actions") or []),
        structured.get("angry") is True,
        str((structured.get("handoff") or {}).get("number") or ""),
    )
