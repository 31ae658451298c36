"""The page's history over HTTP, from a real gateway: what is kept, what comes back, what is refused."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.servers import Running, free_port, running_gateway, wait_for
from tests.gateway.hostile.test_lists import ODDITIES
from tests.gateway.postgres import running_postgres

PNG = (Path(__file__).parents[2] / "examples/screens/app-error.png").read_bytes()
SETTINGS = {"ENGINE": "cpu", "READER_URL": "", "API_KEYS": "shop:sk-shop,other:sk-other", "RESUME_GRACE": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def server(engine: Running, folder: Path) -> Iterator[Running]:
    with running_gateway(engine.url, folder, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


class Visitor:
    """A person at the page, with a cookie of their own, or the holder of a key or token."""

    def __init__(self, url: str, bearer: str = "") -> None:
        self.url = url
        self.session = requests.Session()
        if bearer:
            self.session.headers["authorization"] = f"Bearer {bearer}"
        self.get("/api/config")

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more).json()

    def begin(self, text: Any, conversation: str | None = None, **more: Any) -> requests.Response:
        body: dict[str, Any] = {"messages": [{"role": "user", "content": text}], **more}
        if conversation:
            body["conversation_id"] = conversation
        return self.call("POST", "/api/chat", data=json.dumps(body).encode(), headers={"content-type": "application/json"}, stream=True)  # fmt: skip

    def ask(self, text: Any, conversation: str | None = None, **more: Any) -> dict[str, Any]:
        """What the first event tells, once the answer has ended."""
        return told(self.begin(text, conversation, **more))

    def turns(self, conversation: str) -> list[dict[str, Any]]:
        whole = self.get(f"/api/conversations/{conversation}")
        assert whole["turns"] == len(whole["messages"])
        return list(whole["messages"])


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])
        if line == b"data: [DONE]":
            return


def told(answer: requests.Response) -> dict[str, Any]:
    first, *_ = [event["sightdesk"] for event in events(answer) if "sightdesk" in event]
    answer.close()
    return {
        "conversation": first["conversation"]["id"],
        "turn": first["conversation"]["turn"],
        "answer": first["answer"]["id"],
    }


def began(answer: requests.Response) -> dict[str, Any]:
    """What an answer tells that goes on being written; its words have begun."""
    first: dict[str, Any] = {}
    for event in events(answer):
        first = first or event["sightdesk"]
        if event.get("choices") and event["choices"][0]["delta"]["content"] == " 3":
            return {"conversation": first["conversation"]["id"], "answer": first["answer"]["id"]}
    raise AssertionError("the answer ended too early")


def metric(gateway: Running, name: str) -> float:
    lines = requests.get(gateway.url + "/metrics", timeout=5).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


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
    assert answer["citations"]
    assert set(answer["citations"][0]) == {"id", "title", "clause", "text"}
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
    assert (question["id"], answer["id"]) == (extras["conversation"]["turn"], extras["answer"]["id"])
    assert (answer["text"], answer["state"]) == ("one two", "done")


def test_the_api_is_never_kept(server: Running, folder: Path) -> None:
    word = "a-question-by-the-api"
    body = {"model": "sightdesk", "messages": [{"role": "user", "content": word}], "store": True}
    key = {"authorization": "Bearer sk-shop"}
    assert requests.post(server.url + "/v1/chat/completions", json=body, headers=key, timeout=20).status_code == 200
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
    assert until(lambda: me.turns(asked["conversation"])[1]["state"] == "stopped")


def until(condition: Any, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_regenerating_replaces_the_question_and_what_came_after(server: Running) -> None:
    me = Visitor(server.url)
    first = me.ask("one")
    second = me.ask("two", first["conversation"])
    me.ask("three", first["conversation"])
    again = me.ask("two, better", first["conversation"], metadata={"replaces": second["turn"]})
    turns = me.turns(first["conversation"])
    assert [turn["text"] for turn in turns] == ["one", "你!", "two, better", "你!"]
    assert turns[2]["id"] == again["turn"] != second["turn"]


def test_replacing_a_question_stops_the_answer_that_is_still_written(server: Running, engine: Running) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    turn = me.turns(asked["conversation"])[0]["id"]
    me.ask("instead", asked["conversation"], metadata={"replaces": turn})
    assert [turn["text"] for turn in me.turns(asked["conversation"])] == ["instead", "你!"]
    assert until(lambda: requests.get(engine.url + "/state", timeout=5).json()["running"] == 0)
    running.close()


def test_two_tabs_that_ask_at_once_both_find_their_question_and_answer(server: Running) -> None:
    me = Visitor(server.url)
    conversation = me.ask("start")["conversation"]
    cookies = dict(me.session.cookies)

    def tab(number: int) -> None:
        other = Visitor(server.url)
        other.session.cookies.update(cookies)
        other.ask(f"question {number}", conversation)

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(tab, range(16)))
    turns = me.turns(conversation)
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * 17
    assert sorted(turn["text"] for turn in turns[2::2]) == sorted(f"question {number}" for number in range(16))


def test_a_title_is_renamed_masked_and_bounded(server: Running) -> None:
    me = Visitor(server.url)
    path = f"/api/conversations/{me.ask('hi')['conversation']}"
    assert me.call("PATCH", path, json={"title": " 找 13812345678 "}).json()["title"] == "找 138****5678"
    for title in ("", "   ", "x" * 201, "x" * 100_000, None, 5):
        assert code(me.call("PATCH", path, json={"title": title})) == (400, "invalid_request")
    assert code(me.call("PATCH", path, json={"title": "x", "owner": "me"})) == (400, "invalid_request")
    half = me.call("PATCH", path, data=b'{"title": "a\\ud800\\u0000b"}', headers={"content-type": "application/json"})
    assert half.status_code in (200, 400)
    assert me.call("PATCH", path, data='{"title": "a\\u0000b"}', headers={"content-type": "application/json"}).json()["title"] == "a\ufffdb"  # fmt: skip
    assert me.get(path)["title"] == "a\ufffdb"


@pytest.mark.parametrize("query", ["%", "_", "'; DROP TABLE turns; --", "%00", "%ED%A0%80", "\\", "/"])
def test_a_strange_search_finds_what_it_says_and_breaks_nothing(server: Running, query: str) -> None:
    me = Visitor(server.url)
    me.ask("plain words")
    assert me.call("GET", f"/api/conversations?query={query}").json()["data"] == []
    assert len(me.get("/api/conversations?query=PLAIN")["data"]) == 1


@pytest.mark.parametrize("parameters", ["limit=0", "limit=201", "limit=x", "query=" + "x" * 201, "before=" + "x" * 65])
def test_a_search_out_of_bounds_is_refused(server: Running, parameters: str) -> None:
    assert code(Visitor(server.url).call("GET", "/api/conversations?" + parameters)) == (400, "invalid_request")


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
            {"messages": [{"role": "user", "content": "x"}], "conversation_id": asked["conversation"]},
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
    wanted = {"user": user, "origin": origin, "ttl": 60}
    key = {"authorization": "Bearer sk-shop"}
    return str(requests.post(server.url + "/v1/embed-tokens", json=wanted, headers=key, timeout=5).json()["token"])


def test_a_token_works_on_the_desks_page_and_on_its_own_and_tells_the_page_which_that_is(server: Running) -> None:
    holder = Visitor(server.url, token(server, "li"))
    assert holder.get("/api/config")["embed_origin"] == "http://localhost:9000"
    assert Visitor(server.url).get("/api/config")["embed_origin"] is None
    for origin, status in ((server.url, 200), ("http://localhost:9000", 200), ("http://localhost:9001", 403)):
        assert holder.call("GET", "/api/conversations", headers={"origin": origin}).status_code == status


def test_the_page_is_told_that_the_server_keeps_the_history(server: Running) -> None:
    assert Visitor(server.url).get("/api/config")["history"] == "server"


def test_files_come_back_with_their_question_and_go_with_their_last_conversation(server: Running) -> None:
    me = Visitor(server.url)
    files = {"file": ("截图13812345678.png", PNG)}
    stored = me.call("POST", "/api/files", files=files).json()["id"]
    content = [{"type": "text", "text": "what"}, {"type": "file", "file": {"file_id": stored}}]
    one, two = me.ask(content)["conversation"], me.ask(content)["conversation"]
    shown = me.turns(one)[0]["files"]
    assert shown == [{"id": stored, "filename": "截图138****5678.png", "content_type": "image/png", "pages": 1}]
    me.call("DELETE", f"/api/conversations/{one}")
    assert me.call("GET", f"/api/files/{stored}").status_code == 200
    me.call("DELETE", f"/api/conversations/{two}")
    assert me.call("GET", f"/api/files/{stored}").status_code == 404


def test_a_file_that_is_gone_is_left_out_of_the_history(server: Running) -> None:
    me = Visitor(server.url)
    stored = me.call("POST", "/api/files", files={"file": ("a.png", PNG)}).json()["id"]
    asked = me.ask([{"type": "text", "text": "what"}, {"type": "file", "file": {"file_id": stored}}])
    me.call("DELETE", f"/api/files/{stored}")
    assert me.turns(asked["conversation"])[0]["files"] == []


def test_deleting_a_conversation_while_its_answer_is_written_stops_the_engine(server: Running, engine: Running) -> None:
    me = Visitor(server.url)
    running = me.begin("endless")
    asked = began(running)
    path = f"/api/conversations/{asked['conversation']}"
    gone = me.call("DELETE", path)
    assert gone.json() == {"id": asked["conversation"], "object": "conversation", "deleted": True}
    assert until(lambda: requests.get(engine.url + "/state", timeout=5).json()["running"] == 0)
    assert code(me.call("GET", path)) == (404, "not_found")
    running.close()
    whole = ThreadPoolExecutor(1).submit(lambda: me.begin("slow", "one-that-waits", stream=False))
    waiting = Visitor(server.url)
    waiting.session.cookies.update(me.session.cookies)
    assert until(lambda: waiting.call("GET", "/api/conversations/one-that-waits").status_code == 200)
    assert waiting.call("DELETE", "/api/conversations/one-that-waits").status_code == 200
    assert code(whole.result(20)) == (404, "not_found")


def test_feedback_is_kept_masked_counted_and_replaced(server: Running) -> None:
    me = Visitor(server.url)
    asked = me.ask("hi")
    before = metric(server, 'sightdesk_feedback_total{rating="down"}')
    given = {"answer": asked["answer"], "rating": "down", "reason": "打 13812345678"}
    kept = {**given, "reason": "打 138****5678"}
    assert me.call("POST", "/api/feedback", json=given).json() == kept
    assert me.call("POST", "/api/feedback", json=given).json() == kept
    answer = me.turns(asked["conversation"])[1]
    assert (answer["rating"], answer["reason"]) == ("down", "打 138****5678")
    me.call("POST", "/api/feedback", json={"answer": asked["answer"], "rating": "up"})
    assert (me.turns(asked["conversation"])[1]["rating"], me.turns(asked["conversation"])[1]["reason"]) == ("up", None)
    assert metric(server, 'sightdesk_feedback_total{rating="down"}') == before + 1
    for wrong in ({"rating": "maybe"}, {"reason": "x" * 2001}, {"answer": "no such\x00"}, {"more": 1}):
        assert code(me.call("POST", "/api/feedback", json={**given, **wrong})) == (400, "invalid_request")
    assert code(me.call("POST", "/api/feedback", json={**given, "answer": asked["turn"]})) == (404, "not_found")


def test_a_hand_over_is_kept_and_counted(server: Running) -> None:
    me = Visitor(server.url)
    conversation = me.ask("hi")["conversation"]
    before = metric(server, "sightdesk_handoffs_total")
    made = me.call("POST", "/api/handoff", json={"conversation_id": conversation, "note": "请回电"}).json()
    assert {**made, "id": "", "created_at": 0} == {
        "id": "", "object": "handoff", "conversation_id": conversation, "status": "open", "created_at": 0,
    }  # fmt: skip
    assert metric(server, "sightdesk_handoffs_total") == before + 1
    stats = me.get("/api/stats")
    assert (stats["conversations"], stats["questions"], stats["answers"], stats["handoffs"]) == (1, 1, 1, 1)
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


def test_a_conversation_of_a_thousand_turns_opens(server: Running, folder: Path) -> None:
    me = Visitor(server.url)
    conversation = me.ask("start")["conversation"]
    with contextlib.closing(sqlite3.connect(folder / "sightdesk.db")) as rows, rows:
        rows.executemany(
            "INSERT INTO turns (id, conversation_id, role, state, text, created_at, degraded, citations, reading) "
            "VALUES (?, ?, ?, 'done', ?, 1, 0, '[]', '[]')",
            [(f"many-{n}", conversation, ("user", "assistant")[n % 2], f"text {n} " * 20) for n in range(998)],
        )
    turns = me.turns(conversation)
    assert [len(turns), turns[-1]["id"]] == [1000, "many-997"]
    assert me.ask("one more", conversation)["conversation"] == conversation


def test_a_crash_in_the_middle_of_an_answer_leaves_a_failed_answer(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as first:
        wait_for(first.url + "/readyz")
        me = Visitor(first.url)
        asked = began(me.begin("endless"))
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(20)
    with running_gateway(engine.url, tmp_path, **SETTINGS) as second:
        me.url = second.url
        assert [turn.get("state") for turn in me.turns(asked["conversation"])] == [None, "failed"]


def test_a_gateway_that_is_told_to_stop_keeps_what_was_written(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **{**SETTINGS, "RESUME_GRACE": "100"}) as first:
        wait_for(first.url + "/readyz")
        me = Visitor(first.url)
        running = me.begin("endless")
        asked = began(running)
        running.close()
        me.session.close()
        first.process.terminate()
        first.process.wait(60)
    with running_gateway(engine.url, tmp_path, **SETTINGS) as second:
        me.url = second.url
        answer = me.turns(asked["conversation"])[1]
    assert answer["state"] == "stopped"
    assert answer["text"].startswith("你 0 1 2 3")


def test_while_the_database_is_locked_answers_come_and_what_was_not_kept_is_counted(
    engine: Running, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        with contextlib.closing(sqlite3.connect(tmp_path / "sightdesk.db", isolation_level=None)) as locker:
            locker.execute("BEGIN IMMEDIATE")
            answer = me.begin("13812345678")
            assert [event["choices"][0]["delta"]["content"] for event in events(answer) if event.get("choices")] == [
                "你",
                "!",
            ]
            refused = me.call("PATCH", "/api/conversations/x", json={"title": "x"})
            assert code(refused) == (503, "upstream_unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            assert me.get("/api/conversations")["data"] == []
            assert me.get("/api/config")["history"] == "local"
        assert until(lambda: me.get("/api/config")["history"] == "server")
        log = gateway.log.read_text()
        assert '"question_not_kept"' in log
        assert "13812345678" not in log
        assert metric(gateway, "sightdesk_store_errors_total") >= 2
        # Questions do not wait for a store that has just failed; soon they are kept again.
        assert until(
            lambda: (asked := me.ask("again"))["turn"] and me.turns(asked["conversation"])[1]["state"] == "done"
        )


def test_an_answer_that_ends_while_the_database_is_locked_is_kept_later(engine: Running, tmp_path: Path) -> None:
    with running_gateway(engine.url, tmp_path, **SETTINGS) as gateway:
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        running = me.begin("endless")
        asked = began(running)
        with contextlib.closing(sqlite3.connect(tmp_path / "sightdesk.db", isolation_level=None)) as locker:
            locker.execute("BEGIN IMMEDIATE")
            assert me.call("POST", f"/api/chat/{asked['answer']}/stop").status_code == 204
            assert me.turns(asked["conversation"])[1]["state"] == "writing"
        assert until(lambda: me.turns(asked["conversation"])[1]["state"] == "stopped")
        running.close()


@pytest.mark.parametrize("path", ["/api/feedback", "/api/handoff"])
def test_odd_json_is_refused(server: Running, path: str) -> None:
    me = Visitor(server.url)
    for name, body in ODDITIES.items():
        refused = me.call("POST", path, data=body, headers={"content-type": "application/json"})
        assert refused.status_code == 400, name
        assert refused.json()["error"]["code"] in ("invalid_json", "invalid_request"), name


def test_a_postgresql_that_goes_away_takes_the_history_and_not_the_answers(engine: Running, tmp_path: Path) -> None:
    with (
        running_postgres() as postgres,
        running_gateway(engine.url, tmp_path, **SETTINGS, DATABASE_URL=postgres.url()) as gateway,
    ):
        wait_for(gateway.url + "/readyz")
        me = Visitor(gateway.url)
        asked = me.ask("before")
        postgres.control("-m", "immediate", "stop")
        assert (
            "".join(
                event["choices"][0]["delta"]["content"] for event in events(me.begin("between")) if event.get("choices")
            )
            == "你!"
        )
        assert code(me.call("GET", "/api/conversations")) == (503, "upstream_unavailable")
        postgres.start()
        assert until(lambda: me.ask("after", asked["conversation"])["turn"])
        assert [turn["text"] for turn in me.turns(asked["conversation"])] == ["before", "你!", "after", "你!"]


@pytest.mark.parametrize("url", ["mysql://desk:hidden-word@host/x", "postgresql://desk:hidden-word@127.0.0.1:1/x", "sqlite:////proc/none/x.db"])  # fmt: skip
def test_a_broken_database_url_stops_the_start_with_one_line(url: str, tmp_path: Path) -> None:
    environ = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path), "PORT": str(free_port()), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run([sys.executable, "-m", "gateway"], env=environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("gateway: DATABASE_URL=(hidden): ")
    assert "hidden-word" not in ended.stderr
