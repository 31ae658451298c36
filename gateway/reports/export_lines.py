"""Records as lines of an export: JSON objects from which every figure can be recomputed, and rows
of a table (docs/records.md). Times are Unix seconds unless their name says otherwise."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from gateway.privacy.redaction import mask
from gateway.reports.answers import IS_OF_STAFF, within
from gateway.reports.exchanges import PAGE, Exchange, Filters, corrected_text, exchanges
from gateway.reports.period import Period
from gateway.storage.action_tables import Action
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Handoff, Turn

Pseudonym = Callable[[str], str]
ActionJSON = Callable[[Action], dict[str, Any]]
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# The same behind what may separate cells: in many countries that is a semicolon.
FORMULA_WITHIN = re.compile(r"([;\t\r\n] {0,32})(?=[=+\-@＝＋－＠])")
BOM = "\ufeff"  # tells Excel that the text is UTF-8
COLUMNS = (
    *("time", "conversation", "customer", "question", "files", "answer", "state", "outcome"),
    *("subject_kind", "subject", "citations", "tools", "model", "degraded", "ungrounded"),
    *("rating", "reason", "handed_over", "returned", "corrected_answer"),
    *("first_token_ms", "duration_ms", "prompt_tokens", "completion_tokens", "knowledge_version"),
)


class ExportLines:
    """Synchronous: read it in threads. `pseudonym`: of the digest of an owner; `action_json`: an
    action as staff see it."""

    def __init__(self, database: Database, pseudonym: Pseudonym, action_json: ActionJSON) -> None:
        self._database = database
        self._pseudonym = pseudonym
        self._action_json = action_json

    def json_lines(self, period: Period, filters: Filters) -> Iterator[bytes]:
        """Pieces. With a filter there are exchanges only. Raises StoreUnavailable."""
        for page in exchanges(self._database, period, filters):
            yield _lines(self.exchange(one) for one in page)
        if filters == Filters():
            yield from self._others(period)

    def table(self, period: Period, filters: Filters) -> Iterator[bytes]:
        """CSV (RFC 4180) in pieces: a row for each exchange."""
        yield (BOM + _row(COLUMNS)).encode()
        for page in exchanges(self._database, period, filters):
            yield "".join(_row(self._cells(one)) for one in page).encode()

    def exchange(self, one: Exchange) -> dict[str, Any]:
        asked, answer = one.question, one.answer
        rated = answer.feedback if answer is not None else None
        return {
            "object": "exchange",
            "conversation_id": one.conversation_id,
            "customer": self._pseudonym(one.owner),
            "created_at": one.created_at // 1000,
            "question": asked
            and {
                "id": asked.id,
                "text": asked.text,
                "files": [file.file_id for file in asked.files],
            },
            "answer": answer and _answer(answer),
            "rating": rated and rated.rating,
            "reason": rated and rated.reason,
            "rated_at": rated and rated.created_at // 1000,
            "handed_over": one.is_handed,
            "returned": one.is_returned,
            "correction": one.correction
            and {
                "id": one.correction.id,
                "text": corrected_text(one.correction),
                "author": one.correction.author,
                "created_at": one.correction.created_at // 1000,
            },
        }

    def _others(self, period: Period) -> Iterator[bytes]:
        """Conversations that began, staff's messages, hand-overs, actions."""
        for model, as_json, where in (
            (Conversation, self._conversation, ()),
            (Turn, _message, (IS_OF_STAFF,)),
            (Handoff, _handoff, ()),
            (Action, self._action, (Action.parent_id.is_(None),)),
        ):
            for rows in _rows(self._database, model, period, *where):
                yield _lines(as_json(row) for row in rows)

    def _conversation(self, one: Conversation) -> dict[str, Any]:
        return {
            "object": "conversation",
            "id": one.id,
            "customer": self._pseudonym(one.owner),
            "title": one.title,
            "created_at": one.created_at // 1000,
            "updated_at": one.updated_at // 1000,
        }

    def _action(self, one: Action) -> dict[str, Any]:
        told = self._action_json(one)
        told["decided_by"] = mask(told["decided_by"]) if told["decided_by"] else None
        return told

    def _cells(self, one: Exchange) -> list[Any]:
        told = self.exchange(one)
        asked, answer = told["question"] or {}, told["answer"] or {}
        grounding = answer.get("grounding") or {}
        return [
            datetime.fromtimestamp(told["created_at"], UTC).isoformat(),
            told["conversation_id"],
            told["customer"],
            asked.get("text"),
            " ".join(asked.get("files", ())),
            *(answer.get(name) for name in ("text", "state", "outcome")),
            *(answer.get(name) for name in ("subject_kind", "subject")),
            "; ".join(str(cited.get("title")) for cited in answer.get("citations", ())),
            "; ".join(str(tool.get("name")) for tool in answer.get("tools", ())),
            *(answer.get("model"), answer.get("degraded")),
            None if "supported" not in grounding else not grounding["supported"],
            *(told["rating"], told["reason"], told["handed_over"], told["returned"]),
            (told["correction"] or {}).get("text"),
            *(answer.get(name) for name in COLUMNS[-5:]),
        ]


