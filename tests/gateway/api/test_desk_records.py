"""Figures, exports and erasure through a real gateway before the fake engine."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gateway.reports.period import period_of
from tests.support.access import bearer, nginx, settings, token
from tests.support.servers import Running, running_gateway, wait_for

ANNA, LI = nginx("anna"), bearer(token("li"))


@pytest.fixture(scope="module")
def desk(engine: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("records")
    more = settings(STAFF_USERS="anna", MINUTES_SAVED="30")
    with running_gateway(engine.url, data, **more) as gateway:
        wait_for(gateway.url + "/readyz")
        yield gateway


def read(desk: Running, path: str, **query: str) -> requests.Response:
    answer = requests.get(f"{desk.url}/api/desk/{path}", params=query, headers=ANNA, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer


def ask(desk: Running, text: str, *, stream: bool = False) -> str:
    """Asks as the embed token's customer. Returns the answer's id."""
    body: dict[str, Any] = {
        "model": "sightdesk",
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
    }
    answer = requests.post(f"{desk.url}/api/chat", json=body, headers=LI, timeout=30)
    assert answer.status_code == 200, answer.text
    if not stream:
        return str(answer.json()["sightdesk"]["answer"]["id"])
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line[6:7] == "{"]
    return next(
        str(one["sightdesk"]["answer"]["id"])
        for one in events
        if "answer" in one.get("sightdesk", {})
    )


def test_what_was_asked_is_counted_exported_and_erased(desk: Running) -> None:
    for stream in (False, True):
        answer = ask(desk, "my phone is 13812345678, tell me about refunds", stream=stream)
    rating = {"answer": answer, "rating": "up", "reason": "=cmd|'/c calc'!A1"}
    requests.post(f"{desk.url}/api/feedback", json=rating, headers=LI, timeout=10)
    told: dict[str, Any] = read(desk, "stats").json()
    assert (told["questions"], told["answers"], told["ratings"]["up"]) == (2, 2, 1)
    assert told["first_token_ms"]["count"] == told["answer_ms"]["count"] == 2
    assert 0 <= told["first_token_ms"]["p50"] <= told["answer_ms"]["p99"] < 30_000
    assert told["tokens"]["completion"] > 0
    assert told["resolution"]["hours_saved"] == 0.5
    assert told["without_clause"]["grouped_by"] == "words"

    lines = [json.loads(line) for line in read(desk, "export").text.splitlines()]
    exchanges = [one for one in lines if one["object"] == "exchange"]
    assert exchanges[0]["question"]["text"] == "my phone is 138****5678, tell me about refunds"
    assert len({one["customer"] for one in exchanges}) == 1
    [row] = csv.DictReader(
        io.StringIO(read(desk, "export", format="csv", rating="up").content.decode("utf-8-sig"))
    )
    assert row["reason"] == "'=cmd|'/c calc'!A1"
    [example] = read(desk, "export", format="openai").text.splitlines()
    assert json.loads(example)["messages"][-1]["role"] == "assistant"
    packed = read(desk, "export", format="sharegpt", split="time")
    assert packed.headers["content-type"] == "application/zip"
    assert packed.headers["content-disposition"].endswith('-sharegpt.zip"')
    assert read(desk, "export/card").json()["examples"] == 1

    erased = requests.delete(f"{desk.url}/api/desk/users/li", headers=ANNA, timeout=10).json()
    assert (erased["user"], erased["conversations"]) == ("li", 2)
    assert read(desk, "stats").json()["questions"] == 0
    assert (
        requests.get(f"{desk.url}/api/conversations", headers=LI, timeout=10).json()["data"] == []
    )


@pytest.mark.parametrize(
    "query", ["from=yesterday", "from=2026-11-30&to=2026-11-01", "zone=Nowhere", "zone=../../etc"]
)
def test_a_period_that_is_none_is_refused(desk: Running, query: str) -> None:
    answer = requests.get(f"{desk.url}/api/desk/stats?{query}", headers=ANNA, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_a_file_is_named_by_its_first_and_last_day() -> None:
    whole = period_of("2026-11-01", "2026-11-30", "Asia/Shanghai", 0)
    assert whole.days == "2026-11-01-2026-11-30"
    assert period_of("0", "", "", 1_764_460_800_000).days == "to-2025-11-29"
    assert period_of("0", "9" * 20, "Asia/Shanghai", 0).days.startswith("to-999")


def test_a_date_as_the_end_is_included(desk: Running) -> None:
    told = read(
        desk, "stats", **{"from": "2026-03-28", "to": "2026-03-29", "zone": "Europe/Berlin"}
    )
    # The clock goes forward on the 29th: the two days have 47 hours.
    assert told.json()["to"] - told.json()["from"] == 47 * 3600
    assert [one["date"] for one in told.json()["by_day"]] == ["2026-03-28", "2026-03-29"]


def test_the_record_of_an_answer_names_the_version_that_the_gateway_shows(desk: Running) -> None:
    answers = {ask(desk, "tell me about refunds", stream=stream) for stream in (False, True)}
    ready = requests.get(desk.url + "/readyz", timeout=10).json()
    version = ready["knowledge"]["version"]
    assert read(desk, "knowledge").json()["version"] == version
    lines = [json.loads(line) for line in read(desk, "export").text.splitlines()]
    made = [one for one in lines if one["object"] == "exchange" and one["answer"]["id"] in answers]
    assert [one["answer"]["knowledge_version"] for one in made] == [version, version]
    told = read(desk, f"conversations/{made[0]['conversation_id']}").json()
    assert told["messages"][-1]["knowledge_version"] == version
