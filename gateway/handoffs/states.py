"""The statuses of a hand-over and the steps between them. No other step exists.

          ┌──────────► missed ─┐
          │              │     │
open ─────┼► claimed ◄───┘     ├─► resolved
  ▲       │   │  │             │
  └───────┼───┘  └─────────────┤
(released, silent)             │
          └────────────────────┘
"""

from collections.abc import Mapping
from typing import Literal

Status = Literal["open", "claimed", "missed", "resolved"]
Reason = Literal["asked", "no_clause", "loop", "action", "rule"]
Outcome = Literal["solved", "unsolved"]
# Why a step was taken. `contact`: the customer left one; the status stays.
Cause = Literal[
    "requested", "contact", "claimed", "released", "silent", "missed", "resolved", "deleted"
]

STEPS: Mapping[str | None, frozenset[Status]] = {
    None: frozenset({"open"}),
    "open": frozenset({"open", "claimed", "missed", "resolved"}),  # open: a contact was added
    "missed": frozenset({"missed", "claimed", "resolved"}),
    "claimed": frozenset({"claimed", "open", "resolved"}),
    "resolved": frozenset(),
}
WAITING = ("open", "missed")  # for a person


class WrongStep(Exception):
    """A step that the table does not have: a defect of the caller."""


def check_step(was: str | None, now: Status) -> None:
    """Raises WrongStep."""
    if now not in STEPS[was]:
        raise WrongStep(f"a hand-over cannot go from {was} to {now}")
