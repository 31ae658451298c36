"""Random conversations as rows of the tables, the same for the same seed: for tests of figures and
for their benchmark."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import insert

from gateway.storage.action_tables import Action
from gateway.storage.answer_facts import topic_of
from gateway.storage.database import Database
from gateway.storage.models import Conversation, Feedback, Handoff, Turn
from gateway.storage.owners import person_digest

MODELS: dict[str, Any] = {
    "conversations": Conversation,
    "turns": Turn,
    "feedback": Feedback,
    "handoffs": Handoff,
    "actions": Action,
}
HOUR = 3_600_000
OUTCOMES = ("answered",) * 14 + ("no_clause", "clarify", "smalltalk", "handoff", None)
REASONS = ("wrong", "outdated", "too long", None)
ASKED = ("退货要多久", "包裹到哪里了", "How do I get an invoice?", "支付失败 PAY-4031", "保修几年")
UNKNOWN = ("能寄到月球吗", "能寄到月球吗？", "Do you sell boats?", "你们老板是谁", "怎么加盟")
ANSWER = "收到商品后七天内可以申请退货，商品应当完好，退款在验收后三个工作日内原路退回。" * 3
CITED = {"id": "after-sales-3.2", "title": "", "clause": "3.2", "text": ANSWER}


@dataclass(slots=True)
class RandomRecords:
    """`start` and `span`: when conversations begin, in milliseconds."""

    seed: int
    conversations: int
    start: int
    span: int
    subjects: int = 40
    _turn: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, row), a conversation before what belongs to it."""
        random = Random(self.seed)
        for number in range(self.conversations):
            yield from self._conversation(random, number)

    def _conversation(self, random: Random, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        person = f"person-{random.randrange(1 + self.conversations // 3)}"
        owner = hashlib.sha256(person.encode()).hexdigest()[:32]
        began = at = self.start + random.randrange(self.span)
        rows: list[tuple[str, dict[str, Any]]] = []
        for _ in range(random.choice((1, 1, 2, 3, 5))):
            rows += self._exchange(random, number, owner, at)
            at += random.randrange(30_000, 20 * HOUR)
        conversation = {
            "id": f"conversation-{number}",
            "owner": owner,
            "person": person_digest(person),
            "title": random.choice(ASKED),
            "created_at": began,
            "updated_at": max(row["created_at"] for table, row in rows if table == "turns"),
        }
        yield "conversations", conversation
        yield from rows
        if random.random() < 0.1:
            yield "handoffs", _handoff(random, number, owner, at)
        if random.random() < 0.1:
            yield "actions", _action(random, number, owner, at)

    def _exchange(
        self, random: Random, number: int, owner: str, at: int
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        outcome = random.choice(OUTCOMES)
        kind, subject = None, None
        if outcome == "answered":
            kind = random.choice(("clause", "clause", "clause", "tool", "reading"))
            subject = f"{kind} {int(random.paretovariate(1)) % self.subjects}"
        asked = random.choice(UNKNOWN if outcome == "no_clause" else ASKED)
        self._turn += 2
        shared = {"conversation_id": f"conversation-{number}", "created_at": at}
        blank: dict[str, Any] = {"suggestions": None, "grounding": None, "tools": None}
        yield (
            "turns",
            {
                **shared,
                **blank,
                "number": self._turn - 1,
                "id": f"turn-{self._turn - 1}",
                "role": "user",
                "state": "done",
                "text": f"{asked} {random.randrange(10**6)}" if outcome != "no_clause" else asked,
                **dict.fromkeys(ANSWER_COLUMNS),
                "degraded": False,
                "citations": [],
                "reading": [],
            },
        )
        yield (
            "turns",
            {
                **shared,
                **blank,
                "number": self._turn,
                "id": f"answer-{self._turn}",
                "role": "assistant",
                "state": "done" if outcome else random.choice(("stopped", "failed")),
                "text": ANSWER if outcome == "answered" else "请问订单号是多少？",
                "model": "fake-vl",
                "degraded": random.random() < 0.02,
                "citations": [{**CITED, "title": subject}] if kind == "clause" else [],
                "reading": [],
                "outcome": outcome,
                "subject_kind": kind,
                "subject": subject,
                "topic": topic_of(owner, kind, subject),
                "is_ungrounded": random.random() < 0.03,
                "first_token_ms": int(random.lognormvariate(6, 1)) if outcome else None,
                "duration_ms": int(random.lognormvariate(7.5, 0.7)),
                "prompt_tokens": random.randrange(300, 3000),
                "completion_tokens": random.randrange(10, 400),
            },
        )
        if random.random() < 0.15:
            rating = random.choice(("up", "up", "down"))
            yield (
                "feedback",
                {
                    "turn_number": self._turn,
                    "rating": rating,
                    "reason": random.choice(REASONS) if rating == "down" else None,
                    "created_at": at + random.randrange(HOUR),
                    "asked_at": at,
                },
            )


ANSWER_COLUMNS = (
    *("model", "outcome", "subject_kind", "subject", "topic", "is_ungrounded"),
    *("first_token_ms", "duration_ms", "prompt_tokens", "completion_tokens"),
)


def _handoff(random: Random, number: int, owner: str, at: int) -> dict[str, Any]:
    claimed = at + random.randrange(1, HOUR) if random.random() < 0.8 else None
    is_over = claimed is not None and random.random() < 0.9
    return {
        "id": f"handoff-{number}",
        "number": 10_000 + number,
        "conversation_id": f"conversation-{number}",
        "owner": owner,
        "status": "resolved" if is_over else "claimed" if claimed else "open",
        "reason": random.choice(("asked", "no_clause", "loop", "action", "rule")),
        "note": "",
        "created_at": at,
        "first_claimed_at": claimed,
        "claimed_at": claimed,
        "handled": random.randrange(HOUR) if is_over else 0,
        "missed_at": at + HOUR if random.random() < 0.2 else None,
        "resolved_at": claimed + HOUR if is_over and claimed else None,
        "outcome": random.choice(("solved", "unsolved")) if is_over else None,
    }


def _action(random: Random, number: int, owner: str, at: int) -> dict[str, Any]:
    status = random.choice(("done", "done", "failed", "cancelled", "expired", "unknown"))
    return {
        **action_row(f"action-{number}", status, at),
        "connector": random.choice(("cancel_order", "issue_refund")),
        "owner": owner,
        "conversation_id": f"conversation-{number}",
    }


def action_row(action_id: str, status: str, at: int) -> dict[str, Any]:
    """`at`: when it was proposed, in milliseconds."""
    return {
        "id": action_id,
        "connector": "cancel_order",
        "title": {"zh": "取消订单"},
        "arguments": {"order": "QH202611090078126"},
        "status": status,
        "by": "customer",
        "has_key": False,
        "owner": "",
        "user": "",
        "tenant": "desk",
        "language": "zh",
        "conversation_id": "",
        "answer_id": "",
        "created_at": at,
        "expires_at": at + HOUR,
        "due_at": at,
        "tries": 1,
    }


def store(database: Database, records: RandomRecords) -> None:
    """Writes them, a statement for each table."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in MODELS}
    for table, row in records:
        tables[table].append(row)
    with database.connected() as connection:
        for name, rows in tables.items():
            if rows:
                connection.execute(insert(MODELS[name]), rows)
