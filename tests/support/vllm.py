"""Real vLLM (CPU build) with a tiny model of random weights. `make test-engine` builds both."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_until
from tests.support.vllm_disconnects import gauges

VLLM_PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
TINY = ROOT / ".cache" / "tiny-qwen3-vl"
START_SECONDS = 480


@dataclass(frozen=True, slots=True)
class Engine:
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    status: Path
    # (phase, percent) as the status file had them during the start, each once, in order.
    phases: list[tuple[str, int | None]] = field(default_factory=list)

    def gauges(self) -> dict[str, float]:
        return gauges(self.url)

    def wait_idle(self, seconds: float = 20) -> None:
        wait_until(lambda: not self.gauges()["num_requests_running"], seconds)


def launch_environment(folder: Path, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "ENGINE": "cpu",
        "MODEL_SOURCE": "local",
        "MODEL_ID": str(TINY),
        "MODEL_NAME": "Qwen3-VL-2B",
        "HOST": "127.0.0.1",
        "ENGINE_STATUS_FILE": str(folder / "status.json"),
        "VLLM_EXTRA_ARGS": "--enforce-eager --dtype float32 --max-num-seqs 8 --max-num-batched-tokens 256",
        **settings,
    }


@contextmanager
def launched(folder: Path, **settings: str) -> Iterator[Engine]:
    """`python -m inference.launch`, ready."""
    port = free_port()
    environ = launch_environment(folder, PORT=str(port), **settings)
    log = folder / "vllm.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(VLLM_PYTHON), "-m", "inference.launch"],
            cwd=ROOT,
            env=environ,
            stdout=out,
            stderr=out,
        )
    try:
        engine = Engine(f"http://127.0.0.1:{port}", process, log, folder / "status.json")
        wait_until(lambda: is_up(engine), START_SECONDS)
        yield engine
    finally:
        process.terminate()
        process.wait(60)


def is_up(engine: Engine) -> bool:
    assert engine.process.poll() is None, engine.log.read_text("utf-8", "replace")[-3000:]
    if not engine.status.exists():
        return False
    status = json.loads(engine.status.read_text("utf-8"))
    told = (status["phase"], status["percent"])
    if told not in engine.phases:
        engine.phases.append(told)
    return bool(status["phase"] == "ready")
