"""Conditions and sums that figures of questions and answers share."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column

from gateway.reports.period import Period
from gateway.storage.models import Turn

# Not every message of the assistant: some tell how an action or a hand-over went on.
IS_ANSWER = Turn.is_ungrounded.is_not(None)
# No parameter: SQLite uses a partial index only for a condition that equals the index's.
ASSISTANT: ColumnElement[str] = literal_column("'assistant'")
# An expression: for the column alone SQLite takes an index of states, and reads every row.
IS_DONE = func.coalesce(Turn.state, "") == "done"
IS_QUESTION = and_(Turn.role != ASSISTANT, Turn.role == "user")
IS_OF_STAFF = and_(Turn.role != ASSISTANT, Turn.role == "staff")


def within(moment: Any, period: Period) -> ColumnElement[bool]:
    return and_(moment >= period.start, moment < period.end)


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """The number of rows for which it is true."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
