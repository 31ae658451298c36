"""Several engines: which one gets a request, and what happens when one of them is down."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.http_client import body, contents, events, metric, post, state, until
from tests.support.servers import Running, running, running_gateway, wait_for


@pytest.fixture
def engines() -> Iterator[list[Running]]:
    """Tests of this module kill them."""
    with (
        running("tests.support.faulty_engine", {}) as one,
        running("tests.support.faulty_engine", {}) as two,
    ):
        yield [one, two]
        for engine in (one, two):
            engine.process.send_signal(signal.SIGCONT)


@pytest.fixture
def before_both(
    engines: list[Running], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    urls = ",".join(engine.url for engine in engines)
    settings = {"ENGINE": "cpu", "READER_URL": "", "MAX_CONCURRENT": "16"}
    with running_gateway(urls, tmp_path_factory.mktemp("data"), **settings) as gateway:
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 2)
        yield gateway


def received(engines: list[Running]) -> list[int]:
    return [int(state(engine)["received"]) for engine in engines]


def test_a_conversations_turns_stay_with_one_engine_and_conversations_spread(
    before_both: Running, engines: list[Running]
) -> None:
    used = []
    for number in range(12):
        before = received(engines)
        messages = [{"role": "user", "content": f"question {number} say-1"}]
        for _ in range(3):
            answer = requests.post(
                before_both.url + "/v1/chat/completions",
                json={**body("", stream=False), "messages": messages},
                timeout=9,
            )
            messages += [
                answer.json()["choices"][0]["message"],
                {"role": "user", "content": "and say-1"},
            ]
        asked = [now - then for now, then in zip(received(engines), before, strict=True)]
        assert sorted(asked) == [0, 3]
        used.append(asked.index(3))
    assert set(used) == {0, 1}
    session = {"x-session-id": "mine"}
    before = received(engines)
    for number in range(4):
        url = before_both.url + "/v1/chat/completions"
        requests.post(url, json=body(f"{number} say-1"), headers=session, timeout=9)
    assert sorted(now - then for now, then in zip(received(engines), before, strict=True)) == [0, 4]


def test_one_conversation_asked_many_times_at_once_fills_both_engines(
    before_both: Running, engines: list[Running]
) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(before_both, "the same say-5-0.2"), range(20)))
    assert {contents(answer) for answer in answers} == {" 0 1 2 3 4"}
    most = [state(engine)["most"] for engine in engines]
    assert abs(most[0] - most[1]) <= 16 // 4 + 2


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "suspended"])
def test_what_a_dead_engine_had_not_begun_to_answer_succeeds_elsewhere(
    before_both: Running, engines: list[Running], end: signal.Signals
) -> None:
    """Nothing of a whole answer has been sent before its end, two seconds later."""
    with ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(post, before_both, f"question {n} say-10-0.2", stream=False)
            for n in range(16)
        ]
        until(lambda: sum(state(engine)["running"] for engine in engines) == 16)
        assert state(engines[0])["running"] > 0
        engines[0].process.send_signal(end)
        gone_after = until(lambda: metric(before_both, "sightdesk_upstream_up") == 1)
        started = time.monotonic()
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json()["usage"]["completion_tokens"] == 10 for answer in answers)
    assert gone_after < 2.5, "out within 2 s, and a moment to look"
    assert time.monotonic() - started < 10
    assert {post(before_both, f"later {number} say-1").status_code for number in range(6)} == {200}
    if end is signal.SIGSTOP:
        engines[0].process.send_signal(signal.SIGCONT)
        until(lambda: metric(before_both, "sightdesk_upstream_up") == 2)
        before = state(engines[0])["received"]
        for number in range(12):
            post(before_both, f"again {number} say-1")
        assert state(engines[0])["received"] > before
    until(lambda: metric(before_both, "sightdesk_inflight_requests") == 0)


def test_a_stream_that_had_begun_is_not_begun_again(
    before_both: Running, engines: list[Running]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(post, before_both, f"question {number} say-40-0.05") for number in range(8)
        ]
        until(lambda: all(state(engine)["running"] for engine in engines))
        time.sleep(0.5)
        running = state(engines[0])["running"]
        engines[0].process.kill()
        answers = [events(one.result()) for one in asked]
    assert [answer[-1] == "[DONE]" for answer in answers].count(False) == running
    assert state(engines[1])["received"] == 8 - running


def test_what_two_engines_died_of_is_not_handed_to_a_third(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        running("tests.support.faulty_engine", {}) as one,
        running("tests.support.faulty_engine", {}) as two,
        running("tests.support.faulty_engine", {}) as three,
        running_gateway(
            ",".join(engine.url for engine in (one, two, three)),
            tmp_path_factory.mktemp("data"),
            ENGINE="cpu",
            READER_URL="",
        ) as gateway,
    ):
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 3)
        assert post(gateway, "reset-late").status_code == 502
        assert sum(state(engine)["received"] for engine in (one, two, three)) == 2
        assert post(gateway, "busy").status_code == 502
        assert min(state(engine)["received"] for engine in (one, two, three)) >= 1


def test_an_engine_that_swallows_connections_delays_nobody_for_long(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)  # its backlog full, the kernel drops every further SYN
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
        with running("tests.support.faulty_engine", {}) as good:
            urls = f"http://127.0.0.1:{hole.getsockname()[1]},{good.url}"
            data = tmp_path_factory.mktemp("data")
            with running_gateway(urls, data, ENGINE="cpu", READER_URL="") as gateway:
                wait_for(gateway.url + "/readyz")
                with ThreadPoolExecutor(8) as pool:
                    started = time.monotonic()
                    told = list(
                        pool.map(
                            lambda number: post(gateway, f"{number} say-1").status_code, range(8)
                        )
                    )
                assert set(told) == {200}
                assert time.monotonic() - started < 6
        for filler in fillers:
            filler.close()


def test_the_fallback_has_places_and_a_queue_of_its_own(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The assistant goes on without its engine; the raw model does not."""
    with (
        running("tests.support.faulty_engine", {}) as engine,
        running("tests.support.faulty_engine", {}) as fallback,
        running_gateway(
            engine.url,
            tmp_path_factory.mktemp("data"),
            ENGINE="cpu",
            READER_URL="",
            FALLBACK_ENGINE_URL=fallback.url,
            MAX_QUEUED="3",
        ) as gateway,
    ):
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 2)
        engine.process.kill()
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 1)
        assert post(gateway, "say-1").status_code == 503
        gate = threading.Barrier(10)

        def ask(number: int) -> int:
            gate.wait()
            return post(gateway, f"{number} say-4-0.2", model="sightdesk", stream=False).status_code

        with ThreadPoolExecutor(10) as pool:
            told = sorted(pool.map(ask, range(10)))
        assert told == [200] * 7 + [429] * 3, "four places and three who wait"
        assert state(fallback)["most"] == 4
        until(lambda: metric(gateway, "sightdesk_inflight_requests") == 0)
        assert metric(gateway, "sightdesk_queue_depth") == 0


