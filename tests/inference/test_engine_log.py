"""What a child of the launcher writes, as LOG_FORMAT asks for it."""

import json
import sys
from pathlib import Path

import pytest

from inference.status import Status
from inference.supervise import Engine

CHILD = """
import sys
sys.stdout.write("INFO 11-30 08:45:20 [a.py:1] Starting to load model x\\n")
sys.stdout.write("Loading weights:  10%\\rLoading weights: 50%\\rLoading weights: 100%\\n")
sys.stdout.write('{"time": "t", "level": "info", "event": "request", "request_id": "r-1"}\\n')
sys.stdout.write("\\nno end of line")
"""


async def ran(folder: Path) -> Status:
    status = Status(folder / "status.json")
    status.set("starting")
    engine = await Engine.start([sys.executable, "-c", CHILD], {}, status)
    await engine.ended()
    await engine.kill()
    return status


async def test_each_line_is_one_object_where_json_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "json")
    status = await ran(tmp_path)
    told = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [one["event"] for one in told] == ["vllm", "vllm", "request", "vllm"]
    assert told[0]["message"] == "[a.py:1] Starting to load model x"
    assert told[1]["message"] == "Loading weights: 100%"
    assert told[2]["request_id"] == "r-1"
    assert told[3]["message"] == "no end of line"
    assert status.phase == "loading"


async def test_vllms_own_lines_pass_unchanged_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.delenv("LOG_FORMAT", raising=False)
    status = await ran(tmp_path)
    written = capfdbinary.readouterr().out
    assert b"Loading weights:  10%\rLoading weights: 50%\r" in written
    assert written.endswith(b"no end of line")
    assert status.phase == "loading"
