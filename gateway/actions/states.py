"""The statuses of an action and the steps between them. No other step exists.

                  ┌──────────► cancelled, expired
proposed ─────────┤
                  └► confirmed ──► running ──► done, failed
(notification) ────────►  │         │  ▲  └──► unknown ──► done, failed
                          └► failed └──┘ tried again
"""

from collections.abc import Mapping
from typing import Literal

Status = Literal[
    "proposed", "confirmed", "running", "done", "failed", "unknown", "cancelled", "expired"
]

STEPS: Mapping[str | None, frozenset[Status]] = {
    None: frozenset({"proposed", "confirmed"}),  # confirmed: a notification needs no person
    "proposed": frozenset({"confirmed", "cancelled", "expired"}),
    "confirmed": frozenset({"running", "failed"}),  # failed: it could not be sent any more
    "running": frozenset({"running", "done", "failed", "unknown"}),
    "unknown": frozenset({"done", "failed"}),  # a person says so, or a late answer
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
}
# In these nothing happens any more without a person. `unknown` has no outcome yet.
ENDS = frozenset({"done", "failed", "unknown", "cancelled", "expired"})
CONFIRMED = frozenset({"confirmed", "running", "done", "failed", "unknown"})


class WrongStep(Exception):
    """A step that the table does not have: a defect of the caller."""


def check_step(was: str | None, now: Status) -> None:
    """Raises WrongStep."""
    if now not in STEPS[was]:
        raise WrongStep(f"an action cannot go from {was} to {now}")
