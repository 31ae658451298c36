"""What a conversation holds before a question: read in the transaction that stores it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Before:
    """`handoff`: {id, number, status, assignee} of the one that is not resolved. `was_no_clause`:
    the newest turn is an answer that found no clause. `causes`: the rule, else the reason, of each
    hand-over that is resolved."""

    handoff: dict[str, Any] | None = None
    was_no_clause: bool = False
    causes: frozenset[str] = frozenset()

    @property
    def claimed(self) -> dict[str, Any] | None:
        """The hand-over, where a person has claimed it."""
        is_claimed = self.handoff is not None and self.handoff["status"] == "claimed"
        return self.handoff if is_claimed else None


NOTHING = Before()


def before_questions(rows: Iterable[Any]) -> Mapping[str, Before]:
    """By conversation, from the rows of `TurnStatements.before`."""
    found: dict[str, Before] = {}
    for conversation_id, outcome, handoff_id, number, status, assignee, cause in rows:
        before = found.get(conversation_id) or Before(was_no_clause=outcome == "no_clause")
        if status == "resolved":
            before = replace(before, causes=before.causes | {cause})
        elif status is not None:
            told = {"id": handoff_id, "number": number, "status": status, "assignee": assignee}
            before = replace(before, handoff=told)
        found[conversation_id] = before
    return found
