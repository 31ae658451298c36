"""Traces as a collector gets them: one trace a question, nothing of what people wrote in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.http_client import state
from tests.support.screens import picture_message, screen
from tests.support.servers import Running, running, running_gateway, running_lite, wait_until

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
QUESTION = "这个包裹现在到哪里了？"
SECONDS = 30
PARCEL = """
title: {zh: 查询物流, en: Track a parcel}
description: {zh: 按运单号查询包裹, en: Tracks a parcel by its waybill number}
effect: read
parameters:
  type: object
  properties:
    waybill: {type: string, pattern: "^[A-Z]{2}\\\\d{13}$", x-field: waybill_number}
  required: [waybill]
request: {method: GET, url: "${CONNECTOR_URL}/echo/{waybill}"}
result: {status: $.status}
say: {zh: "包裹状态：{{ status }}", en: "Status: {{ status }}"}
"""


@contextmanager
def running_receiver(mode: str = "") -> Iterator[Running]:
    with running("tests.support.otlp_receiver", {"MODE": mode}) as receiver:
        yield receiver


def spans_of(receiver: Running, trace: str, root: str) -> dict[str, dict[str, Any]]:
    """The spans of a trace by name, once its root has arrived. It ends last."""

    def found() -> dict[str, dict[str, Any]]:
        told = requests.get(receiver.url + "/spans", timeout=5).json()
        return {one["name"]: one for one in told if one["trace"] == trace}

    wait_until(lambda: root in found(), SECONDS)
    return found()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Running]:
    with running_receiver() as one:
        yield one


@pytest.fixture(scope="module")
def desk(receiver: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway that traces, with `lite` and one business system."""
    connectors = tmp_path_factory.mktemp("connectors")
    (connectors / "track_parcel.yaml").write_text(PARCEL)
    with (
        running_lite() as lite,
        running_gateway(
            lite.url,
            tmp_path_factory.mktemp("data"),
            API_KEYS="shop:sk-traced",
            CONNECTORS_DIR=str(connectors),
            CONNECTOR_URL=receiver.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_EXPORTER_OTLP_HEADERS="x-team=desk%20one",
        ) as gateway,
    ):
        wait_until(lambda: requests.get(gateway.url + "/readyz", timeout=5).ok, 60)
        yield gateway


@pytest.fixture(scope="module")
def asked(desk: Running, receiver: Running) -> dict[str, Any]:
    """A question with a picture that a business system answers, and its trace."""
    answer = requests.post(
        desk.url + "/v1/chat/completions",
        headers={
            "authorization": "Bearer sk-traced",
            "traceparent": TRACEPARENT,
            "x-request-id": "from-nginx-1",
        },
        json={
            "model": "sightdesk",
            "messages": [picture_message(QUESTION, screen("waybill"))],
        },
        timeout=60,
    )
    assert answer.status_code == 200
    spans = spans_of(receiver, TRACE, "POST /v1/chat/completions")
    return {"answer": answer.json(), "spans": spans}


def test_a_question_is_one_trace_with_a_span_for_each_stage(asked: dict[str, Any]) -> None:
    spans = asked["spans"]
    root = spans["POST /v1/chat/completions"]
    assert root["parent"] == CALLER
    assert root["service"] == "sightdesk-gateway"
    assert root["attributes"] == {
        "http.request.method": "POST",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "sightdesk.request_id": "from-nginx-1",
    }
    for stage in ("limit", "media", "knowledge", "queue", "chat sightdesk-lite"):
        assert spans[stage]["parent"] == root["id"], stage
        assert spans[stage]["seconds"] <= root["seconds"]
    assert spans["POST /v1/read"]["parent"] == spans["media"]["id"]
    assert not any(span["failed"] for span in spans.values())


def test_the_call_of_the_model_has_the_names_of_the_convention(asked: dict[str, Any]) -> None:
    told = asked["spans"]["chat sightdesk-lite"]["attributes"]
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "sightdesk.lite"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == "sightdesk-lite"
    assert told["gen_ai.usage.input_tokens"] > 0
    assert told["gen_ai.usage.output_tokens"] > 0
    assert told["gen_ai.response.time_to_first_chunk"] > 0


def test_a_business_system_is_asked_inside_the_trace(
    asked: dict[str, Any], receiver: Running
) -> None:
    spans = asked["spans"]
    tool, call = spans["execute_tool track_parcel"], spans["GET"]
    assert tool["parent"] == spans["POST /v1/chat/completions"]["id"]
    assert tool["attributes"]["gen_ai.tool.name"] == "track_parcel"
    assert tool["attributes"]["sightdesk.tool.outcome"] == "done"
    assert call["parent"] == tool["id"]
    assert call["attributes"]["http.response.status_code"] == 200
    told = requests.get(receiver.url + "/asked", timeout=5).json()
    (request,) = [one for one in told if one["path"].startswith("/echo")]
    assert request["traceparent"] == f"00-{TRACE}-{call['id']}-01"


