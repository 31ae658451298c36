"""What figures count of a day (UTC) that is over: `Tally` of gateway/reports/tally.py.

Triggers of migration 0011 remove it when a turn, rating or hand-over of the day changes.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.table_base import Base


class DayTally(Base):
    __tablename__ = "day_tallies"

    day: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON)
