"""Who may decide about an action, and what a second decision finds."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from gateway.actions.endings import Endings
from gateway.actions.masked import masked_arguments, restored
from gateway.actions.store import ActionStore
from gateway.connectors.tool import Confirm, WrongArguments
from gateway.errors import (
    ActionExpired,
    ActionNotPending,
    GatewayError,
    InvalidRequest,
    NotFound,
    QueueFull,
    StaffOnly,
)
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from tests.support.action_parts import (
    NOWHERE,
    ORDER,
    OWNER,
    STRANGER,
    WHO,
    Parts,
    StoppedClock,
    tools_at,
)
from tests.support.databases import ask, whole


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each work returned or raised; all begin at the same moment."""
    barrier = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        barrier.wait()
        try:
            found[place] = works[place]()
        except GatewayError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_proposal_tells_what_will_happen(parts: Parts) -> None:
    parts.tools.tools["plain"].confirm = Confirm(seconds=60)
    made = parts.actions.of_owner(OWNER, parts.propose(before={"order": "old"}))
    assert made["object"] == "action"
    assert (made["status"], made["by"], made["effect"]) == ("proposed", "customer", "write")
    assert made["title"] == {"zh": "取消订单", "en": "Cancel the order"}
    assert made["arguments"] == ORDER
    assert made["labels"] == {"order": {"zh": "订单号", "en": "订单号"}}
    assert made["before"] == {"order": "old"}
    assert made["expires_at"] - made["created_at"] in (60, 61)
    assert (made["conversation_id"], made["answer"]) == ("conversation-1", "answer-1")


