"""A client that disconnects frees the engine: at any moment, streaming or not.

On the page this happens after RESUME_GRACE, because the reader may come back.
"""

import asyncio
import json
import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import requests

from gateway.api.chat_response import deliver, follow
from gateway.chat import sse_response as replies
from gateway.chat.events import Unknown
from gateway.chat.openai_stream import StreamWriter
from gateway.chat.page_answer import PageAnswer
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.chat.sse_response import SSEResponse
from gateway.errors import UpstreamTimeout
from gateway.server.client_connection import PlainConnection
from gateway.server.request_context import RequestContext
from tests.support.disconnects import ask, seconds_to_abort, send
from tests.support.http_client import body, metric, state, until
from tests.support.servers import Running, running, running_gateway, wait_for

pytestmark = pytest.mark.both_paths


@pytest.fixture(scope="module")
def watching() -> Iterator[Running]:
    with running("tests.support.faulty_engine", {}) as engine:
        yield engine


@pytest.fixture(scope="module")
def graceful(watching: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    with running_gateway(
        watching.url, data, ENGINE="cpu", READER_URL="", RESUME_GRACE="1"
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


@pytest.mark.parametrize(
    ("order", "stream", "reads"),
    [
        ("stall", True, False),
        ("stall-after-head", True, False),
        ("say-2000-0.02", True, True),
        ("stall", False, False),
        ("stall-in-head", False, False),
        ("stall-mid-body", False, False),
    ],
)
def test_the_engine_is_aborted_at_once(
    graceful: Running, watching: Running, order: str, stream: bool, reads: bool
) -> None:
    left = metric(graceful, "sightdesk_client_disconnects_total")
    assert seconds_to_abort(watching, graceful.url, body(order, stream=stream), reads=reads) < 2
    assert metric(graceful, "sightdesk_client_disconnects_total") == left + 1
    until(lambda: metric(graceful, "sightdesk_inflight_requests") == 0)


def test_of_requests_on_each_others_heels_the_one_that_is_answered_is_aborted(
    graceful: Running, watching: Running
) -> None:
    """A closed connection had one request at an engine and one waiting, which is never sent."""
    before = state(watching)
    left = metric(graceful, "sightdesk_client_disconnects_total")
    connection = ask(graceful.url, body("say-2000-0.02", stream=True))
    until(lambda: state(watching)["running"] == 1)
    send(connection, graceful.url, body("say-2000-0.02", stream=True))
    assert connection.recv(10)
    connection.close()
    until(lambda: state(watching)["aborted"] == before["aborted"] + 1)
    until(lambda: metric(graceful, "sightdesk_inflight_requests") == 0)
    assert state(watching)["running"] == 0
    until(lambda: metric(graceful, "sightdesk_client_disconnects_total") == left + 1)


def test_what_a_leaver_was_sent_is_counted_as_aborted_and_nothing_for_a_whole_answer(
    graceful: Running, watching: Running
) -> None:
    def counted(direction: str) -> float:
        return metric(graceful, "sightdesk_tokens_total", direction=direction)

    aborted, completed = counted("aborted"), counted("completion")
    with requests.post(
        graceful.url + "/v1/chat/completions", json=body("say-300-0.01"), stream=True, timeout=9
    ) as answer:
        lines = answer.iter_lines()
        seen = (
            sum(next(lines).startswith(b"data:") for _ in range(60)) - 1
        )  # the first names the role only
    until(lambda: counted("aborted") > aborted)
    assert seen <= counted("aborted") - aborted < 300
    aborted = counted("aborted")
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            graceful.url + "/v1/chat/completions",
            json=body("say-300-0.01", stream=False),
            timeout=0.3,
        )
    until(lambda: state(watching)["running"] == 0)
    assert (counted("aborted"), counted("completion")) == (aborted, completed)


def test_hanging_up_on_done_is_a_whole_answer(graceful: Running) -> None:
    """As SDKs do: they read to [DONE] and close."""
    completed = metric(graceful, "sightdesk_tokens_total", direction="completion")
    for _ in range(20):
        with requests.post(
            graceful.url + "/v1/chat/completions", json=body("say-3"), stream=True, timeout=9
        ) as answer:
            next(line for line in answer.iter_lines(chunk_size=1) if line == b"data: [DONE]")
    until(
        lambda: metric(graceful, "sightdesk_tokens_total", direction="completion") == completed + 60
    )


def begin(gateway: Running, session: requests.Session, order: str) -> tuple[requests.Response, str]:
    wanted = {"messages": [{"role": "user", "content": order}]}
    answer = session.post(gateway.url + "/api/chat", json=wanted, stream=True, timeout=20)
    lines = (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith(b"data: "))
    identifier = next(lines)["sightdesk"]["answer"]["id"]
    next(told for told in lines if told["choices"])
    return answer, identifier


def test_a_reader_that_comes_back_begins_the_grace_anew(
    graceful: Running, watching: Running
) -> None:
    with requests.Session() as session:
        session.get(graceful.url + "/api/config", timeout=5)
        answer, identifier = begin(graceful, session, "say-2000-0.02")
        answer.close()
        time.sleep(0.6)
        session.get(f"{graceful.url}/api/chat/{identifier}", stream=True, timeout=5).close()
        left_at = time.time()
        time.sleep(0.6)
        assert state(watching)["running"] == 1, (
            "the first leaving is over a second ago, the last one is not"
        )
        until(lambda: state(watching)["running"] == 0)
        assert 0.9 < float(state(watching)["aborted_at"]) - left_at < 2


def test_an_answer_of_the_page_that_still_waits_for_its_engine_can_be_stopped(
    graceful: Running, watching: Running
) -> None:
    with requests.Session() as session:
        session.get(graceful.url + "/api/config", timeout=5)
        wanted = {"messages": [{"role": "user", "content": "stall"}]}
        with session.post(
            graceful.url + "/api/chat", json=wanted, stream=True, timeout=20
        ) as answer:
            first = next(
                line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data: ")
            )
            identifier = json.loads(first[6:])["sightdesk"]["answer"]["id"]
            until(lambda: state(watching)["running"] == 1)
            assert (
                session.post(f"{graceful.url}/api/chat/{identifier}/stop", timeout=5).status_code
                == 204
            )
            stopped_at = time.time()
            until(lambda: state(watching)["running"] == 0)
            assert float(state(watching)["aborted_at"]) - stopped_at < 2


async def never() -> dict[str, object]:
    """A client that sends nothing more and stays."""
    await asyncio.Event().wait()
    raise AssertionError


def page_answer() -> PageAnswer:
    writer = StreamWriter("answer-1", "sightdesk", wants_extras=True, wants_usage=False)
    return PageAnswer("answer-1", "owner", writer, is_stored=False)


async def kept(answer: PageAnswer) -> None:
    """The store's part."""


async def test_a_reader_that_leaves_while_it_is_written_to_is_counted_out() -> None:
    answers, answer = ResumableAnswers(0.01, kept), page_answer()
    stuck = asyncio.Event()

    async def send(message: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async def work() -> None:
        answer.push((Unknown(b"data: {}\n\n"),))
        await asyncio.Event().wait()

    answers.start(answer, work())
    context = RequestContext("r", "127.0.0.1", False, "http", PlainConnection(never, send))
    reader = asyncio.create_task(follow(answer, 0, context, answers))
    await stuck.wait()
    reader.cancel()
    assert answer.task is not None
    await asyncio.wait_for(answer.task, 1)


async def test_a_page_answer_that_breaks_unforeseen_ends_with_an_error_and_not_in_silence() -> None:
    answers, answer = ResumableAnswers(0.01, kept), page_answer()

    async def work() -> None:
        answer.push((Unknown(b"data: {}\n\n"),))
        raise ZeroDivisionError

    answers.start(answer, work())
    told = b"".join([events async for events in answer.read(0)])
    assert b'"internal_error"' in told.split(b"\n\n")[1]


@pytest.mark.parametrize("fault", [UpstreamTimeout("late"), ZeroDivisionError()])
async def test_silence_is_broken_by_comments_and_what_fails_after_them_is_an_event(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr(replies, "KEEP_ALIVE_SECONDS", 0.05)
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def work() -> None:
        await asyncio.sleep(0.5)
        raise fault

    await deliver(
        SSEResponse(RequestContext("r", "127.0.0.1", False, "http", PlainConnection(never, send))),
        work(),
    )
    assert sent[0]["status"] == 200
    bodies = [message["body"] for message in sent[1:]]
    assert bodies[:2] == [b": keep-alive\n\n"] * 2
    assert bodies[-2].startswith(b'data: {"error":')
    assert not sent[-1]["more_body"]


def test_a_question_whose_asker_left_while_it_was_stored_gets_an_end(graceful: Running) -> None:
    with requests.Session() as me:
        me.get(graceful.url + "/api/config", timeout=5)
        cookie = "; ".join(f"{name}={value}" for name, value in me.cookies.items())
        for _ in range(5):
            connection = ask(graceful.url, body("stall"), "/api/chat", f"cookie: {cookie}\r\n")
            time.sleep(0.002)
            connection.close()

        def states() -> list[str]:
            listed = me.get(graceful.url + "/api/conversations", timeout=5).json()["data"]
            found = [
                me.get(f"{graceful.url}/api/conversations/{one['id']}", timeout=5).json()
                for one in listed
            ]
            return [
                message["state"]
                for one in found
                for message in one["messages"]
                if "state" in message
            ]

        until(lambda: len(states()) == 5)
        until(lambda: set(states()) == {"stopped"})
    until(lambda: metric(graceful, "sightdesk_inflight_requests") == 0)
