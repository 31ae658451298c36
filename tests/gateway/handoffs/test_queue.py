"""Hand-overs on both databases: two gateways, what is masked, what is told once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text, update

from gateway.chat.conversation_streams import ConversationStreams
from gateway.errors import HandoffTaken, NotFound
from gateway.handoffs.claims import Claims
from gateway.handoffs.listing import HandoffLists
from gateway.handoffs.questions import MAX_TEXT
from gateway.handoffs.queue import Handoffs
from gateway.observability.metrics import Metrics
from gateway.service_hours import service_hours
from gateway.storage.conversations import Conversations
from gateway.storage.database import Database, open_database
from gateway.storage.event_log import EventLog, Told
from gateway.storage.event_notices import EventNotices
from gateway.storage.models import Handoff, Turn
from gateway.storage.turns import Answered, Asked, now
from tests.support.databases import (
    CITATION,
    ME,
    OTHER,
    ask,
    close_turn,
    handoffs_of,
    open_turns,
    whole,
)
from tests.support.handoff_rows import told, wrote

CONVERSATION = "conversation-1"
XSS = '"><img src=x onerror=alert(1)>{{7*7}}</script>'


def opened(database: Database, handoffs: Handoffs, number: int = 1, **more: Any) -> str:
    ask(database, number, conversation_id=f"conversation-{number}")
    made, _ = handoffs.hand_over(ME, f"conversation-{number}", **more)
    return str(made["id"])


def test_an_event_has_the_beginning_of_a_long_message_and_its_turn_the_whole(
    database: Database, conversations: Conversations
) -> None:
    handoffs = handoffs_of(database)
    handoffs.claim("anna", opened(database, handoffs))
    for size in (MAX_TEXT, MAX_TEXT + 1):
        assert wrote(database, CONVERSATION, text="汉" * size)
    turns = [data["turn"] for type_, data in told(database) if type_ == "handoff.message"]
    assert [(len(one["text"]), one.get("is_cut")) for one in turns] == [
        (MAX_TEXT, None),
        (MAX_TEXT, True),
    ]
    [*_, last] = whole(conversations)["messages"]
    assert len(last["text"]) == MAX_TEXT + 1


def test_of_two_gateways_that_claim_at_once_one_wins(database: Database, url: str) -> None:
    second = open_database(url, lambda: None)
    desks = [handoffs_of(database), handoffs_of(second)]

    def claim(place: int) -> str:
        try:
            who = f"staff-{place}"
            return str(desks[place % 2].claim(who, name)[0]["assignee"])
        except HandoffTaken as error:
            return f"refused for {error.details['assignee']}"

    try:
        for number in range(1, 6):
            name = opened(database, desks[0], number)
            with ThreadPoolExecutor(8) as threads:
                found = list(threads.map(claim, range(8)))
            [winner] = [one for one in found if not one.startswith("refused")]
            assert sorted(found) == sorted([winner, *[f"refused for {winner}"] * 7])
        assert [type_ for type_, _ in told(database)] == [
            "handoff.requested",
            "handoff.claimed",
        ] * 5
    finally:
        second.close()


def test_of_two_gateways_one_ends_the_time(database: Database, url: str) -> None:
    second = open_database(url, lambda: None)
    desks = [handoffs_of(one, claim_timeout=0) for one in (database, second)]
    try:
        name = opened(database, desks[0])
        assert desks[1].due(now(), 10) == [name]
        with ThreadPoolExecutor(8) as threads:
            ended = list(threads.map(lambda place: desks[place % 2].end_time(name), range(8)))
        assert sum(ended) == 1
        assert desks[1].due(now(), 10) == []
        assert [type_ for type_, _ in told(database)] == ["handoff.requested", "handoff.missed"]
    finally:
        second.close()


def test_two_tabs_that_ask_at_once_get_one(database: Database) -> None:
    handoffs = handoffs_of(database)
    ask(database, 1)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: handoffs.hand_over(ME, CONVERSATION), range(8)))
    assert len({one["id"] for one, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1


def test_what_was_said_is_masked_and_the_contact_alone_is_not(
    database: Database, conversations: Conversations
) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs, note="call 13812345678", contact=" 13912345678 ")
    handoffs.claim("anna", name)
    handoffs.say("anna", name, "is 13812345678 right?")
    handoffs.resolve("anna", name, "solved", "called 13812345678")
    assert handoffs.get(name)["contact"] == "13912345678"
    mine, _ = handoffs.hand_over(ME, CONVERSATION)
    for shown in (handoffs.get(name), whole(conversations), told(database), mine):
        assert "13812345678" not in str(shown)
    for shown in (whole(conversations), told(database), mine):
        assert "13912345678" not in str(shown)


def test_markup_is_kept_as_it_is(database: Database, conversations: Conversations) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs, note=XSS, contact=XSS)
    handoffs.claim(XSS, name)
    said = handoffs.say(XSS, name, XSS)
    shown = handoffs.get(name)
    assert (shown["note"], shown["contact"], shown["assignee"]) == (XSS, XSS, XSS)
    assert (said["text"], said["author"]) == (XSS, XSS)
    assert whole(conversations)["messages"][-1]["text"] == XSS


def test_another_owner_cannot_hand_over(database: Database) -> None:
    ask(database, 1)
    with pytest.raises(NotFound):
        handoffs_of(database).hand_over(OTHER, CONVERSATION)
    with pytest.raises(NotFound):
        handoffs_of(database).claim("anna", "handoff-of-nobody")


def test_numbers_of_those_that_wait_differ(database: Database) -> None:
    handoffs = handoffs_of(database)
    names = [opened(database, handoffs, number) for number in range(1, 30)]
    numbers = {handoffs.get(name)["number"] for name in names}
    assert len(numbers) == len(names)
    assert all(1000 <= number <= 9999 for number in numbers)


def test_a_message_that_is_sent_again_with_its_key_is_told_once(database: Database) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs)
    handoffs.claim("anna", name)
    first = handoffs.say("anna", name, "hello", key="1")
    assert handoffs.say("anna", name, "hello", key="1") == first
    assert handoffs.say("anna", name, "hello", key="2")["id"] != first["id"]
    assert [type_ for type_, _ in told(database)].count("handoff.message") == 2


def test_after_the_assignees_last_word_silence_leads_back_to_the_queue(database: Database) -> None:
    handoffs = handoffs_of(database, silence=60)
    name = opened(database, handoffs)
    handoffs.claim("anna", name)
    before = now()
    handoffs.say("anna", name, "hello")
    assert handoffs.get(name)["waiting_since"] is None  # it is the customer's turn
    assert handoffs.due(before + 59_000, 10) == []
    assert handoffs.due(now() + 60_000, 10) == [name]
    with database.writing() as session:
        session.execute(update(Handoff).values(due_at=before))
    assert handoffs.end_time(name)
    assert handoffs.get(name)["status"] == "open"


def test_a_customer_who_waits_too_long_goes_back_to_the_queue(database: Database) -> None:
    handoffs = handoffs_of(database, silence=0)
    name = opened(database, handoffs)
    handoffs.claim("anna", name)
    assert handoffs.due(now(), 10) == [name]  # nothing was said since the claim
    handoffs.say("anna", name, "hello")
    assert wrote(database, CONVERSATION, silence=0)
    assert handoffs.due(now(), 10) == [name]
    assert handoffs.end_time(name)
    shown = handoffs.get(name)
    assert (shown["status"], shown["assignee"]) == ("open", None)
    type_, data = told(database)[-1]
    assert (type_, data["cause"]) == ("handoff.released", "silent")
    assert data["turn"]["notice"]["cause"] == "silent"
    assert not wrote(database, CONVERSATION)  # the assistant answers again


def test_silence_counts_from_the_first_message_that_is_not_answered(database: Database) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs)
    handoffs.claim("anna", name)
    handoffs.say("anna", name, "hello")
    wrote(database, CONVERSATION)
    with database.writing() as session:
        session.execute(update(Handoff).values(waiting_since=1000, due_at=301_000))
    wrote(database, CONVERSATION)
    assert handoffs.get(name)["waiting_since"] == 1
    assert handoffs.due(301_000, 10) == [name]


def test_a_claim_ends_the_answer_that_is_being_written(
    database: Database, conversations: Conversations
) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs)
    open_turns(database, Asked(ME, CONVERSATION, "answer-2", "and now?"))
    assert handoffs.claim("anna", name)[1] == ["answer-2"]
    assert handoffs.claim("anna", name)[1] == []
    states = {one["id"]: one.get("state") for one in whole(conversations)["messages"]}
    assert (states["answer-1"], states["answer-2"]) == ("done", "stopped")


def test_a_missed_one_is_claimed_later(database: Database) -> None:
    handoffs = handoffs_of(database, claim_timeout=0)
    name = opened(database, handoffs)
    assert handoffs.end_time(name)
    assert not handoffs.end_time(name)
    assert handoffs.get(name)["status"] == "missed"
    assert handoffs.hand_over(ME, CONVERSATION, contact="13912345678")[0]["status"] == "missed"
    assert handoffs.claim("anna", name)[0]["status"] == "claimed"


def test_nothing_is_missed_while_the_desk_is_shut(database: Database) -> None:
    """Open for an hour of one day in the week, and not today."""
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[(now() // 86_400_000 + 3 + 3) % 7]
    handoffs = handoffs_of(database, hours=service_hours(f"{day} 09:00-10:00 UTC"))
    ask(database, 1)
    made, _ = handoffs.hand_over(ME, CONVERSATION)
    assert made["is_staffed"] is False
    opens = made["opens_at"]
    assert opens > now() // 1000
    assert handoffs.due(1000 * (opens + 599), 10) == []
    assert handoffs.due(1000 * (opens + 601), 10) == [made["id"]]
    notice = told(database)[0][1]["turn"]["notice"]
    assert (notice["is_staffed"], notice["opens_at"]) == (False, opens)


def test_a_summary_tells_what_was_asked_tried_read_and_cited(database: Database) -> None:
    open_turns(database, Asked(ME, CONVERSATION, "answer-1", "我的手机 13812345678，到哪了？"))
    tool = {"id": "1", "name": "track", "title": "查询物流", "status": "done",
            "result": {"text": "包裹已签收。", "values": {}}}  # fmt: skip
    field = {"name": "waybill_number", "value": "SF1402857369214", "valid": True}
    reading = {"image": "file-1", "page": 1, "lines": [], "fields": [field], "kind": "waybill"}
    answered = Answered("done", "已签收。", citations=[CITATION], reading=[reading], tools=[tool])
    close_turn(database, "answer-1", answered)
    made, _ = handoffs_of(database).hand_over(ME, CONVERSATION)
    assert made["summary"].splitlines() == [
        "问题：我的手机 138****5678，到哪了？",
        "已尝试：查询物流 (done) 包裹已签收。",
        "图片内容：waybill_number SF1402857369214",
        "依据：退货 3.2",
    ]
    assert made["details"]["cited"] == [{"id": "after-sales-3.2", "title": "退货", "clause": "3.2"}]
    assert made["fields"][0]["value"] == "SF1402857369214"


def test_the_same_result_is_told_once_in_the_summary(database: Database) -> None:
    found = {"id": "1", "title": "查询物流", "status": "done", "result": {"text": "运输中。"}}
    for number in (1, 2):
        open_turns(database, Asked(ME, CONVERSATION, f"answer-{number}", "到哪了？"))
        close_turn(database, f"answer-{number}", Answered("done", "运输中。", tools=[found]))
    made, _ = handoffs_of(database).hand_over(ME, CONVERSATION)
    told = {"title": "查询物流", "status": "done", "text": "运输中。"}
    assert made["details"]["tried"] == [told]


def test_the_reason_is_that_of_the_newest_answers_offer(database: Database) -> None:
    handoffs = handoffs_of(database)
    ask(database, 1)
    with database.writing() as session:
        session.execute(update(Turn).where(Turn.id == "answer-1").values(
            offer={"reason": "rule", "rule": "large-invoice"}))  # fmt: skip
    made, _ = handoffs.hand_over(ME, CONVERSATION)
    assert (made["reason"], handoffs.get(made["id"])["rule"]) == ("rule", "large-invoice")


def test_lists_have_the_newest_first_with_title_last_words_and_counts(database: Database) -> None:
    handoffs, lists = handoffs_of(database), HandoffLists(database)
    names = [opened(database, handoffs, number) for number in range(1, 6)]
    handoffs.claim("anna", names[0])
    handoffs.claim("ben", names[1])
    handoffs.resolve("ben", names[1], "unsolved", "")
    page = lists.page("anna", "open", 2)
    found = [one["id"] for one in page["data"]]
    assert page["has_more"]
    rest = lists.page("anna", "open", 2, before=found[-1])
    assert not rest["has_more"]
    assert sorted(found + [one["id"] for one in rest["data"]]) == sorted(names[2:])
    assert page["counts"] == {"open": 3, "claimed": 1, "mine": 1, "missed": 0}
    [mine] = lists.page("anna", "mine", 10)["data"]
    assert (mine["id"], mine["title"], mine["last"]["text"]) == (names[0], "退货怎么办", "answer 1")
    assert lists.page("ben", "mine", 10)["data"] == []
    assert [one["id"] for one in lists.page("x", "resolved", 10)["data"]] == [names[1]]
    count, oldest = lists.waiting()
    assert count == 3
    assert oldest is not None
    assert 0 <= now() - oldest < 60_000


def test_a_deleted_conversation_ends_it_without_words(
    database: Database, conversations: Conversations
) -> None:
    handoffs = handoffs_of(database)
    name = opened(database, handoffs, note="secret words", contact="13912345678")
    handoffs.claim("anna", name)
    handoffs.say("anna", name, "secret words")
    conversations.delete(ME, CONVERSATION)
    events = told(database)
    assert events[-1][0] == "handoff.resolved"
    assert (events[-1][1]["cause"], events[-1][1]["handoff"]["status"]) == ("deleted", "resolved")
    assert "secret words" not in str(events)
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM handoffs")) == 0


def test_claims_are_known_without_a_query_and_in_the_order_of_steps(database: Database) -> None:
    claims, heard = Claims(), Claims()
    called: list[str] = []
    claims.listen(called.append)
    handoffs = Handoffs(database, Metrics("test", "lite"), claims)
    name = opened(database, handoffs)
    assert claims.of(CONVERSATION) is None
    handoffs.claim("anna", name)
    claim = claims.of(CONVERSATION)
    assert claim is not None
    assert (claim.as_event()["status"], claim.assignee) == ("claimed", "anna")
    assert called == [CONVERSATION]
    handoffs.release("anna", name)
    assert claims.of(CONVERSATION) is None
    steps = [data["handoff"] for _, data in told(database)]
    for step in (steps[0], steps[2], steps[1]):  # the claim is heard of last
        heard.changed(step)
    assert heard.of(CONVERSATION) is None
    handoffs.claim("ben", name)
    again = Claims()
    again.load(database)
    found = again.of(CONVERSATION)
    assert found is not None
    assert found.assignee == "ben"


def test_of_two_hand_overs_within_a_second_the_later_claim_counts(database: Database) -> None:
    claims = Claims()
    handoffs = Handoffs(database, Metrics("test", "lite"), claims)
    first = opened(database, handoffs)
    handoffs.claim("anna", first)
    handoffs.resolve("anna", first, "solved", "")
    second = handoffs.hand_over(ME, CONVERSATION)[0]["id"]
    handoffs.claim("ben", second)
    steps = [{**data["handoff"], "created_at": 1} for _, data in told(database)]
    assert [one["status"] for one in steps] == ["open", "claimed", "resolved", "open", "claimed"]
    heard = Claims()
    for step in (*steps[:2], *steps[3:], steps[2]):  # the first one's end is heard of last
        heard.changed(step)
    for known in (claims, heard):
        claim = known.of(CONVERSATION)
        assert claim is not None
        assert claim.assignee == "ben"


async def test_another_gateways_claim_is_known_soon(database: Database, url: str) -> None:
    second = open_database(url, lambda: None)
    claims = Claims()

    def follow(event: Told) -> None:
        claims.changed({**event.data["handoff"], "conversation_id": event.conversation_id})

    streams = ConversationStreams(EventLog(second), EventNotices(second), follow)
    await streams.start()
    following = asyncio.create_task(streams.run())
    try:
        handoffs = handoffs_of(database)
        name = await asyncio.to_thread(opened, database, handoffs)
        await asyncio.to_thread(handoffs.claim, "anna", name)
        async with asyncio.timeout(10):
            while claims.of(CONVERSATION) is None:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(handoffs.resolve, "anna", name, "solved", "")
        async with asyncio.timeout(10):
            while claims.of(CONVERSATION) is not None:
                await asyncio.sleep(0.01)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        second.close()
