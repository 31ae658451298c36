"""vLLM under the launcher: progress, health, drain, hang, crash and unknown flags."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.paths import ROOT
from tests.support.servers import wait_until
from tests.support.vllm import VLLM_PYTHON, Engine, launch_environment, launched

MODEL = "Qwen3-VL-2B"
PHASES = ("starting", "loading", "compiling", "warming", "ready")
LONG = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "hello"}],
    "temperature": 0,
    "frequency_penalty": -2,
}


def healthy(engine: Engine) -> bool:
    environ = {
        **os.environ,
        "PORT": engine.url.rpartition(":")[2],
        "ENGINE_STATUS_FILE": str(engine.status),
    }
    return (
        subprocess.run(
            [str(VLLM_PYTHON), "-m", "inference.health"], cwd=ROOT, env=environ, capture_output=True
        ).returncode
        == 0
    )


def core_of(engine: Engine) -> psutil.Process:
    """vLLM's engine core."""
    children = psutil.Process(engine.process.pid).children(recursive=True)
    return next(
        child
        for child in children
        if "EngineCore" in "".join(child.cmdline()) or "EngineCore" in child.name()
    )


def test_its_start_can_be_followed(engine: Engine) -> None:
    names = list(dict.fromkeys(phase for phase, _ in engine.phases))
    assert names == [phase for phase in PHASES if phase in names], "each once, and in order"
    assert {"starting", "loading", "ready"} <= set(names)
    assert [
        percent for phase, percent in engine.phases if phase == "loading" and percent is not None
    ], engine.phases


def test_it_is_healthy_once_it_wrote_a_token_and_drains_at_sigterm(tmp_path: Path) -> None:
    with launched(tmp_path) as engine:
        assert json.loads(engine.status.read_text())["phase"] == "ready"
        assert engine.gauges()["generation_tokens_total"] >= 1
        assert healthy(engine)
        log = engine.log.read_text("utf-8", "replace")
        assert "inference: profile cpu" in log
        assert " serve " in log, "the exact command is printed"
        answer: dict[str, Any] = {}

        def ask() -> None:
            body: dict[str, Any] = {**LONG, "max_tokens": 200}
            answer.update(
                requests.post(engine.url + "/v1/chat/completions", json=body, timeout=60).json()
            )

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: engine.gauges()["num_requests_running"] >= 1, 10)
        engine.process.send_signal(signal.SIGTERM)
        asking.join(60)
        assert answer["usage"]["completion_tokens"] == 200, "a running answer is finished"
        assert engine.process.wait(60) == 0
        assert not healthy(engine)
        assert not psutil.pid_exists(engine.process.pid)


def test_an_engine_that_hangs_is_ended_with_a_reason(tmp_path: Path) -> None:
    with launched(tmp_path, ENGINE_HANG_SECONDS="4") as engine:
        core = core_of(engine)
        asking = threading.Thread(target=lambda: _quietly(engine, {**LONG, "max_tokens": 7000}))
        asking.start()
        wait_until(lambda: engine.gauges()["num_requests_running"] >= 1, 10)
        core.suspend()
        assert engine.process.wait(30) == 70
        asking.join(10)
        last = engine.log.read_text("utf-8", "replace").strip().splitlines()[-1]
        # A busy machine looks a second or so late.
        assert re.match(
            r"inference: 1 requests are running and no token came for \d s "
            r"\(ENGINE_HANG_SECONDS=4\)",
            last,
        )
        wait_until(lambda: not core.is_running() or core.status() == psutil.STATUS_ZOMBIE, 5)
        assert json.loads(engine.status.read_text())["phase"] == "failed"


def test_a_dead_engine_core_ends_it_with_a_reason(tmp_path: Path) -> None:
    with launched(tmp_path) as engine:
        core_of(engine).kill()
        assert engine.process.wait(60) == 70
        last = engine.log.read_text("utf-8", "replace").strip().splitlines()[-1]
        assert last.startswith("inference: ")
        assert "core died" in last


def _quietly(engine: Engine, body: dict[str, Any]) -> None:
    with contextlib.suppress(requests.RequestException):
        requests.post(engine.url + "/v1/chat/completions", json=body, timeout=60)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("--no-such-flag 3", "vLLM does not know --no-such-flag 3; correct VLLM_EXTRA_ARGS"),
        ("--max-num-seqs many", "vLLM refuses --max-num-seqs"),
        ("--max-model-len 9000000", "lower MAX_MODEL_LEN"),
    ],
)
def test_a_wrong_flag_ends_in_one_line(tmp_path: Path, extra: str, expected: str) -> None:
    started = time.monotonic()
    environ = launch_environment(tmp_path, PORT="3999", VLLM_EXTRA_ARGS=f"--enforce-eager {extra}")
    done = subprocess.run(
        [str(VLLM_PYTHON), "-m", "inference.launch"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 2, done.stderr[-1000:]
    assert expected in done.stderr.strip().splitlines()[-1], (
        f"after {time.monotonic() - started:.0f} s"
    )