def test_a_trace_holds_nothing_that_people_wrote(asked: dict[str, Any]) -> None:
    spans = json.dumps(asked["spans"], ensure_ascii=False)
    answer = asked["answer"]
    fields = [field["value"] for one in answer["sightdesk"]["reading"] for field in one["fields"]]
    said = answer["choices"][0]["message"]["content"]
    assert len(fields) > 1
    assert "in transit" in said
    for text in (QUESTION, "包裹", "in transit", "sk-traced", "127.0.0.1:", "shop", *fields):
        assert text not in spans, text
    assert all(not span["events"] and not span["status_text"] for span in asked["spans"].values())


def test_the_collector_gets_its_own_headers(asked: dict[str, Any], receiver: Running) -> None:
    told = requests.get(receiver.url + "/asked", timeout=5).json()
    assert {one["x-team"] for one in told if one["path"] == "/v1/traces"} == {"desk one"}


def test_a_caller_that_is_not_sampled_leaves_no_span(desk: Running, receiver: Running) -> None:
    hidden, seen = "1" * 32, "2" * 32
    for trace, flag in ((hidden, "00"), (seen, "01")):
        headers = {"traceparent": f"00-{trace}-{CALLER}-{flag}"}
        assert requests.get(desk.url + "/api/config", headers=headers, timeout=5).ok
    spans_of(receiver, seen, "GET /api/config")
    told = requests.get(receiver.url + "/spans", timeout=5).json()
    assert hidden not in {one["trace"] for one in told}
    assert not any(one["name"].startswith(("GET /readyz", "GET /healthz")) for one in told)


def test_a_refused_request_is_a_span_that_names_its_status(
    desk: Running, receiver: Running
) -> None:
    trace = "3" * 32
    wrong = requests.get(
        desk.url + "/no/such/secret-path",
        headers={"traceparent": f"00-{trace}-{CALLER}-01"},
        timeout=5,
    )
    assert wrong.status_code == 404
    span = spans_of(receiver, trace, "GET other")["GET other"]
    assert span["attributes"]["http.response.status_code"] == 404
    assert "secret-path" not in json.dumps(span)


def test_the_log_line_names_the_trace(asked: dict[str, Any], desk: Running) -> None:
    lines = [json.loads(line) for line in desk.log.read_text().splitlines()]
    (line,) = [
        one for one in lines if one["event"] == "request" and one["request_id"] == "from-nginx-1"
    ]
    assert line["trace_id"] == TRACE
    tool_lines = [one for one in lines if one["event"] == "tool_called"]
    assert {one["request_id"] for one in tool_lines} == {"from-nginx-1"}


@pytest.mark.parametrize("stream", [True, False])
def test_a_raw_call_is_traced_to_the_engine(
    engine: Running, receiver: Running, tmp_path: Path, stream: bool
) -> None:
    trace = ("a" if stream else "b") * 32
    with running_gateway(
        engine.url,
        tmp_path,
        ENGINE="cpu",
        READER_URL="",
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
    ) as gateway:
        wait_until(lambda: requests.get(gateway.url + "/readyz", timeout=5).ok, 60)
        answer = requests.post(
            gateway.url + "/v1/chat/completions",
            headers={"traceparent": f"00-{trace}-{CALLER}-01"},
            json={
                "model": "Qwen3-VL-2B",
                "stream": stream,
                "messages": [{"role": "user", "content": "Hello"}],
            },
            timeout=30,
        )
        assert answer.ok
        spans = spans_of(receiver, trace, "POST /v1/chat/completions")
    chat = next(span for name, span in spans.items() if name.startswith("chat "))
    assert state(engine)["headers"]["traceparent"] == f"00-{trace}-{chat['id']}-01"
    assert chat["attributes"]["gen_ai.provider.name"] == "vllm"
    assert chat["attributes"]["gen_ai.usage.output_tokens"] > 0


@pytest.mark.parametrize("mode", ["gone", "refuse", "hang"])
def test_a_collector_that_fails_neither_slows_nor_fails_an_answer(
    engine: Running, tmp_path: Path, mode: str
) -> None:
    with (
        running_receiver(mode) as broken,
        running_gateway(
            engine.url,
            tmp_path,
            ENGINE="cpu",
            READER_URL="",
            OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9" if mode == "gone" else broken.url,
        ) as gateway,
    ):
        wait_until(lambda: requests.get(gateway.url + "/readyz", timeout=5).ok, 60)
        for _ in range(20):
            answer = requests.post(
                gateway.url + "/v1/chat/completions",
                json={
                    "model": "Qwen3-VL-2B",
                    "messages": [{"role": "user", "content": "Hello"}],
                },
                timeout=30,
            )
            assert answer.status_code == 200
            assert answer.elapsed.total_seconds() < 4  # less than one try of a batch (5 s)
        wait_until(lambda: "traces_not_sent" in gateway.log.read_text(), SECONDS)
        gateway.process.terminate()
        assert gateway.process.wait(15) == 0
        lines = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    told = [line for line in lines if line["event"] == "traces_not_sent"]
    assert len(told) == 1
    assert told[0]["spans"] > 0
