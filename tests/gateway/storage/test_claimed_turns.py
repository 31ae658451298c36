"""What the store knows of hand-overs when a question or an answer comes, on both databases."""

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from gateway.storage.before_question import Before
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.event_tables import StoredEvent
from gateway.storage.turn_events import announcement
from gateway.storage.turn_writes import close_all, open_all
from gateway.storage.turns import Answered, Asked, Opened, answer_row, question_row
from tests.support.databases import ME, close_turn, handoffs_of, open_turns, whole

HERE = "conversation-1"


def opened(database: Database, number: int, **more: Any) -> Opened:
    return open_turns(database, Asked(ME, HERE, f"answer-{number}", "怎么退货", **more))


def answered(database: Database, number: int, outcome: str, **more: Any) -> None:
    close_turn(database, f"answer-{number}", Answered("done", "text", outcome=outcome, **more))


def test_a_question_learns_what_its_conversation_held_before_it(database: Database) -> None:
    assert opened(database, 1).before == Before()
    answered(database, 1, "no_clause", offer={"reason": "rule", "rule": "r1"})
    second = opened(database, 2)
    assert second.before == Before(was_no_clause=True)
    # A question that replaces the second one comes behind the first answer, too.
    assert opened(database, 3, replaces=second.turn_id).before == Before(was_no_clause=True)
    answered(database, 3, "answered", offer={"reason": "rule", "rule": "r1"})
    assert opened(database, 4).before == Before()
    answered(database, 4, "answered", offer={"reason": "rule", "rule": "r1"})
    desk = handoffs_of(database)
    made, _ = desk.hand_over(ME, HERE)
    waiting = {"id": made["id"], "number": made["number"], "status": "open", "assignee": None}
    assert opened(database, 5).before == Before(waiting)
    desk.claim("anna", made["id"])
    claimed = {**waiting, "status": "claimed", "assignee": "anna"}
    assert opened(database, 6).before == Before(claimed)
    desk.resolve("anna", made["id"], "solved", "")
    assert opened(database, 7).before == Before(causes=frozenset(("r1",)))


def test_each_question_of_a_group_learns_of_its_own_conversation(database: Database) -> None:
    for number in range(3):
        asked = Asked(ME, f"conversation-{number}", f"answer-{number}", "hi")
        open_turns(database, asked)
    desk = handoffs_of(database)
    made, _ = desk.hand_over(ME, "conversation-1")
    desk.claim("anna", made["id"])
    heard: list[tuple[str, str]] = []
    rows = [
        question_row(Asked(ME, f"conversation-{number}", f"later-{number}", f"text {number}"))
        for number in range(4)
    ]
    found = open_all(database, rows, lambda _, name, turn: heard.append((name, turn["text"])))
    claimed = [isinstance(one, Opened) and one.before.claimed is not None for one in found]
    assert claimed == [False, True, False, False]
    assert heard == [("conversation-1", "text 1")]


@pytest.mark.parametrize(("is_unseen", "text"), [(False, "7 days"), (True, "")])
def test_an_answer_that_ends_after_the_claim_is_stored_as_stopped_and_is_not_completed(
    database: Database, conversations: Conversations, is_unseen: bool, text: str
) -> None:
    opened(database, 1)
    desk = handoffs_of(database)
    made, _ = desk.hand_over(ME, HERE)
    desk.claim("anna", made["id"])
    late = Answered("done", "7 days", outcome="answered", is_unseen=is_unseen)
    rows = [answer_row("answer-1", late)]
    stopped = close_all(database, rows, announcement(rows, lambda _: True))
    assert stopped["answer-1"]["id"] == made["id"]
    assert stopped["answer-1"]["assignee"] == "anna"
    turn = next(one for one in whole(conversations, HERE)["messages"] if one["id"] == "answer-1")
    assert (turn["state"], turn["text"]) == ("stopped", text)
    with database.reading() as session:
        types = list(session.scalars(select(StoredEvent.type)))
    assert "message.completed" not in types


def test_what_a_person_has_said_and_what_led_to_it_is_not_replaced(
    database: Database, conversations: Conversations
) -> None:
    first = opened(database, 1)
    answered(database, 1, "answered")
    desk = handoffs_of(database)
    made, _ = desk.hand_over(ME, HERE)
    desk.claim("anna", made["id"])
    desk.say("anna", made["id"], "I am here.")
    desk.resolve("anna", made["id"], "solved", "")
    before = orjson.dumps([one["id"] for one in whole(conversations, HERE)["messages"]])
    second = opened(database, 2, replaces=first.turn_id)
    after = [one["id"] for one in whole(conversations, HERE)["messages"]]
    assert after == [*orjson.loads(before), second.turn_id, "answer-2"]