@pytest.fixture
def stopped_with_fallback(
    engines: list[Running], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Running]]:
    """A gateway before one engine with a fallback, and that engine."""
    engine, fallback = engines
    settings = {
        "ENGINE": "cpu",
        "READER_URL": "",
        "FALLBACK_ENGINE_URL": fallback.url,
        "MAX_CONCURRENT": "16",
    }
    with running_gateway(engine.url, tmp_path_factory.mktemp("data"), **settings) as gateway:
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 2)
        yield gateway, engine


def test_a_stopped_engines_open_questions_go_to_the_fallback_once_the_probes_have_judged(
    stopped_with_fallback: tuple[Running, Running],
) -> None:
    gateway, engine = stopped_with_fallback
    with ThreadPoolExecutor(8) as pool:
        # Whole answers under way, and both kinds that the stopped engine has not even read.
        running = [
            pool.submit(post, gateway, f"{n} say-20-0.2", model="sightdesk", stream=False)
            for n in range(3)
        ]
        until(lambda: state(engine)["running"] == 3)
        time.sleep(0.5)
        engine.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        fresh = [
            pool.submit(post, gateway, f"{n} say-1", model="sightdesk", stream=bool(n % 2))
            for n in range(4)
        ]
        answers = [one.result() for one in fresh]
        assert time.monotonic() - started < 8, "4 s on a machine with nothing else to do"
        assert {
            answer.status_code for answer in [*answers, *(one.result() for one in running)]
        } == {200}
    wholes = [
        answer.json() for answer in (answers[0], answers[2], *(one.result() for one in running))
    ]
    assert all(whole["sightdesk"]["degraded"] for whole in wholes)
    assert {whole["usage"]["completion_tokens"] for whole in wholes} == {1, 20}
    assert contents(answers[1]) == contents(answers[3]) == " 0"
    until(lambda: metric(gateway, "sightdesk_inflight_requests") == 0)


def test_a_stream_from_a_stopped_engine_ends_with_an_error_and_not_with_silence(
    stopped_with_fallback: tuple[Running, Running],
) -> None:
    gateway, engine = stopped_with_fallback
    with ThreadPoolExecutor(2) as pool:
        streams = [
            pool.submit(post, gateway, "say-100-0.1", model=model)
            for model in ("sightdesk", "faulty-vl")
        ]
        until(lambda: state(engine)["running"] == 2)
        time.sleep(0.5)
        engine.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        last = [json.loads(events(stream.result())[-1]) for stream in streams]
        assert time.monotonic() - started < 10, "IDLE_TIMEOUT is 60 s"
    assert {event["error"]["code"] for event in last} == {"upstream_error"}
    until(lambda: metric(gateway, "sightdesk_inflight_requests") == 0)


def test_an_engine_that_pauses_and_that_nobody_can_stand_in_for_is_waited_for(
    stopped_with_fallback: tuple[Running, Running],
) -> None:
    """The raw model has no fallback."""
    gateway, engine = stopped_with_fallback
    with ThreadPoolExecutor(1) as pool:
        engine.process.send_signal(signal.SIGSTOP)
        asked = pool.submit(post, gateway, "say-2", stream=False)
        until(lambda: metric(gateway, "sightdesk_upstream_up") == 1)
        time.sleep(1)
        engine.process.send_signal(signal.SIGCONT)
        assert asked.result().json()["choices"][0]["message"]["content"] == " 0 1"
