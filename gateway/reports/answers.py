"""Conditions and sums that figures of questions and answers share."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, null

from gateway.reports.period import Period
from gateway.storage.models import Turn

# An answer that a notice tells about is none: it tells how an action or a hand-over went on.
IS_ANSWER = and_(Turn.role == "assistant", Turn.notice.is_(null()))


def within(moment: Any, period: Period) -> ColumnElement[bool]:
    return and_(moment >= period.start, moment < period.end)


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """The number of rows for which it is true."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
