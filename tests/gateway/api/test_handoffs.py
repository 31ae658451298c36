"""The routes of hand-overs: a customer asks for a person, staff take over, answer and end it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from gateway.auth.tokens import Signer
from tests.support.access import SCREEN, SECRET, bearer, nginx, settings
from tests.support.handoff_desk import Desk
from tests.support.http_client import metric
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.visitor import Visitor

ANNA, BEN = nginx("anna"), nginx("ben")


@pytest.fixture(scope="module")
def desk(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("desk")
    more = settings(STAFF_USERS="anna,ben", ANONYMOUS_NETWORKS="127.0.0.0/8")
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield Desk(gateway, Visitor(gateway.url))


def test_a_person_takes_over_answers_and_ends_it(desk: Desk) -> None:
    conversation = desk.conversation("my phone is 13812345678, where is my parcel?")
    before = metric(desk.gateway, "sightdesk_handoffs_total", reason="asked")
    made = desk.ask_for(conversation, note="call 13812345678")
    handoff = made.json()
    assert (made.status_code, handoff["status"], handoff["reason"]) == (201, "open", "asked")
    assert handoff["note"] == "call 138****5678"
    assert 1000 <= handoff["number"] <= 9999
    assert (handoff["is_staffed"], handoff["opens_at"]) == (True, None)
    assert metric(desk.gateway, "sightdesk_handoffs_total", reason="asked") == before + 1
    name = handoff["id"]
    status, claimed = desk.staff(ANNA, f"{name}/claim")
    assert (status, claimed["status"], claimed["assignee"]) == (200, "claimed", "anna")
    status, said = desk.staff(ANNA, f"{name}/messages", text=" I am looking. ")
    assert (status, said["text"], said["author"], said["role"]) == (
        201, "I am looking.", "anna", "staff",
    )  # fmt: skip
    status, done = desk.staff(ANNA, f"{name}/resolve", outcome="solved", note="found")
    assert (status, done["status"], done["outcome"]) == (200, "resolved", "solved")
    assert desk.notices(conversation) == [
        ("requested", "open"),
        ("claimed", "claimed"),
        ("resolved", "resolved"),
    ]
    turns = desk.customer.turns(conversation)
    assert [one["role"] for one in turns] == [
        "user", "assistant", "assistant", "assistant", "staff", "assistant",
    ]  # fmt: skip
    assert turns[4] == said


def test_the_same_one_is_given_while_it_is_not_resolved(desk: Desk) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    again = desk.ask_for(conversation, note="again", contact="anna@example.com")
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert again.json()["has_contact"]
    assert "anna@example.com" not in again.text
    _, shown = desk.call("GET", f"/api/desk/handoffs/{made['id']}", ANNA)
    assert shown["contact"] == "anna@example.com"
    desk.staff(BEN, f"{made['id']}/resolve", outcome="unsolved")
    after = desk.ask_for(conversation)
    assert (after.status_code, after.json()["id"] != made["id"]) == (201, True)


def test_of_eight_who_claim_at_once_one_wins(desk: Desk) -> None:
    made = desk.ask_for(desk.conversation()).json()
    staff = [ANNA, BEN] * 4
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda who: desk.staff(who, f"{made['id']}/claim"), staff))
    winner = next(told["assignee"] for status, told in found if status == 200)
    for who, (status, told) in zip(staff, found, strict=True):
        if who["x-sightdesk-user"] == winner:
            assert (status, told["assignee"]) == (200, winner)
        else:
            assert (status, told["code"]) == (409, "handoff_taken")
            assert told["details"]["assignee"] == winner


def test_a_deleted_conversation_takes_its_hand_over_with_it(desk: Desk) -> None:
    conversation = desk.conversation()
    made = desk.ask_for(conversation).json()
    desk.customer.call("DELETE", f"/api/conversations/{conversation}")
    assert desk.call("GET", f"/api/desk/handoffs/{made['id']}", ANNA)[0] == 404


def test_staff_and_links_reach_the_pictures_of_a_conversation_and_no_others(desk: Desk) -> None:
    name = desk.customer.call(
        "POST", "/api/files", files={"file": ("screen.png", SCREEN.read_bytes())}
    ).json()["id"]
    other = desk.customer.call(
        "POST", "/api/files", files={"file": ("other.png", SCREEN.read_bytes())}
    ).json()["id"]
    parts = [{"type": "text", "text": "what is this?"}, {"type": "file", "file": {"file_id": name}}]
    conversation = desk.conversation(parts)
    path = f"/api/desk/conversations/{conversation}/files"
    url = desk.gateway.url
    found = requests.get(f"{url}{path}/{name}/content", headers=ANNA, timeout=20)
    assert (found.status_code, found.content) == (200, SCREEN.read_bytes())
    assert found.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert requests.get(f"{url}{path}/{other}/content", headers=ANNA, timeout=20).status_code == 404

    page = requests.get(f"{url}{path}/{name}/preview?page=1", headers=ANNA, timeout=20)
    assert page.headers["content-type"].startswith("image/")
    assert (
        requests.get(f"{url}{path}/{name}/preview?page=2", headers=ANNA, timeout=20).status_code
        == 404
    )
    assert requests.get(f"{url}{path}/{other}/preview", headers=ANNA, timeout=20).status_code == 404

    def link(file_id: str, expires_at: float, secret: str = SECRET) -> requests.Response:
        token = Signer(secret).sign_file(conversation, file_id, int(expires_at))
        return requests.get(f"{url}/signed/files/{token}", timeout=20)

    later = time.time() + 60
    assert link(name, later).content == SCREEN.read_bytes(), link(name, later).text
    assert link(name, time.time() - 60).json()["error"]["code"] == "invalid_token"
    assert link(name, later, "another secret").status_code == 401
    assert link(other, later).status_code == 404
    desk.customer.call("DELETE", f"/api/conversations/{conversation}")
    assert link(name, later).status_code == 404


def test_staff_hear_of_everything_live_and_again_after_a_break(desk: Desk) -> None:
    with desk.desk_live(ANNA) as stream:
        start = int(stream.block()["id"])
        asked = desk.customer.ask("hello")
        made = desk.ask_for(asked["conversation"]).json()
        rating = {"answer": asked["answer"], "rating": "down", "reason": "no"}
        desk.customer.call("POST", "/api/feedback", json=rating)
        found = [stream.read()[1] for _ in range(2)]
        assert found == ["handoff.requested", "feedback.given"]
    desk.staff(BEN, f"{made['id']}/claim")
    with desk.desk_live(ANNA, start) as stream:
        found = [stream.read()[1] for _ in range(3)]
    assert found == ["handoff.requested", "feedback.given", "handoff.claimed"]


def test_staff_find_conversations_by_words_and_by_what_happened(desk: Desk) -> None:
    plain = desk.conversation("a zebra in the warehouse")
    handed = desk.conversation("another zebra, 13812345678")
    desk.ask_for(handed)
    rated = desk.customer.ask("a third zebra")
    desk.customer.call("POST", "/api/feedback", json={"answer": rated["answer"], "rating": "down"})

    def found(**query: str) -> set[str]:
        url = f"{desk.gateway.url}/api/desk/conversations"
        page = requests.get(url, params=query, headers=BEN, timeout=20).json()
        return {one["id"] for one in page["data"]}

    assert found(query="zebra") == {plain, handed, rated["conversation"]}
    assert handed in found(query="13812345678")  # masked as the text is
    assert found(query="zebra", filter="handoff") == {handed}
    assert found(query="zebra", filter="down") == {rated["conversation"]}
    assert found(query="zebra", filter="action") == set()
    for filter_ in ("no_clause", "ungrounded"):
        assert plain not in found(filter=filter_)


def test_a_staff_key_of_another_system_answers_and_a_client_key_does_not(desk: Desk) -> None:
    made = desk.ask_for(desk.conversation()).json()
    status, error = desk.call("POST", f"/api/desk/handoffs/{made['id']}/claim", bearer("sk-shop"))
    assert (status, error["code"]) == (403, "staff_only")
    status, error = desk.staff(ANNA, f"{made['id']}/messages", text="too early")
    assert (status, error["code"]) == (409, "handoff_taken")
    assert error["details"] == {"assignee": None, "status": "open"}


def test_a_draft_is_plain_text_that_nobody_is_told(desk: Desk) -> None:
    conversation = desk.conversation("my parcel is late")
    made = desk.ask_for(conversation).json()
    desk.staff(ANNA, f"{made['id']}/claim")
    before = desk.customer.turns(conversation)
    status, draft = desk.staff(ANNA, f"{made['id']}/draft")
    assert (status, draft["object"]) == (200, "draft")
    assert draft["text"].strip()
    assert desk.customer.turns(conversation) == before
