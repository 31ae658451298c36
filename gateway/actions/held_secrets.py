"""Secret arguments of open actions, in memory alone: they are never stored.

Only the gateway that took the proposal has them. The column `worker` of a row names it from the
proposal on, and no other gateway runs the action.
"""

import threading
from collections.abc import Mapping
from typing import Any

MAX_HELD = 10_000  # actions; the oldest is forgotten, and fails when it is confirmed


class HeldSecrets:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, dict[str, Any]] = {}

    def keep(self, action_id: str, values: Mapping[str, Any]) -> None:
        with self._lock:
            self._held[action_id] = dict(values)
            while len(self._held) > MAX_HELD:
                del self._held[next(iter(self._held))]

    def get(self, action_id: str) -> dict[str, Any] | None:
        """None where this process has none for this action."""
        with self._lock:
            return self._held.get(action_id)

    def drop(self, action_id: str) -> None:
        with self._lock:
            self._held.pop(action_id, None)
