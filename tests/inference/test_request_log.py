"""The engines' log lines have the gateway's form and its request id, and no text."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from inference.log_lines import LogLines, vllm_fields
from inference.request_log import RequestLog
from tests.support.paths import ROOT
from tests.support.screens import screen
from tests.support.servers import Running, wait_until

NAMES = ["time", "level", "event", "request_id", "method", "route", "status", "duration_ms"]


@pytest.fixture(autouse=True)
def no_handlers() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_lite_logs_a_reading_with_the_gateways_request_id(lite: Running) -> None:
    picture = {"image": screen("waybill")}
    headers = {"x-request-id": "seen-by-lite-1"}
    assert requests.post(lite.url + "/v1/read", json=picture, headers=headers, timeout=60).ok
    requests.get(lite.url + "/health", timeout=5)

    def found() -> list[dict[str, Any]]:
        return [one for one in lines(lite.log) if one.get("request_id") == "seen-by-lite-1"]

    wait_until(found, 10)
    (line,) = found()
    assert list(line) == NAMES
    assert (line["level"], line["event"], line["status"]) == ("info", "request", 200)
    assert (line["method"], line["route"]) == ("POST", "/v1/read")
    assert line["duration_ms"] > 0
    assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert not any(one.get("route") == "/health" for one in lines(lite.log))


def test_lite_names_no_path_that_a_caller_chose_and_no_id_that_is_not_sane(lite: Running) -> None:
    earlier = len(lines(lite.log))  # this `lite` has answered other tests, too
    wrong = {"x-request-id": 'a"} b'}
    requests.get(lite.url + "/secret-path?token=secret", headers=wrong, timeout=5)

    def found() -> list[dict[str, Any]]:
        return [one for one in lines(lite.log)[earlier:] if one.get("status") == 404]

    wait_until(found, 10)
    (line,) = found()
    assert line["route"] == "other"
    assert "secret" not in json.dumps(line)
    assert len(line["request_id"]) == 32


PROGRAM = """
import logging, sys
import structlog
from inference.lite.logs import configure
from inference.request_log import request_id
configure(sys.argv[1])
request_id.set("r-1")
structlog.get_logger().warning("picture_refused", reason="\\ud83d 太大")
logging.getLogger("library").error("no %s", "room")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("unexpected")
"""


@pytest.mark.parametrize("format", ["json", "text"])
def test_lines_of_lite_and_of_libraries_have_one_form(format: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, format], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stderr == ""
    if format == "json":
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        assert {tuple(line)[:4] for line in told} == {("time", "level", "event", "request_id")}
        assert [(line["level"], line["event"]) for line in told] == [
            ("warning", "picture_refused"),
            ("error", "no room"),
            ("error", "unexpected"),
        ]
        assert "ZeroDivisionError" in told[2]["exception"]
        assert told[0]["reason"].endswith("太大")
    else:
        first, second, *_ = ran.stdout.splitlines()
        assert first.endswith(" warning picture_refused request_id=r-1 reason=\\ud83d 太大")
        assert second.endswith(" error   no room request_id=r-1")


async def test_a_client_that_leaves_before_the_response_is_499(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    async def app(*_: Any) -> None:
        raise ConnectionResetError

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": [(b"x-request-id", b"left-1")],
    }
    with pytest.raises(ConnectionResetError):
        await RequestLog(app, LogLines())(scope, None, None)
    line = json.loads(capfdbinary.readouterr().out)
    assert (line["request_id"], line["status"], line["route"]) == ("left-1", 499, "other")


async def test_levels_below_the_lowest_are_not_written(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    warnings_alone = LogLines("warning", "json")
    warnings_alone.write("request")
    warnings_alone.write("vllm", "error", message="m")
    assert json.loads(capfdbinary.readouterr().out)["event"] == "vllm"


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        (
            "(APIServer pid=7) INFO 11-30 08:45:20 [api_server.py:1977] Starting",
            "info",
            "[api_server.py:1977] Starting",
        ),
        ("WARNING 11-30 08:45:20 [x.py:1] careful", "warning", "[x.py:1] careful"),
        (
            "\x1b[0;36m(EngineCore pid=9)\x1b[0;0m ERROR 11-30 08:45:20 [e.py:2] no",
            "error",
            "[e.py:2] no",
        ),
        ("INFO:     Application startup complete.", "info", "Application startup complete."),
        ("Loading: 10%\rLoading: 100%", "info", "Loading: 100%"),
        ("Traceback (most recent call last):", "info", "Traceback (most recent call last):"),
        (
            "INFO 11-30 08:45:20 [logger.py:39] Received request chatcmpl-r1: prompt: 'My card "
            "is 1', params: x",
            "info",
            "[logger.py:39] Received request chatcmpl-r1: prompt: (left out)",
        ),
    ],
)
def test_a_line_of_vllm_is_kept_without_its_own_time_and_without_prompts(
    line: str, level: str, message: str
) -> None:
    assert vllm_fields(line) == (level, {"message": message})
