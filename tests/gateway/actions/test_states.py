"""Any order of decisions, runs and expiries takes only steps of the table, each of them audited."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.actions.endings import Endings
from gateway.actions.starts import Starts
from gateway.actions.states import CONFIRMED, STEPS
from gateway.actions.store import ActionStore
from gateway.connectors.tool import Done, Outcome, Refused, Unsure
from gateway.errors import ActionExpired, ActionNotPending, GatewayError
from gateway.storage.database import open_database
from tests.support.action_parts import NOWHERE, OWNER, Parts, StoppedClock, tools_at
from tests.support.databases import make_tables

OUTCOMES: tuple[Outcome, ...] = (
    Done({"number": "N-1"}),
    Refused("no"),
    Refused("down", "unreachable"),
    Unsure("late", "timeout"),
)


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name, "a.db")
        make_tables(file)
        self.database = open_database(f"sqlite:///{file}", lambda: None)
        self.parts = Parts(ActionStore(self.database), tools_at(NOWHERE))
        self.clock = StoppedClock(self.parts.store.clock.now())
        self.parts.store.clock = self.clock  # type: ignore[assignment]  # the test's clock
        # No lease at all: what runs may be taken over at once, as after a crash.
        self.starts = Starts(self.parts.store, self.parts.tools, lease=0)
        self.endings = Endings(self.parts.store, self.parts.tools, self.parts.metrics, 0.0)
        self.ids: list[str] = []
        self.sent: dict[str, Any] = {}

    def status(self, action_id: str) -> str:
        return str(self.parts.actions.of_owner(OWNER, action_id)["status"])

    @rule(name=st.sampled_from(["plain", "keyed", "staffed"]))
    def propose(self, name: str) -> None:
        self.ids.append(self.parts.propose(name, {"order": f"QH-{len(self.ids)}"}))

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), name=st.sampled_from(["confirm", "cancel"]))
    def decide(self, data: Any, name: str) -> None:
        one = data.draw(st.sampled_from(self.ids))
        before = self.status(one)
        try:
            if name == "confirm":
                self.parts.actions.approve("wang", one)
            else:
                self.parts.actions.reject("wang", one, "no")
        except ActionExpired:
            assert self.status(one) == "expired"
        except ActionNotPending:
            assert before != "proposed"
            assert (before in CONFIRMED) == (name == "cancel")
        else:
            wanted = CONFIRMED if name == "confirm" else {"cancelled"}
            assert self.status(one) in wanted

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def start(self, data: Any) -> None:
        one = data.draw(st.sampled_from(self.ids))
        before = self.status(one)
        taken = self.parts.store.step(one, self.parts.tools.find, self.starts.step)
        assert taken is not None
        assert taken.changed == (before in ("confirmed", "running"))
        if taken.changed and taken.action.status == "running":
            assert before == "confirmed" or taken.action.has_key
            self.sent[one] = taken.action

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def end(self, data: Any, outcome: Outcome) -> None:
        one = data.draw(st.sampled_from(sorted(self.sent)))
        sent = self.sent.pop(one)
        self.endings.end(sent, self.parts.tools.find(sent.connector), outcome)
        if isinstance(outcome, Done):
            assert self.status(one) in ("done", "failed")  # failed: a person has said so before

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), is_done=st.booleans())
    def settle(self, data: Any, is_done: bool) -> None:
        one = data.draw(st.sampled_from(self.ids))
        before = self.status(one)
        try:
            self.parts.actions.settle("wang", one, is_done=is_done, note="looked")
        except GatewayError:
            assert before != "unknown"
        else:
            assert before == "unknown"

    @rule(seconds=st.integers(-900, 900))
    def jump(self, seconds: int) -> None:
        self.clock.moment += 1000 * seconds

    @invariant()
    def the_audit_leads_to_the_status_by_allowed_steps(self) -> None:
        for one in self.ids:
            steps = [(step["from"], step["to"]) for step in self.parts.actions.audit(one, 0, 500)]
            assert [was for was, _ in steps] == [None, *(now for _, now in steps)][:-1]
            assert steps[-1][1] == self.status(one)
            assert all(now in STEPS[was] for was, now in steps)

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
