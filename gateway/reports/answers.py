"""Conditions and sums that figures of questions and answers share."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, null

from gateway.reports.period import Period
from gateway.storage.models import Turn

# A message with a notice is no answer: it tells how an action or a hand-over went on. The role is
# no parameter: SQLite uses an index of answers only for a text that equals the index's.
IS_ANSWER = and_(Turn.role == literal_column("'assistant'"), Turn.notice.is_(null()))


def within(moment: Any, period: Period) -> ColumnElement[bool]:
    return and_(moment >= period.start, moment < period.end)


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """The number of rows for which it is true."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
