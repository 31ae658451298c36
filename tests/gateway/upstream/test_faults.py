"""Each way in which an engine can fail: what the client gets, and what the metrics count."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.engine_faults import ORDERS
from tests.support.http_client import admin, contents, events, metric, post, state, until
from tests.support.servers import Running, free_port, running, running_gateway, wait_for

# The order; the error for a client that has seen nothing of the answer yet; the kind in metrics.
BEFORE_THE_FIRST_BYTE = {
    "reset": (502, "upstream_error", "died"),
    "reset-late": (502, "upstream_error", "died"),
    "stall": (504, "upstream_timeout", "timeout"),
    "stall-in-head": (504, "upstream_timeout", "timeout"),
    "drip-head": (504, "upstream_timeout", "timeout"),
    "stall-after-head": (504, "upstream_timeout", "timeout"),
    "die-after-head": (502, "upstream_error", "died"),
    "garbage": (502, "upstream_error", "died"),
    "long-header": (502, "upstream_error", "died"),
    "fail": (502, "upstream_error", "status_5xx"),
    "fail-and-stall": (502, "upstream_error", "status_5xx"),
    "busy": (502, "upstream_error", "status_5xx"),
    "garbage-body": (502, "upstream_error", "died garbage"),
}
# The last event of a stream that had begun.
IN_THE_MIDDLE = {
    "stall-mid-stream": ("upstream_timeout", "timeout"),
    "die-mid-stream": ("upstream_error", "died"),
    "die-mid-chunk": ("upstream_error", "died"),
    "no-done": ("upstream_error", "died"),
    "error-event": ("upstream_error", "error_event"),
    "mentions-data": ("upstream_timeout", "timeout"),
}
OF_A_WHOLE_ANSWER = {
    **BEFORE_THE_FIRST_BYTE,
    "die-mid-body": (502, "upstream_error", "died"),
    "stall-mid-body": (504, "upstream_timeout", "timeout"),
    "no-completion": (502, "upstream_error", "garbage"),
}
ERROR_KEYS = {"message", "type", "param", "code", "details"}
HARMLESS = {
    "split": "好\u2028吗🙂",
    "huge": "x" * 10_000_000,
    "close-idle": " 0 1",
    "dies-after-done": "a",
    "lingers-after-done": "ab",
    "lingers-after-all": "ab",
    "talks-after-done": "a",
    "pings-after-done": "a",
    "usage-twice": "ab",
    "drip": "slow",
    "busy-once": " 0 1",
}


@pytest.fixture(scope="module")
def faulty() -> Iterator[Running]:
    with running("tests.support.faulty_engine", {}) as engine:
        yield engine


@pytest.fixture(scope="module")
def before_it(faulty: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {"FIRST_TOKEN_TIMEOUT": "0.7", "IDLE_TIMEOUT": "0.7", "BREAKER_FAILURES": "1000"}
    data = tmp_path_factory.mktemp("data")
    with running_gateway(faulty.url, data, ENGINE="cpu", READER_URL="", **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def failures(gateway: Running, kinds: str) -> float:
    return sum(
        metric(gateway, "sightdesk_upstream_errors_total", kind=kind) for kind in kinds.split()
    )


def all_is_well_again(gateway: Running, engine: Running) -> None:
    until(lambda: metric(gateway, "sightdesk_inflight_requests") == 0)
    until(lambda: state(engine)["running"] == 0)
    assert contents(post(gateway, "say-3")) == " 0 1 2"
    assert post(gateway, "say-3", stream=False).json()["usage"]["completion_tokens"] == 3


def test_every_fault_that_the_engine_knows_has_its_answer_here() -> None:
    known = {*OF_A_WHOLE_ANSWER, *IN_THE_MIDDLE, *HARMLESS, "refusal-event"}
    assert known == set(ORDERS)


@pytest.mark.parametrize(
    ("order", "stream"),
    [
        *((order, True) for order in BEFORE_THE_FIRST_BYTE),
        *((order, False) for order in OF_A_WHOLE_ANSWER),
    ],
)
def test_a_fault_before_the_first_byte_is_an_honest_status(
    before_it: Running, faulty: Running, order: str, stream: bool
) -> None:
    status, code, kinds = OF_A_WHOLE_ANSWER[order]
    before = failures(before_it, kinds)
    started = time.monotonic()
    answer = post(before_it, order, stream=stream)
    assert time.monotonic() - started < 10, "FIRST_TOKEN_TIMEOUT bounds it"
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == ERROR_KEYS
    assert answer.json()["error"]["details"] == ({"seconds": 0.7} if status == 504 else {})
    assert failures(before_it, kinds) - before == (2 if order == "busy" else 1)
    all_is_well_again(before_it, faulty)


@pytest.mark.parametrize("order", IN_THE_MIDDLE)
def test_a_fault_in_the_middle_is_the_streams_last_event(
    before_it: Running, faulty: Running, order: str
) -> None:
    code, kind = IN_THE_MIDDLE[order]
    before = failures(before_it, kind)
    answer = post(before_it, order)
    assert answer.status_code == 200
    error = json.loads(events(answer)[-1])["error"]
    assert error["code"] == code
    assert set(error) == ERROR_KEYS
    assert error["details"] == ({"seconds": 0.7} if code == "upstream_timeout" else {})
    assert "CUDA" not in answer.text
    assert failures(before_it, kind) - before == 1
    all_is_well_again(before_it, faulty)


@pytest.mark.parametrize("stream", [True, False])
def test_what_an_engine_refuses_after_its_200_is_the_callers_fault(
    before_it: Running, stream: bool
) -> None:
    before = metric(before_it, "sightdesk_upstream_errors_total")
    answer = post(before_it, "refusal-event", stream=stream)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "invalid_request")
    assert error["message"] == "The schema has no end."
    assert metric(before_it, "sightdesk_upstream_errors_total") == before


@pytest.mark.parametrize("stream", [True, False])
def test_no_time_out_bounds_an_answer_whose_tokens_keep_coming(
    before_it: Running, stream: bool
) -> None:
    started = time.monotonic()
    answer = post(before_it, "say-15-0.2", stream=stream)
    assert answer.status_code == 200
    assert time.monotonic() - started > 3 * 0.7, "both time-outs are 0.7 s"
    words = contents(answer) if stream else answer.json()["choices"][0]["message"]["content"]
    assert words == "".join(f" {number}" for number in range(15))


@pytest.mark.parametrize("order", HARMLESS)
def test_a_strange_but_sound_answer_passes(before_it: Running, faulty: Running, order: str) -> None:
    if order == "busy-once" and state(faulty)["received"] % 2:
        post(before_it, "say-1")
    assert contents(post(before_it, order)) == HARMLESS[order]
    all_is_well_again(before_it, faulty)


def test_a_connection_that_closes_when_it_is_used_again_costs_nothing(
    before_it: Running, faulty: Running
) -> None:
    for _ in range(5):
        assert contents(post(before_it, "close-idle")) == " 0 1"
    all_is_well_again(before_it, faulty)


def test_an_engine_that_refuses_connections_is_a_502_then_a_503_and_comes_back_by_itself(
    before_it: Running, faulty: Running
) -> None:
    admin(faulty, "refuse-2")
    first = post(before_it, "say-1")
    assert first.status_code in (502, 503)
    until(lambda: metric(before_it, "sightdesk_upstream_up") == 0, 2)
    down = post(before_it, "say-1")
    assert (down.status_code, down.json()["error"]["code"]) == (503, "upstream_unavailable")
    assert int(down.headers["retry-after"]) >= 1
    until(lambda: metric(before_it, "sightdesk_upstream_up") == 1)
    all_is_well_again(before_it, faulty)


def test_an_address_where_nobody_listens_is_a_503_and_an_unknown_host_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()},http://nobody.invalid:1"
    with running_gateway(
        nowhere, tmp_path_factory.mktemp("data"), ENGINE="cpu", READER_URL=""
    ) as gateway:
        assert post(gateway, "say-1", model="Qwen3-VL-2B").status_code in (502, 503)
        until(lambda: post(gateway, "say-1", model="Qwen3-VL-2B").status_code == 503)


def test_tokens_relayed_before_a_fault_are_counted_apart_and_exactly(before_it: Running) -> None:
    def counted(direction: str) -> float:
        return metric(before_it, "sightdesk_tokens_total", direction=direction)

    aborted, completed = counted("aborted"), counted("completion")
    assert len(events(post(before_it, "mentions-data"))) == 11
    assert counted("aborted") - aborted == 10
    assert counted("completion") == completed
    contents(post(before_it, "usage-twice"))
    contents(post(before_it, "dies-after-done"))
    assert counted("completion") - completed == 2 + 1
    assert counted("aborted") - aborted == 10


def test_an_answer_is_over_and_counted_with_its_done_and_an_engine_that_lingers_loses_the_place(
    faulty: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_gateway(
        faulty.url, tmp_path_factory.mktemp("data"), ENGINE="cpu", READER_URL=""
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        counted = 0
        for order in ("lingers-after-done", "lingers-after-all", "pings-after-done"):
            assert contents(post(gateway, order)) == HARMLESS[order]
            assert state(faulty)["running"] == 1, "it has not ended its response"
            counted += len(HARMLESS[order])
            assert metric(gateway, "sightdesk_tokens_total", direction="completion") == counted
            until(
                lambda: metric(gateway, "sightdesk_inflight_requests") == 0
            )  # IDLE_TIMEOUT is 60 s
            until(lambda: state(faulty)["running"] == 0)
        assert metric(gateway, "sightdesk_upstream_errors_total") == 0
        all_is_well_again(gateway, faulty)


@pytest.fixture
def wary(faulty: Running, tmp_path: Path) -> Iterator[Running]:
    """A gateway whose circuits open after three failures."""
    settings = {
        "BREAKER_FAILURES": "3",
        "BREAKER_RESET": "1.5",
        "FIRST_TOKEN_TIMEOUT": "0.7",
        "IDLE_TIMEOUT": "0.7",
    }
    with running_gateway(faulty.url, tmp_path, ENGINE="cpu", READER_URL="", **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway
    admin(faulty, "obey")


@pytest.mark.parametrize(
    "order", ["fail", "busy", "reset", "garbage-body", "error-event", "die-mid-stream"]
)
@pytest.mark.parametrize("stream", [True, False])
def test_failures_that_one_request_causes_open_no_circuit(
    wary: Running, order: str, stream: bool
) -> None:
    for _ in range(8):
        assert post(wary, order, stream=stream).status_code == (
            200 if stream and order in IN_THE_MIDDLE else 502
        )
        assert metric(wary, "sightdesk_upstream_breaker_state") == 0
    assert contents(post(wary, "say-1")) == " 0"


@pytest.mark.parametrize("order", ["fail", "reset", "error-event"])
def test_an_engine_that_fails_everybody_is_left_alone_until_it_answers(
    wary: Running, faulty: Running, order: str
) -> None:
    admin(faulty, order)
    for _ in range(3):
        post(wary, "say-1")
    assert metric(wary, "sightdesk_upstream_breaker_state") == 2
    asked = state(faulty)["received"]
    shut = post(wary, "say-1")
    assert (shut.status_code, shut.json()["error"]["code"]) == (503, "upstream_unavailable")
    assert int(shut.headers["retry-after"]) == shut.json()["error"]["details"]["retry_after"] >= 1
    assert state(faulty)["received"] == asked
    time.sleep(5)
    assert metric(wary, "sightdesk_upstream_breaker_state") > 0
    # One check each reset; one that meets a connection which the engine closed is sent again.
    assert 2 <= state(faulty)["received"] - asked <= 8
    admin(faulty, "obey")
    until(lambda: metric(wary, "sightdesk_upstream_breaker_state") == 0)
    assert contents(post(wary, "say-1")) == " 0"


def test_an_engine_that_is_silent_to_everybody_is_left_alone(
    wary: Running, faulty: Running
) -> None:
    admin(faulty, "stall")
    assert [post(wary, "say-1").status_code for _ in range(3)] == [504] * 3
    assert post(wary, "say-1").status_code == 503
    admin(faulty, "obey")
    until(lambda: metric(wary, "sightdesk_upstream_breaker_state") == 0)


def test_time_outs_while_others_are_answered_open_no_circuit(wary: Running) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(post, wary, "say-100-0.05")
        for _ in range(4):
            assert post(wary, "stall").status_code == 504
            assert metric(wary, "sightdesk_upstream_breaker_state") == 0
        assert events(other.result())[-1] == "[DONE]"


def test_while_a_circuit_is_checked_requests_wait_for_the_outcome(
    wary: Running, faulty: Running
) -> None:
    admin(faulty, "fail")
    for _ in range(3):
        post(wary, "say-1")
    admin(faulty, "say-1-0.5")
    until(lambda: metric(wary, "sightdesk_upstream_breaker_state") == 1)
    assert contents(post(wary, "say-1")) == " 0"