def test_an_owner_has_a_bounded_number_of_open_proposals(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.actions.proposals.MAX_OPEN", 3)
    tool = parts.tools.tools["plain"]

    def propose(number: int, owner: str = "visitor:a") -> str:
        given = (WHO, owner, "", "answer-1", "zh")
        return str(parts.actions.propose(tool, {"order": f"QH-{number}"}, *given)["id"])

    made = [propose(number) for number in range(3)]
    with pytest.raises(QueueFull, match="等待确认的申请太多"):
        propose(4)
    propose(4, "visitor:b")
    parts.actions.cancel("visitor:a", made[0])
    propose(4)


def test_arguments_that_do_not_fit_propose_nothing(parts: Parts) -> None:
    with pytest.raises(WrongArguments):
        parts.propose(arguments={"order": "x"})
    assert parts.actions.listed(None, 10) == []


def test_the_same_write_is_proposed_once_in_a_conversation(parts: Parts) -> None:
    first = parts.propose()
    assert parts.propose() == first
    assert parts.propose(conversation_id="conversation-2") != first
    parts.actions.cancel(OWNER, first)
    assert parts.propose() != first


def test_a_customer_confirms_and_confirms_again(parts: Parts) -> None:
    made = parts.propose()
    first = parts.actions.confirm(OWNER, made)
    assert (first["status"], first["decided_by"]) == ("confirmed", "customer")
    assert parts.actions.confirm(OWNER, made) == first
    with pytest.raises(ActionNotPending):
        parts.actions.cancel(OWNER, made)
    assert parts.steps(made) == ["proposed", "confirmed"]


def test_what_was_cancelled_stays_cancelled_and_says_so_in_the_conversation(
    parts: Parts, database: Database, conversations: Conversations
) -> None:
    ask(database, 1, owner=OWNER)
    made = parts.propose()
    assert parts.actions.cancel(OWNER, made, "我改主意了")["status"] == "cancelled"
    assert parts.actions.cancel(OWNER, made)["status"] == "cancelled"
    with pytest.raises(ActionNotPending):
        parts.actions.confirm(OWNER, made)
    assert parts.actions.audit(made, 0, 9)[-1]["reason"] == "我改主意了"
    assert (
        whole(conversations, owner=OWNER)["messages"][-1]["text"] == "“取消订单”已取消，没有执行。"
    )


def test_another_owners_action_does_not_exist(parts: Parts) -> None:
    made = parts.propose()
    for call in (parts.actions.of_owner, parts.actions.confirm, parts.actions.cancel):
        with pytest.raises(NotFound):
            call(STRANGER, made)
        with pytest.raises(NotFound):
            call(OWNER, "action-of-nobody")
    assert parts.steps(made) == ["proposed"]


def test_a_customer_cannot_decide_what_is_for_staff(parts: Parts) -> None:
    made = parts.propose("staffed")
    for call in (parts.actions.confirm, parts.actions.cancel):
        with pytest.raises(StaffOnly):
            call(OWNER, made)
    assert parts.actions.approve("wang", made, reason="ok")["decided_by"] == "wang"
    assert [one["who"] for one in parts.actions.audit(made, 0, 9)] == ["assistant", "wang"]


def test_staff_edit_arguments_and_the_audit_says_what_changed(parts: Parts) -> None:
    made = parts.propose("staffed")
    with pytest.raises(InvalidRequest) as refused:
        parts.actions.approve("wang", made, {"order": "x"})
    assert refused.value.details["problems"]
    assert parts.actions.approve("wang", made, {"order": "QH-2"})["arguments"] == {"order": "QH-2"}
    assert "order: QH202611090078126 → QH-2" in parts.actions.audit(made, 0, 9)[-1]["reason"]
    with pytest.raises(ActionNotPending):
        parts.actions.approve("wang", made, {"order": "QH-3"})


def test_staff_see_a_phone_number_masked_and_sending_it_back_changes_nothing(parts: Parts) -> None:
    made = parts.propose("staffed", {**ORDER, "phone": "13812345678"})
    shown = parts.actions.for_staff(made)["arguments"]
    assert shown["phone"] == "138****5678"
    parts.actions.approve("wang", made, {**shown, "order": "QH-2"})
    assert parts.actions.of_owner(OWNER, made)["arguments"] == {
        "order": "QH-2",
        "phone": "13812345678",
    }


def test_a_rejection_tells_the_customer_why(
    parts: Parts, database: Database, conversations: Conversations
) -> None:
    ask(database, 1, owner=OWNER)
    made = parts.propose("staffed")
    assert parts.actions.reject("wang", made, "订单已经发货")["status"] == "cancelled"
    turn = whole(conversations, owner=OWNER)["messages"][-1]
    assert turn["text"] == "“取消订单”没有通过审核：订单已经发货。"


def test_secret_arguments_are_neither_stored_nor_shown(parts: Parts, database: Database) -> None:
    made = parts.propose("secret", {**ORDER, "pin": "s3cr3t-9"}, before={"pin": "s3cr3t-8"})
    assert parts.actions.of_owner(OWNER, made)["arguments"] == ORDER
    assert parts.store.secrets.get(made) == {"pin": "s3cr3t-9"}
    with database.reading() as session:
        connection = session.connection()
        for table in ("actions", "audit", "events"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows
            assert "s3cr3t" not in str(rows)
    with pytest.raises(InvalidRequest):
        parts.actions.approve("wang", made, {"pin": "0000"})


@pytest.mark.parametrize("second", ["confirm", "cancel", "approve", "reject"])
def test_a_proposal_whose_time_is_over_cannot_be_decided(parts: Parts, second: str) -> None:
    made = parts.propose("short")
    decisions: dict[str, Callable[[], Any]] = {
        "confirm": lambda: parts.actions.confirm(OWNER, made),
        "cancel": lambda: parts.actions.cancel(OWNER, made),
        "approve": lambda: parts.actions.approve("wang", made),
        "reject": lambda: parts.actions.reject("wang", made, "no"),
    }
    for _ in range(2):
        with pytest.raises(ActionExpired):
            decisions[second]()
    assert parts.steps(made) == ["proposed", "expired"]


def test_a_clock_that_is_set_back_does_not_revive_an_expired_proposal(parts: Parts) -> None:
    made = parts.propose("short")
    with pytest.raises(ActionExpired):
        parts.actions.confirm(OWNER, made)
    parts.store.clock = StoppedClock(0)  # type: ignore[assignment]  # the test's clock
    with pytest.raises(ActionExpired):
        parts.actions.confirm(OWNER, made)


def test_only_an_unknown_action_is_settled(parts: Parts) -> None:
    made = parts.propose()
    with pytest.raises(ActionNotPending):
        parts.actions.settle("wang", made, is_done=True, note="looked it up")


def test_eight_confirmations_at_once_confirm_once(parts: Parts) -> None:
    made = parts.propose()
    found = at_once(*[lambda: parts.actions.confirm(OWNER, made)] * 8)
    assert [one["status"] for one in found] == ["confirmed"] * 8
    assert parts.steps(made) == ["proposed", "confirmed"]


def test_of_a_confirmation_and_a_cancellation_at_once_one_holds(url: str, parts: Parts) -> None:
    database = open_database(url, lambda: None)
    other = Parts(ActionStore(database), tools_at(NOWHERE))
    try:
        for number in range(10):
            made = parts.propose(arguments={"order": f"QH-{number}"})
            found = at_once(
                partial(parts.actions.confirm, OWNER, made),
                partial(other.actions.cancel, OWNER, made),
            )
            refused = [one for one in found if isinstance(one, ActionNotPending)]
            assert len(refused) == 1, found
            assert len(parts.steps(made)) == 2
    finally:
        database.close()


def test_of_a_confirmation_and_the_expiry_at_once_one_holds(
    parts: Parts, database: Database
) -> None:
    late = ActionStore(database)
    late.clock = StoppedClock(parts.store.clock.now() + 3_600_000)  # type: ignore[assignment]  # the test's clock
    endings = Endings(late, parts.tools, parts.metrics, first_pause=0)
    for number in range(10):
        made = parts.propose(arguments={"order": f"QH-{number}"})
        at_once(
            partial(parts.actions.confirm, OWNER, made),
            partial(endings.expire, made),
        )
        assert parts.steps(made) in (["proposed", "confirmed"], ["proposed", "expired"])


def test_a_part_that_staff_send_back_masked_is_no_change() -> None:
    people = [{"name": "Mei", "phone": "13812345678"}, {"name": "Li", "phone": "13912345678"}]
    shown = masked_arguments({"people": people}, {})
    first, second = shown["people"]
    assert first["phone"] == "138****5678"
    edited = {"people": [{**first, "name": "Mei Li"}, second, {"name": "Wu", "phone": "1"}]}
    assert restored(edited, {"people": people}, shown) == {
        "people": [{"name": "Mei Li", "phone": "13812345678"}, people[1], edited["people"][2]]
    }


def test_an_owner_with_many_actions_does_not_keep_another_waiting(parts: Parts) -> None:
    many = [parts.propose(arguments={"order": f"QH-{number}"}) for number in range(12)]
    tool = parts.tools.tools["plain"]
    other = parts.actions.propose(tool, ORDER, WHO, STRANGER, "", "answer-1", "zh")["id"]
    for one in many:
        parts.actions.confirm(OWNER, one)
    parts.actions.confirm(STRANGER, other)
    moment = parts.store.clock.now() + 1000
    due, _ = parts.store.pending(moment, moment + 60_000, [], moment, (8, 8))
    assert set(due[:2]) == {many[0], other}
    assert due[2:] == many[1:7]
