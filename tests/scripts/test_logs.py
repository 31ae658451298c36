"""`make logs REQUEST=…`: one request's way through all containers. `docker` is a script here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import logs
from tests.support.paths import ROOT

REQUEST = "0123-abc.d"


def line(container: str, second: str, **fields: object) -> str:
    time = f"2026-11-30T08:45:{second}"
    told = {"time": f"{time}+00:00", "level": "info", "event": "request", **fields}
    return f"\x1b[2K{container}  | {time}999999Z {json.dumps(told)}"


LINES = [
    line("nginx-1", "21.250", request_id=REQUEST, path="/api/chat", status=200, duration_ms=1250),
    line("gateway-1", "20.900", event="tool_called", request_id=REQUEST, tool="track_parcel"),
    line(
        "gateway-1", "21.249", request_id=REQUEST, route="/api/chat", status=200, duration_ms=1245
    ),
    line("gateway-1", "21.000", request_id="another", route="/api/chat", status=200, user=REQUEST),
    line("lite-1", "20.400", request_id=REQUEST, route="/v1/read", status=200, duration_ms=300),
    line("inference-1", "20.700", event="vllm", message=f"aborted chatcmpl-{REQUEST}-9f"),
    line("inference-1", "20.700", event="vllm", message=f"aborted chatcmpl-x{REQUEST}"),
    f"redis-1  | 2026-11-30T08:45:20.710000000Z plain text about {REQUEST}",
    f"gateway-1  | not even a time {REQUEST}",
]


def test_the_lines_of_one_request_are_shown_by_the_beginning_of_their_work() -> None:
    found = logs.ordered(logs.entries(LINES, REQUEST))
    assert [(one.container, one.event) for one in found] == [
        ("nginx", "request"),
        ("gateway", "request"),
        ("lite", "request"),
        ("inference", "vllm"),
        ("redis", ""),
        ("gateway", "tool_called"),
    ]
    head, *shown = logs.shown(found)
    assert head.startswith("2026-11-30T08:45:20.000+00:00")
    assert shown[0] == "   0.000  nginx      request /api/chat 200 1250 ms"
    assert shown[2] == "   0.100  lite       request /v1/read 200 300 ms"
    assert shown[5] == "   0.900  gateway    tool_called tool=track_parcel"


def make(folder: Path, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    docker = folder / "docker"
    docker.write_text(f"#!{sys.executable}\n{script}")
    docker.chmod(0o755)
    environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        ["make", "-s", "logs", f"PYTHON={sys.executable}", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )


def test_make_logs_shows_one_request(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("\n".join(LINES))
    script = f"print(open({str(tmp_path / 'lines')!r}).read())"
    done = make(tmp_path, script, f"REQUEST={REQUEST}")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 7


def test_make_logs_without_a_request_follows(tmp_path: Path) -> None:
    done = make(tmp_path, "import sys; print(sys.argv[1:])")
    assert done.stdout.strip() == str(["compose", "logs", "-f", "--tail", "100"])


@pytest.mark.parametrize(
    ("request_id", "said"),
    [("unknown-1", "no container's log names unknown-1"), ("a;b", "1 to 128 letters")],
)
def test_what_is_not_found_is_said_and_exits_1(tmp_path: Path, request_id: str, said: str) -> None:
    done = make(tmp_path, "pass", f"REQUEST={request_id}")
    assert done.returncode != 0
    assert said in done.stderr
