"""The texts that a language model gets from the desk, put together from `prompt.toml`.

Everything that comes from outside is escaped: a clause, a picture or a client may write tags too.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gateway.assistant.briefing import Briefing
from gateway.assistant.language import Language
from gateway.assistant.persona import Persona
from gateway.assistant.tool_hints import Hint

FILE = Path(__file__).with_name("prompt.toml")
ACTION_CHARACTERS = 500  # of what became of one proposal
READING_CHARACTERS = 4000  # of one picture
# Of the question, which the English prompt says once more behind the clauses.
AGAIN_CHARACTERS = 300
DEADLINE = re.compile(
    r"今天|明天|后天|截止|还剩|还能|过期|超期|到期|期限|几号|多久之前|来得及"
    r"|\b(?:today|tomorrow|deadline|expire[sd]?|still|too late|overdue|due)\b",
    re.IGNORECASE,
)
# Our own tags in somebody else's text.
TAG = re.compile(r"<(?=/?(?:knowledge|clause|reading|client|result)\b)", re.IGNORECASE)
SMALL_TALK = frozenset(("smalltalk_thanks", "smalltalk_greeting", "smalltalk_goodbye"))


@dataclass(frozen=True, slots=True)
class Prompt:
    """`version` counts changes of the file; `texts` are its templates by language and name."""

    version: int
    texts: dict[str, dict[str, Template]]


@cache
def prompt_file() -> Prompt:
    """The file as it was at the first use."""
    data = tomllib.loads(FILE.read_text("utf-8"))
    return Prompt(
        data["version"],
        {
            language: {name: Template(text.strip()) for name, text in data[language].items()}
            for language in ("zh", "en")
        },
    )


def filled(language: Language, text: str, /, **words: str) -> str:
    """The text of that name in the file, with the words put in."""
    return prompt_file().texts[language][text].safe_substitute(words).strip()


def _voice(persona: Persona, language: Language) -> dict[str, str]:
    names = ("name", "company", "tone", "refusal", "handoff_offer", "instructions")
    return {name: getattr(persona, name)[language] for name in names}


def rules(
    persona: Persona, language: Language, client: str = "", *, has_tools: bool = False
) -> str:
    """The system message: the same in every turn of a conversation. `client`: what a client of
    `/v1` wrote as system messages, which stand beside the rules and never above them."""
    made = filled(language, "rules", **_voice(persona, language))
    if has_tools:
        made += f"\n{filled(language, 'rules_tools')}"
    if client.strip():
        made += f"\n\n{filled(language, 'client')}\n<client>{escape(client)}</client>"
    return made


def context(
    briefing: Briefing, language: Language, question: str, today: date, tools: Hint | None = None
) -> str:
    """What stands behind the newest question: the clauses, and a reminder. `tools`: those that may
    be called."""
    parts: list[str] = []
    if briefing.clauses:
        parts += (filled(language, "clauses"), _knowledge(briefing.clauses))
    if briefing.actions:
        parts.append(filled(language, "actions", actions=_actions(briefing.actions, language)))
    if tools is None or not tools.values:
        parts.append(_reminder(briefing, language, question))
    if tools is not None:
        fits = "tools_fit" if tools.values else "tools"
        words = {"tools": tools.tools, "values": tools.values}
        parts.append(filled(language, fits, **{name: escape(one) for name, one in words.items()}))
    if DEADLINE.search(question[:READING_CHARACTERS]):
        parts.append(filled(language, "today", today=today.isoformat()))
    parts.append(filled(language, "language"))
    return "\n".join(parts)


def _knowledge(clauses: list[dict[str, Any]]) -> str:
    lines = ["<knowledge>"]
    for number, clause in enumerate(clauses, start=1):
        attributes = {"ref": f"[{number}]", "title": clause["title"], "number": clause["clause"]}
        if clause.get("kind") == "correction":
            attributes["corrected"] = clause.get("date") or "yes"
        named = " ".join(f"{name}={quoteattr(str(value))}" for name, value in attributes.items())
        lines.append(f"<clause {named}>{escape(str(clause['text']))}</clause>")
    return "\n".join([*lines, "</knowledge>"])


def _actions(actions: list[dict[str, Any]], language: Language) -> str:
    lines = []
    for one in actions:
        title = one["title"].get(language) or next(iter(one["title"].values()), "")
        state = filled(language, f"action_{one['status']}")
        told = f"{title}: {state} {one['text'][:ACTION_CHARACTERS]}".strip()
        lines.append(f"<result>{escape(told)}</result>")
    return "\n".join(lines)


def _reminder(briefing: Briefing, language: Language, question: str) -> str:
    voice = _voice(briefing.persona, language)
    if briefing.intent in SMALL_TALK:
        return filled(language, "reminder_smalltalk")
    if briefing.intent == "person" and briefing.handoff is not None:
        return filled(language, "reminder_waiting", number=str(briefing.handoff["number"]))
    told = [filled(language, "reminder_anger")] if briefing.is_angry else []
    if briefing.intent in ("who", "person"):
        return "\n".join([*told, filled(language, f"reminder_{briefing.intent}", **voice)])
    if briefing.clauses:
        first = briefing.clauses[0]
        again = " ".join(question[:AGAIN_CHARACTERS].split())
        words = {
            "question": without_tags(again) or "see the picture",  # said in English alone
            "title": escape(str(first["title"])),
            "number": escape(str(first["clause"])),
            "ref": "[1]",
        }
        told.append(filled(language, "reminder_answer", **words))
    elif briefing.actions:
        pass  # what became of the proposals answers it
    elif briefing.suggestions:
        titles = "; ".join(escape(str(one["title"])) for one in briefing.suggestions)
        told.append(filled(language, "reminder_suggest", suggestions=titles))
    else:
        told.append(filled(language, "reminder_none"))
    return "\n".join(told)


def reading_note(reading: dict[str, Any]) -> str:
    """The text behind a picture in its message: what a machine read in it, and what the person
    corrected. Escaped: a picture can show `</reading>` too."""
    text = "\n".join(str(line["text"]) for line in reading.get("lines", ()))
    made = escape(text[:READING_CHARACTERS])
    corrected = [
        f"{one['name']} (corrected): {one['value']}"
        for one in reading.get("fields", ())
        if one.get("corrected")
    ]
    state = ' partial="yes"' if reading.get("partial") else ""
    state += ' legible="no"' if reading.get("legible") is False else ""
    return "\n".join([f"<reading{state}>{made}", *map(escape, corrected)]) + "</reading>"


def without_tags(text: str) -> str:
    """A message of the conversation, which cannot write a clause or a reading of its own."""
    return TAG.sub("&lt;", text)
