"""What a hand-over tells staff of its conversation: what was asked, tried, read and cited.

It is made from stored turns, which are masked, and needs no model.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from gateway.assistant.language import language_of
from gateway.handoffs.states import Reason
from gateway.storage.action_tables import Action
from gateway.storage.models import Turn

MAX_TURNS = 60  # the newest
MAX_ASKED, MAX_TRIED, MAX_CITED, MAX_FIELDS, MAX_PICTURES = 8, 8, 8, 40, 16
MAX_WORDS = 200  # characters of one question
OF_FIELD = ("name", "value", "valid", "confidence", "corrected")
LABELS = {
    "zh": {"asked": "问题", "tried": "已尝试", "read": "图片内容", "cited": "依据"},
    "en": {"asked": "Asked", "tried": "Tried", "read": "Read", "cited": "Cited"},
}
REASONS: dict[str, Reason] = {
    "asked": "asked",
    "no_clause": "no_clause",
    "loop": "loop",
    "action": "action",
    "rule": "rule",
}


@dataclass(slots=True)
class Summary:
    """`details`: {asked: [text], tried: [{title, status, text}], cited: [{id, title, clause}]};
    of a write `tried` has `action`, its id, and `by`, whose word it waits for.
    `fields`: [{image, name, value, …}]. `pictures`: ids of files. `reason`, `rule`: of the
    newest answer's offer."""

    text: str = ""
    details: dict[str, list[Any]] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    reason: Reason = "asked"
    rule: str = ""


def summary_of(session: Session, conversation_id: str) -> Summary:
    wanted = (
        select(Turn)
        .where(Turn.conversation_id == conversation_id)
        .order_by(Turn.number.desc())
        .limit(MAX_TURNS)
        .options(selectinload(Turn.files))
    )
    turns = list(reversed(list(session.scalars(wanted))))
    asked = [one.text[:MAX_WORDS] for one in turns if one.role == "user" and one.text]
    details: dict[str, list[Any]] = {
        "asked": asked[-MAX_ASKED:],
        "tried": _tried(session, turns)[-MAX_TRIED:],
        "cited": _cited(turns)[-MAX_CITED:],
    }
    made = Summary(details=details, fields=_fields(turns), pictures=_pictures(turns))
    made.text = _worded(details, made.fields, language_of(list(reversed(asked))))
    offer = next((one.offer for one in reversed(turns) if one.role == "assistant"), None)
    if offer:
        made.reason = REASONS.get(str(offer.get("reason")), "asked")
        made.rule = str(offer.get("rule") or "")[:64]
    session.expunge_all()
    return made


def _tried(session: Session, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The same result once, where it was told last."""
    tried: list[dict[str, Any]] = []
    named = [name for turn in turns for name in turn.actions or ()]
    actions = {one.id: one for one in session.scalars(select(Action).where(Action.id.in_(named)))}
    for turn in turns:
        for tool in turn.tools or ():
            if tool.get("status") == "proposed" and turn.actions:
                continue  # told as the action that it became
            result = tool.get("result") or {}
            said = str(result.get("text") or result.get("reason") or "")
            tried.append({"title": tool.get("title"), "status": tool.get("status"), "text": said})
        for name in turn.actions or ():
            if (action := actions.get(name)) is not None:
                title = action.title.get(action.language) or action.connector
                told = {"title": title, "status": action.status, "text": ""}
                tried.append({**told, "action": name, "by": action.by})
    newest = {json.dumps(one, sort_keys=True): one for one in reversed(tried)}
    return list(reversed(newest.values()))


def _cited(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Each clause once, where it was cited last."""
    found: dict[str, dict[str, Any]] = {}
    for turn in turns:
        for one in turn.citations or ():
            name = str(one.get("id"))
            found.pop(name, None)
            found[name] = {key: one.get(key) for key in ("id", "title", "clause")}
    return list(found.values())


def _fields(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The fields of each picture as its newest reading has them; newest pictures first."""
    by_image: dict[str, list[dict[str, Any]]] = {}
    for turn in reversed(turns):
        for reading in turn.reading or ():
            read = [
                {"image": reading.get("image"), **{key: one.get(key) for key in OF_FIELD}}
                for one in reading.get("fields") or ()
            ]
            by_image.setdefault(f"{reading.get('image')} {reading.get('page')}", read)
    return [one for fields in by_image.values() for one in fields][:MAX_FIELDS]


def _pictures(turns: Sequence[Turn]) -> list[str]:
    """The newest files, in the order in which they were sent."""
    named = dict.fromkeys(one.file_id for turn in turns for one in turn.files)
    return list(named)[-MAX_PICTURES:]


def _worded(details: dict[str, list[Any]], fields: list[dict[str, Any]], language: str) -> str:
    """Plain text, a line for each label."""
    labels = LABELS[language]
    tried = [
        " ".join(filter(None, (f"{one['title']} ({one['status']})", one["text"])))
        for one in details["tried"]
    ]
    cited = [f"{one['title']} {one['clause'] or ''}".strip() for one in details["cited"]]
    lines = {
        "asked": details["asked"],
        "tried": tried,
        "read": [f"{one['name']} {one['value']}" for one in fields],
        "cited": cited,
    }
    between = "；" if language == "zh" else "; "
    colon = "：" if language == "zh" else ": "
    return "\n".join(
        labels[name] + colon + between.join(dict.fromkeys(said))
        for name, said in lines.items()
        if said
    )