def _answer(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id,
        "text": turn.text,
        "state": turn.state,
        "outcome": turn.outcome,
        "model": turn.model,
        "degraded": turn.degraded,
        "citations": turn.citations,
        "reading": turn.reading,
        "suggestions": turn.suggestions or [],
        "grounding": turn.grounding,
        "tools": turn.tools or [],
        "actions": turn.actions or [],
        "subject_kind": turn.subject_kind,
        "subject": turn.subject,
        "first_token_ms": turn.first_token_ms,
        "duration_ms": turn.duration_ms,
        "prompt_tokens": turn.prompt_tokens,
        "completion_tokens": turn.completion_tokens,
        "knowledge_version": turn.knowledge_version,
    }


def _message(turn: Turn) -> dict[str, Any]:
    return {
        "object": "message",
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "role": turn.role,
        "author": turn.author,
        "text": turn.text,
        "created_at": turn.created_at // 1000,
    }


def _handoff(one: Handoff) -> dict[str, Any]:
    """Without the contact, which is not masked."""
    first = one.first_claimed_at
    return {
        "object": "handoff",
        "id": one.id,
        "number": one.number,
        "conversation_id": one.conversation_id,
        "status": one.status,
        "reason": one.reason,
        "note": one.note,
        "outcome": one.outcome,
        "resolution": one.resolution,
        "assignee": one.assignee,
        "created_at": one.created_at // 1000,
        "missed": one.missed_at is not None,
        "waiting_s": None if first is None else (first - one.created_at) // 1000,
        "handling_s": None if first is None else one.handled // 1000,
        "resolved_at": one.resolved_at and one.resolved_at // 1000,
    }


def _rows(database: Database, model: Any, period: Period, *where: Any) -> Iterator[list[Any]]:
    """Rows of a table by time, in pages, each read in its own transaction."""
    key = Turn.number if model is Turn else model.id
    last: tuple[Any, Any] | None = None
    while True:
        wanted = select(model).where(within(model.created_at, period), *where)
        if last is not None:
            wanted = wanted.where(tuple_(model.created_at, key) > last)
        with database.reading() as session:
            rows = _detached(session, wanted.order_by(model.created_at, key).limit(PAGE))
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        last = rows[-1].created_at, getattr(rows[-1], key.key)


def _detached(session: Session, wanted: Any) -> list[Any]:
    rows = list(session.scalars(wanted))
    session.expunge_all()
    return rows


def _lines(rows: Any) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _row(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: Any) -> Any:
    """What a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, str):
        return cell
    safe = FORMULA_WITHIN.sub(r"\1'", cell)
    return "'" + safe if cell.startswith(FORMULA) else safe
