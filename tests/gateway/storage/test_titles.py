"""What conversations are called, and the states that their list tells, on both databases."""

from typing import Any

import pytest

from gateway.handoffs.queue import Handoffs
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database
from gateway.storage.titles import Document, document_of
from gateway.storage.turns import Answered, Asked
from tests.support.databases import ME, close_turn, handoffs_of, open_turns


def reading(kind: str, **fields: str) -> dict[str, Any]:
    return {"kind": kind, "fields": [{"name": name, "value": one} for name, one in fields.items()]}


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([reading("waybill", waybill_number="YT8833000012345")], ("waybill", "YT8833000012345")),
        ([reading("chat"), reading("order", order_number="QH1")], ("order", "QH1")),
        ([reading("chat")], ("chat", "")),
        ([reading("other", order_number="QH1")], None),
        ([{}], None),
        ([], None),
    ],
)
def test_the_document_of_a_question_is_the_one_with_a_number(
    readings: list[dict[str, Any]], expected: tuple[str, str] | None
) -> None:
    found = document_of(readings)
    assert found == (Document(*expected) if expected else None)


def summaries(conversations: Conversations) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in conversations.page(ME)["data"]}


def answered(database: Database, conversation: str, text: str, readings: list[Any]) -> None:
    answer = f"answer-{conversation}-{len(text)}"
    open_turns(database, Asked(ME, conversation, answer, text))
    close_turn(database, answer, Answered("done", "…", reading=readings))


def test_a_conversation_is_named_after_the_document_of_its_first_question(
    database: Database, conversations: Conversations
) -> None:
    waybill = [reading("waybill", waybill_number="YT8833000012345")]
    answered(database, "zh", "请看这张图", waybill)
    answered(database, "en", "Please look at this", waybill)
    answered(database, "plain", "多少钱包邮", [])
    answered(database, "later", "你好", [])
    answered(database, "later", "这个包裹呢", waybill)
    told = {name: (one["title"], one["kind"]) for name, one in summaries(conversations).items()}
    assert told == {
        "zh": ("运单 YT8833000012345", "waybill"),
        "en": ("Waybill YT8833000012345", "waybill"),
        "plain": ("多少钱包邮", None),
        "later": ("你好", "waybill"),
    }


def test_a_title_that_a_person_gave_stays(database: Database, conversations: Conversations) -> None:
    open_turns(database, Asked(ME, "c", "answer-1", "请看这张图"))
    conversations.rename(ME, "c", "我的包裹")
    close_turn(database, "answer-1", Answered("done", "…", reading=[reading("waybill")]))
    assert summaries(conversations)["c"]["title"] == "我的包裹"


def test_the_list_tells_which_conversations_wait_for_a_person(
    database: Database, conversations: Conversations
) -> None:
    handoffs: Handoffs = handoffs_of(database)
    for name in ("open", "claimed", "resolved", "none"):
        answered(database, name, "问题", [])
    made = {name: handoffs.hand_over(ME, name)[0] for name in ("open", "claimed", "resolved")}
    handoffs.claim("Li", made["claimed"]["id"])
    handoffs.claim("Li", made["resolved"]["id"])
    handoffs.resolve("Li", made["resolved"]["id"], "solved", "")
    states = {name: one["state"] for name, one in summaries(conversations).items()}
    assert states == {"open": "open", "claimed": "claimed", "resolved": None, "none": None}
