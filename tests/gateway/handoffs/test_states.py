"""Any order of what customers, staff and time do takes only steps of the table, each told once."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.errors import HandoffTaken
from gateway.handoffs.states import STEPS, WrongStep, check_step
from gateway.storage.conversations import Conversations
from gateway.storage.database import open_database
from gateway.storage.file_store import FileStore
from tests.support.databases import ME, ask, handoffs_of, make_tables, whole
from tests.support.handoff_rows import told, wrote

STAFF = st.sampled_from(["anna", "ben"])
CONVERSATION = "conversation-1"


def test_no_other_step_exists() -> None:
    with pytest.raises(WrongStep):
        check_step("missed", "open")
    with pytest.raises(WrongStep):
        check_step("resolved", "claimed")
    assert not STEPS["resolved"]


class Lives(RuleBasedStateMachine):
    """The time of each hand-over is over at once: `time_passes` always finds it due."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        make_tables(path / "a.db")
        self.database = open_database(f"sqlite:///{path / 'a.db'}", lambda: None)
        self.handoffs = handoffs_of(self.database, claim_timeout=0, silence=0)
        self.conversations = Conversations(self.database, FileStore(path / "files"))
        self.id = ""
        self.messages = 0

    @initialize()
    def begin(self) -> None:
        ask(self.database, 1)
        self.ask_for_a_person("")

    def now(self) -> dict[str, Any]:
        return self.handoffs.get(self.id)

    def tried(self, step: Callable[[], Any], allowed: bool) -> None:
        try:
            step()
        except HandoffTaken:
            assert not allowed
        else:
            assert allowed

    @rule(contact=st.sampled_from(["", "a@b.example", "13812345678"]))
    def ask_for_a_person(self, contact: str) -> None:
        before = self.id and self.now()
        made, is_new = self.handoffs.hand_over(ME, CONVERSATION, "", contact)
        assert is_new is (not before or before["status"] == "resolved")
        self.id = made["id"]

    @rule(who=STAFF)
    def claim(self, who: str) -> None:
        is_free = self.now()["status"] in ("open", "missed")
        is_theirs = self.now()["status"] == "claimed" and self.now()["assignee"] == who
        self.tried(lambda: self.handoffs.claim(who, self.id), is_free or is_theirs)

    @rule(who=STAFF)
    def say(self, who: str) -> None:
        is_theirs = self.now()["status"] == "claimed" and self.now()["assignee"] == who
        self.tried(lambda: self.handoffs.say(who, self.id, "one moment"), is_theirs)
        self.messages += is_theirs

    @rule(who=STAFF)
    def release(self, who: str) -> None:
        is_theirs = self.now()["status"] == "claimed" and self.now()["assignee"] == who
        self.tried(lambda: self.handoffs.release(who, self.id), is_theirs)

    @rule(who=STAFF)
    def resolve(self, who: str) -> None:
        is_free = self.now()["status"] in ("open", "missed")
        is_theirs = self.now()["assignee"] == who
        resolve = self.handoffs.resolve
        self.tried(lambda: resolve(who, self.id, "solved", "done"), is_free or is_theirs)

    @rule()
    def time_passes(self) -> None:
        before = self.now()
        waits = before["status"] in ("open", "claimed")
        assert self.handoffs.end_time(self.id) is waits
        after = {"open": "missed", "claimed": "open"}.get(before["status"], before["status"])
        assert self.now()["status"] == (after if waits else before["status"])

    @rule()
    def customer_writes(self) -> None:
        claimed = self.now()["status"] == "claimed"
        assert wrote(self.database, CONVERSATION, silence=0) is claimed
        self.messages += claimed
        if claimed:
            assert self.now()["waiting_since"] is not None

    @invariant()
    def each_step_is_allowed_and_stands_in_the_thread_and_in_the_events(self) -> None:
        if not self.id:
            return
        notices = [one["notice"] for one in whole(self.conversations)["messages"]
                   if one.get("notice")]  # fmt: skip
        was: dict[str, str | None] = {}
        for notice in notices:
            before = was.get(notice["handoff"])
            assert notice["status"] in STEPS[before], (before, notice)
            was[notice["handoff"]] = notice["status"]
        assert was[self.id] == self.now()["status"]
        events = told(self.database)
        steps = [data["turn"]["notice"] for type_, data in events if type_ != "handoff.message"]
        assert steps == notices
        assert len(events) - len(steps) == self.messages

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
