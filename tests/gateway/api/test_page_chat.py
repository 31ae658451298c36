"""An answer on the page goes on for a while after its reader has disconnected."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.servers import Running, free_port, running_gateway, wait_for


@pytest.fixture(scope="module")
def patient(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("patient")
    with running_gateway(
        engine.url, data, ENGINE="cpu", READER_URL="", RESUME_GRACE="1"
    ) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def visitor(gateway: Running) -> requests.Session:
    session = requests.Session()
    session.get(gateway.url + "/api/config", timeout=5)
    return session


def begin(
    session: requests.Session, gateway: Running, order: str
) -> tuple[requests.Response, str, int]:
    """An answer that has begun: the response, its id, how many events were read."""
    body = {"messages": [{"role": "user", "content": order}]}
    answer = session.post(gateway.url + "/api/chat", json=body, stream=True, timeout=20)
    count, identifier = 0, ""
    for line in answer.iter_lines():
        if line.startswith(b"data: "):
            count += 1
            told = json.loads(line[6:])
            identifier = told.get("sightdesk", {}).get("answer", {}).get("id", identifier)
            if told["choices"] and count > 5:
                return answer, identifier, count
    raise AssertionError("the answer ended too early")


def running(engine: Running) -> int:
    return int(requests.get(engine.url + "/state", timeout=5).json()["running"])


def test_a_reader_that_comes_back_goes_on_where_it_left(patient: Running) -> None:
    session = visitor(patient)
    answer, identifier, count = begin(session, patient, "endless")
    answer.close()
    again = session.get(
        f"{patient.url}/api/chat/{identifier}?from={count}", stream=True, timeout=20
    )
    first = next(line for line in again.iter_lines() if line.startswith(b"data: "))
    again.close()
    shown = session.get(f"{patient.url}/api/chat/{identifier}?from=0", stream=True, timeout=20)
    lines = (line for line in shown.iter_lines() if line.startswith(b"data: "))
    assert [next(lines) for _ in range(count + 1)][-1] == first
    shown.close()
    session.post(f"{patient.url}/api/chat/{identifier}/stop", timeout=5)


def test_an_answer_that_nobody_reads_is_aborted_after_the_grace(
    patient: Running, engine: Running
) -> None:
    answer, _, _ = begin(visitor(patient), patient, "endless")
    answer.close()
    time.sleep(0.4)
    assert running(engine) >= 1
    deadline = time.time() + 10
    while running(engine) and time.time() < deadline:
        time.sleep(0.05)
    assert running(engine) == 0


def test_a_stop_ends_the_engines_work_at_once(patient: Running, engine: Running) -> None:
    session = visitor(patient)
    answer, identifier, _ = begin(session, patient, "endless")
    assert session.post(f"{patient.url}/api/chat/{identifier}/stop", timeout=5).status_code == 204
    deadline = time.time() + 0.5
    while running(engine) and time.time() < deadline:
        time.sleep(0.02)
    assert running(engine) == 0
    answer.close()


def test_another_visitor_does_not_see_the_answer(patient: Running) -> None:
    session = visitor(patient)
    answer, identifier, _ = begin(session, patient, "endless")
    stranger = visitor(patient).get(f"{patient.url}/api/chat/{identifier}", timeout=5)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (404, "not_found")
    session.post(f"{patient.url}/api/chat/{identifier}/stop", timeout=5)
    answer.close()


def test_a_stream_that_fails_tells_beside_the_contracts_error_when_to_come_back(
    tmp_path: Path,
) -> None:
    with running_gateway(
        f"http://127.0.0.1:{free_port()}", tmp_path, ENGINE="cpu", READER_URL=""
    ) as gateway:
        body: dict[str, Any] = {
            "model": "sightdesk",
            "messages": [{"role": "user", "content": "x"}],
        }
        page = visitor(gateway).post(gateway.url + "/api/chat", json=body, timeout=20)
        refused = requests.post(
            gateway.url + "/v1/chat/completions", json={**body, "stream": True}, timeout=20
        )
    last = json.loads(page.text.strip().rpartition("data: ")[2])
    assert page.status_code == 200
    assert set(last["error"]) == {"message", "type", "param", "code", "details"}
    assert last["error"]["code"] == "upstream_unavailable"
    assert last["sightdesk"] == {"retry_after": int(refused.headers["retry-after"])}
    assert (refused.status_code, set(refused.json())) == (503, {"error"})
