"""Which conversations a person has claimed, in memory: a question asks it without a query.

It is kept by this gateway's own steps, at once, and by the events of all gateways.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import select

from gateway.handoffs.as_json import brief
from gateway.storage.database import Database
from gateway.storage.models import Handoff

MAX_REMEMBERED = 20_000  # conversations whose newest step is known
# When the hand-over was made, in seconds and by its id; how many steps it has taken.
Step = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed hand-over."""

    handoff_id: str
    number: int
    assignee: str

    def as_event(self) -> dict[str, Any]:
        """The extra `handoff` of an answer."""
        return {
            "id": self.handoff_id,
            "number": self.number,
            "status": "claimed",
            "assignee": self.assignee,
        }


class Claims:
    """Safe to use from any thread. Of two steps the later one counts, in whatever order this
    gateway hears of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_conversation: dict[str, Claim] = {}
        self._newest: OrderedDict[str, Step] = OrderedDict()
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, on_claim: Callable[[str], None]) -> None:
        """`on_claim` gets the id of each conversation that is claimed from now on, in the thread
        that has claimed it or hears of it."""
        self._listeners.append(on_claim)

    def of(self, conversation_id: str) -> Claim | None:
        return self._by_conversation.get(conversation_id)

    def changed(self, handoff: dict[str, Any]) -> None:
        """After a step of any gateway: the hand-over as its event has it."""
        conversation_id = str(handoff["conversation_id"])
        step = (int(handoff["created_at"]), str(handoff["id"]), int(handoff["version"]))
        claim = None
        if handoff["status"] == "claimed":
            claim = Claim(str(handoff["id"]), int(handoff["number"]), str(handoff["assignee"]))
        with self._lock:
            if step < self._newest.get(conversation_id, (0, "", 0)):
                return
            self._newest[conversation_id] = step
            self._newest.move_to_end(conversation_id)
            if len(self._newest) > MAX_REMEMBERED:
                self._newest.popitem(last=False)
            before = self._by_conversation.pop(conversation_id, None)
            if claim is not None:
                self._by_conversation[conversation_id] = claim
        if claim is not None and before is None:
            for listener in self._listeners:
                listener(conversation_id)

    def load(self, database: Database) -> None:
        """Reads them from the database. Raises StoreUnavailable."""
        wanted = select(Handoff).where(Handoff.status == "claimed")
        with database.reading() as session:
            claimed = [brief(one) for one in session.scalars(wanted)]
        for one in claimed:
            self.changed(one)
