"""The conversation routes of a real gateway: what is stored, returned and refused."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.hostile.texts import ODDITIES
from tests.support.http_client import metric, state, until
from tests.support.paths import SCREENS
from tests.support.servers import Running, running_gateway, wait_for
from tests.support.visitor import SETTINGS, Visitor, began, code

PNG = (SCREENS / "app-error.png").read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def server(engine: Running, folder: Path) -> Iterator[Running]:
    with running_gateway(engine.url, folder, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def test_a_question_and_its_answer_come_back_masked(server: Running) -> None:
    me = Visitor(server.url)
    asked = me.ask("我的手机13812345678，订单QH202611180042317 没到")
    question, answer = me.turns(asked["conversation"])
    assert question["id"] == asked["turn"]
    assert question["text"] == "我的手机138****5678，订单QH202611180042317 没到"
    assert (answer["id"], answer["text"], answer["state"], answer["model"]) == (
        asked["answer"],
        "你!",
        "done",
        "fake-vl",
    )
    assert (answer["citations"], answer["outcome"]) == ([], "answered")
    assert answer["grounding"] == {"supported": True, "unsupported": []}
    listed = me.get("/api/conversations")
    assert (listed["object"], listed["has_more"]) == ("list", False)
    assert [summary["id"] for summary in listed["data"]] == [asked["conversation"]]
    assert listed["data"][0]["title"] == question["text"]
    assert abs(listed["data"][0]["updated_at"] - time.time()) < 100


def test_who_has_the_last_event_finds_the_answer_in_the_history(server: Running) -> None:
    me = Visitor(server.url)
    for _ in range(10):
        asked = me.ask("hi")
        assert me.turns(asked["conversation"])[1]["state"] == "done"


def test_an_answer_that_is_not_streamed_is_kept_too(server: Running) -> None:
    me = Visitor(server.url)
    extras = me.begin("hi", stream=False).json()["sightdesk"]
    question, answer = me.turns(extras["conversation"]["id"])
    assert (question["id"], answer["id"]) == (
        extras["conversation"]["turn"],
        extras["answer"]["id"],
    )
    assert (answer["text"], answer["state"]) == ("你!", "done")


def test_the_api_is_never_kept(server: Running, folder: Path) -> None:
    word = "a-question-by-the-api"
    body: dict[str, Any] = {
        "model": "sightdesk",
        "messages": [{"role": "user", "content": word}],
        "store": True,
    }
    key = {"authorization": "Bearer sk-shop"}
    assert (
        requests.post(
            server.url + "/v1/chat/completions", json=body, headers=key, timeout=20
        ).status_code
        == 200
    )
    assert Visitor(server.url, "sk-shop").get("/api/conversations")["data"] == []
    assert not any(word.encode() in path.read_bytes() for path in folder.glob("sightdesk.db*"))


def test_a_failed_answer_keeps_what_was_written_and_says_that_it_failed(server: Running) -> None:
    me = Visitor(server.url)
    asked = me.ask("die")
    answer = me.turns(asked["conversation"])[1]
    assert (answer["text"], answer["state"]) == ("你", "failed")
    whole = me.begin("500", asked["conversation"], stream=False)
    assert whole.status_code == 502
    assert [turn.get("state") for turn in me.turns(asked["conversation"])][3] == "failed"


def test_a_stopped_answer_keeps_what_was_written(server: Running) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    assert me.turns(asked["conversation"])[1]["state"] == "writing"
    assert me.call("POST", f"/api/chat/{asked['answer']}/stop").status_code == 204
    answer = me.turns(asked["conversation"])[1]
    assert answer["state"] == "stopped"
    assert answer["text"].startswith("你 0 1 2 3")
    running.close()


def test_an_answer_whose_reader_left_for_good_is_kept_as_stopped(server: Running) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    running.close()
    until(lambda: me.turns(asked["conversation"])[1]["state"] == "stopped")


def test_regenerating_replaces_the_question_and_what_came_after(server: Running) -> None:
    me = Visitor(server.url)
    first = me.ask("one")
    second = me.ask("two", first["conversation"])
    me.ask("three", first["conversation"])
    again = me.ask("two, better", first["conversation"], metadata={"replaces": second["turn"]})
    turns = me.turns(first["conversation"])
    assert [turn["text"] for turn in turns] == ["one", "你!", "two, better", "你!"]
    assert turns[2]["id"] == again["turn"] != second["turn"]


def test_replacing_a_question_stops_the_answer_that_is_still_written(
    server: Running, engine: Running
) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    turn = me.turns(asked["conversation"])[0]["id"]
    me.ask("instead", asked["conversation"], metadata={"replaces": turn})
    assert [turn["text"] for turn in me.turns(asked["conversation"])] == ["instead", "你!"]
    until(lambda: state(engine)["running"] == 0)
    running.close()


def test_two_tabs_that_ask_at_once_both_find_their_question_and_answer(server: Running) -> None:
    me = Visitor(server.url)
    conversation = me.ask("start")["conversation"]
    cookies = {cookie.name: cookie.value or "" for cookie in me.session.cookies}

    def tab(number: int) -> None:
        other = Visitor(server.url)
        other.session.cookies.update(cookies)
        other.ask(f"question {number}", conversation)

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(tab, range(16)))
    turns = me.turns(conversation)
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * 17
    assert sorted(turn["text"] for turn in turns[2::2]) == sorted(
        f"question {number}" for number in range(16)
    )


def test_a_title_is_renamed_masked_and_bounded(server: Running) -> None:
    me = Visitor(server.url)
    path = f"/api/conversations/{me.ask('hi')['conversation']}"
    assert (
        me.call("PATCH", path, json={"title": " 找 13812345678 "}).json()["title"]
        == "找 138****5678"
    )
    for title in ("", "   ", "x" * 201, "x" * 100_000, None, 5):
        assert code(me.call("PATCH", path, json={"title": title})) == (400, "invalid_request")
    assert code(me.call("PATCH", path, json={"title": "x", "owner": "me"})) == (
        400,
        "invalid_request",
    )
    half = me.call(
        "PATCH",
        path,
        data=b'{"title": "a\\ud800\\u0000b"}',
        headers={"content-type": "application/json"},
    )
    assert half.status_code in (200, 400)
    as_json = {"content-type": "application/json"}
    renamed = me.call("PATCH", path, data='{"title": "a\\u0000b"}', headers=as_json)
    assert renamed.json()["title"] == "a\ufffdb"
    assert me.get(path)["title"] == "a\ufffdb"


@pytest.mark.parametrize(
    "query", ["%", "_", "'; DROP TABLE turns; --", "%00", "%ED%A0%80", "\\", "/"]
)
def test_a_strange_search_finds_what_it_says_and_breaks_nothing(
    server: Running, query: str
) -> None:
    me = Visitor(server.url)
    me.ask("plain words")
    assert me.call("GET", f"/api/conversations?query={query}").json()["data"] == []
    assert len(me.get("/api/conversations?query=PLAIN")["data"]) == 1


@pytest.mark.parametrize(
    "parameters", ["limit=0", "limit=201", "limit=x", "query=" + "x" * 201, "before=" + "x" * 65]
)
def test_a_search_out_of_bounds_is_refused(server: Running, parameters: str) -> None:
    assert code(Visitor(server.url).call("GET", "/api/conversations?" + parameters)) == (
        400,
        "invalid_request",
    )


@pytest.mark.parametrize("kind", ["another visitor", "another key", "another token"])
def test_what_is_anothers_is_not_there(server: Running, kind: str) -> None:
    def owners() -> tuple[Visitor, Visitor]:
        if kind == "another visitor":
            return Visitor(server.url), Visitor(server.url)
        if kind == "another key":
            return Visitor(server.url, "sk-shop"), Visitor(server.url, "sk-other")
        return Visitor(server.url, token(server, "li")), Visitor(server.url, token(server, "wang"))

    me, them = owners()
    asked = me.ask("mine")
    path = f"/api/conversations/{asked['conversation']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"title": "x"}),
        ("DELETE", path, None),
        ("GET", f"/api/conversations?before={asked['conversation']}", None),
        ("POST", "/api/feedback", {"answer": asked["answer"], "rating": "up"}),
        ("POST", "/api/handoff", {"conversation_id": asked["conversation"]}),
        (
            "POST",
            "/api/chat",
            {
                "messages": [{"role": "user", "content": "x"}],
                "conversation_id": asked["conversation"],
            },
        ),
    ):
        assert code(them.call(method, where, json=body)) == (404, "not_found"), where
    assert them.get("/api/conversations")["data"] == []
    assert [turn["text"] for turn in me.turns(asked["conversation"])] == ["mine", "你!"]
    assert me.call("DELETE", path).json()["deleted"] is True


@pytest.mark.parametrize("name", ["%00", "..%2f..", "x" * 500, "%ED%A0%80", "' OR 1=1"])
def test_a_strange_conversation_id_is_not_found(server: Running, name: str) -> None:
    assert code(Visitor(server.url).call("GET", f"/api/conversations/{name}")) == (404, "not_found")


def token(server: Running, user: str, origin: str = "http://localhost:9000") -> str:
    wanted: dict[str, Any] = {"user": user, "origin": origin, "ttl": 60}
    key = {"authorization": "Bearer sk-shop"}
    return str(
        requests.post(server.url + "/v1/embed-tokens", json=wanted, headers=key, timeout=5).json()[
            "token"
        ]
    )


def test_a_token_works_on_the_desks_page_and_on_its_own_and_tells_the_page_which_that_is(
    server: Running,
) -> None:
    holder = Visitor(server.url, token(server, "li"))
    assert holder.get("/api/config")["embed_origin"] == "http://localhost:9000"
    assert Visitor(server.url).get("/api/config")["embed_origin"] is None
    for origin, status in (
        (server.url, 200),
        ("http://localhost:9000", 200),
        ("http://localhost:9001", 403),
    ):
        assert (
            holder.call("GET", "/api/conversations", headers={"origin": origin}).status_code
            == status
        )


def test_the_page_is_told_that_the_server_keeps_the_history(server: Running) -> None:
    assert Visitor(server.url).get("/api/config")["history"] == "server"


def test_files_come_back_with_their_question_and_go_with_their_last_conversation(
    server: Running,
) -> None:
    me = Visitor(server.url)
    files = {"file": ("截图13812345678.png", PNG)}
    stored = me.call("POST", "/api/files", files=files).json()["id"]
    content = [{"type": "text", "text": "what"}, {"type": "file", "file": {"file_id": stored}}]
    one, two = me.ask(content)["conversation"], me.ask(content)["conversation"]
    shown = me.turns(one)[0]["files"]
    assert shown == [
        {"id": stored, "filename": "截图138****5678.png", "content_type": "image/png", "pages": 1}
    ]
    me.call("DELETE", f"/api/conversations/{one}")
    assert me.call("GET", f"/api/files/{stored}").status_code == 200
    me.call("DELETE", f"/api/conversations/{two}")
    assert me.call("GET", f"/api/files/{stored}").status_code == 404


def test_a_file_that_is_gone_is_left_out_of_the_history(server: Running) -> None:
    me = Visitor(server.url)
    stored = me.call("POST", "/api/files", files={"file": ("a.png", PNG)}).json()["id"]
    asked = me.ask(
        [{"type": "text", "text": "what"}, {"type": "file", "file": {"file_id": stored}}]
    )
    me.call("DELETE", f"/api/files/{stored}")
    assert me.turns(asked["conversation"])[0]["files"] == []


def test_deleting_a_conversation_while_its_answer_is_written_stops_the_engine(
    server: Running, engine: Running
) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    path = f"/api/conversations/{asked['conversation']}"
    gone = me.call("DELETE", path)
    assert gone.json() == {"id": asked["conversation"], "object": "conversation", "deleted": True}
    until(lambda: state(engine)["running"] == 0)
    assert code(me.call("GET", path)) == (404, "not_found")
    running.close()
    whole = ThreadPoolExecutor(1).submit(lambda: me.begin("slow", "one-that-waits", stream=False))
    waiting = Visitor(server.url)
    waiting.session.cookies.update(me.session.cookies)
    until(lambda: waiting.call("GET", "/api/conversations/one-that-waits").status_code == 200)
    assert waiting.call("DELETE", "/api/conversations/one-that-waits").status_code == 200
    assert code(whole.result(20)) == (404, "not_found")


def test_feedback_is_kept_masked_counted_and_replaced(server: Running) -> None:
    me = Visitor(server.url)
    asked = me.ask("hi")
    before = metric(server, "sightdesk_feedback_total", rating="down")
    given = {"answer": asked["answer"], "rating": "down", "reason": "打 13812345678"}
    kept = {**given, "reason": "打 138****5678"}
    assert me.call("POST", "/api/feedback", json=given).json() == kept
    assert me.call("POST", "/api/feedback", json=given).json() == kept
    answer = me.turns(asked["conversation"])[1]
    assert (answer["rating"], answer["reason"]) == ("down", "打 138****5678")
    me.call("POST", "/api/feedback", json={"answer": asked["answer"], "rating": "up"})
    assert (
        me.turns(asked["conversation"])[1]["rating"],
        me.turns(asked["conversation"])[1]["reason"],
    ) == ("up", None)
    assert metric(server, "sightdesk_feedback_total", rating="down") == before + 1
    for wrong in (
        {"rating": "maybe"},
        {"reason": "x" * 2001},
        {"answer": "no such\x00"},
        {"more": 1},
    ):
        assert code(me.call("POST", "/api/feedback", json={**given, **wrong})) == (
            400,
            "invalid_request",
        )
    assert code(me.call("POST", "/api/feedback", json={**given, "answer": asked["turn"]})) == (
        404,
        "not_found",
    )


def test_a_hand_over_is_kept_and_counted(server: Running) -> None:
    me = Visitor(server.url)
    conversation = me.ask("hi")["conversation"]
    before = metric(server, "sightdesk_handoffs_total", reason="asked")
    made = me.call(
        "POST", "/api/handoff", json={"conversation_id": conversation, "note": "请回电"}
    ).json()
    told = {"object": "handoff", "conversation_id": conversation, "status": "open"}
    assert {name: made[name] for name in told} == told
    assert (made["note"], made["reason"]) == ("请回电", "asked")
    assert metric(server, "sightdesk_handoffs_total", reason="asked") == before + 1
    stats = me.get("/api/stats")
    assert (stats["conversations"], stats["questions"], stats["answers"], stats["handoffs"]) == (
        1,
        1,
        1,
        1,
    )
    assert (stats["ratings"], len(stats["days"])) == ({"up": 0, "down": 0}, 30)


def test_an_export_is_a_line_a_conversation(server: Running) -> None:
    me = Visitor(server.url)
    asked = [me.ask(f"question {number}")["conversation"] for number in range(3)]
    answer = me.call("GET", "/api/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["content-disposition"].startswith("attachment")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(line["id"] for line in lines) == sorted(asked)
    assert lines[0] == me.get(f"/api/conversations/{lines[0]['id']}")


def fill(folder: Path, conversation: str, turns: int, text: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "sightdesk.db")) as rows, rows:
        rows.executemany(
            "INSERT INTO turns (id, conversation_id, role, state, text, created_at, degraded, citations, reading) "
            "VALUES (?, ?, ?, 'done', ?, 1, 0, '[]', '[]')",
            [
                (f"{conversation}-{n}", conversation, ("user", "assistant")[n % 2], text)
                for n in range(turns)
            ],
        )


def test_a_second_export_at_once_is_refused_and_leaving_the_first_one_makes_room(
    server: Running, folder: Path
) -> None:
    me, other = Visitor(server.url), Visitor(server.url)
    fill(folder, me.ask("start")["conversation"], 300, "text " * 20_000)
    first = me.call("GET", "/api/export", stream=True)
    assert first.status_code == 200
    refused = me.call("GET", "/api/export")
    assert code(refused) == (429, "rate_limit_exceeded")
    assert refused.json()["error"]["details"] == {"limit": 1, "name": "export", "retry_after": 1}
    assert other.call("GET", "/api/export").status_code == 200
    first.close()
    until(lambda: me.call("GET", "/api/export").status_code == 200)


def test_many_large_conversations_and_exports_take_little_memory(
    server: Running, folder: Path
) -> None:
    visitors = [Visitor(server.url) for _ in range(6)]
    conversations = [me.ask("start")["conversation"] for me in visitors]
    for conversation in conversations:
        fill(folder, conversation, 100, "text " * 20_000)
    before = resident(server)
    with ThreadPoolExecutor(12) as threads:
        work = [threads.submit(me.call, "GET", "/api/export") for me in visitors]
        work += [
            threads.submit(me.call, "GET", f"/api/conversations/{one}")
            for me, one in zip(visitors, conversations, strict=True)
        ]
        sizes = [len(one.result().content) for one in work]
    assert min(sizes) > 10_000_000
    assert resident(server) - before < 100, "12 answers of 10 MB, each in pieces"


def resident(server: Running) -> int:
    """The most memory that the process has had, MiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        // 1024
    )


def test_searches_of_one_visitor_come_one_after_the_other(server: Running) -> None:
    me = Visitor(server.url)
    asked = me.ask("退货运费谁出")["conversation"]
    with ThreadPoolExecutor(8) as threads:
        pages = list(
            threads.map(lambda _: me.get("/api/conversations", params={"query": "运费"}), range(16))
        )
    assert {page["data"][0]["id"] for page in pages} == {asked}


def test_a_conversation_of_a_thousand_turns_opens(server: Running, folder: Path) -> None:
    me = Visitor(server.url)
    conversation = me.ask("start")["conversation"]
    fill(folder, conversation, 998, "text " * 40)
    turns = me.turns(conversation)
    assert [len(turns), turns[-1]["id"]] == [1000, f"{conversation}-997"]
    assert me.ask("one more", conversation)["conversation"] == conversation


@pytest.mark.parametrize("path", ["/api/feedback", "/api/handoff"])
def test_odd_json_is_refused(server: Running, path: str) -> None:
    me = Visitor(server.url)
    for name, body in ODDITIES.items():
        refused = me.call("POST", path, data=body, headers={"content-type": "application/json"})
        assert refused.status_code == 400, name
        assert refused.json()["error"]["code"] in ("invalid_json", "invalid_request"), name
