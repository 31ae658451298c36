"""Runs vLLM's client, `vllm bench serve`."""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

VLLM_PYTHON = ROOT / ".venv-vllm" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Load:
    prompts: int  # of each client
    concurrency: int
    picture: str  # vLLM's bucket: (height, width, frames)
    pictures: int = 1  # with each prompt
    answer: int = 32  # tokens
    warmups: int = 4  # requests with the first prompt before the clock starts

    @property
    def total(self) -> int:
        return self.prompts * self.concurrency


@dataclass(frozen=True, slots=True)
class Figures:
    """Throughput in output tokens a second; times in milliseconds; failed requests."""

    throughput: float
    first: float
    first_median: float
    between: float
    whole: float
    whole_p99: float
    failed: int


class Client:
    def __init__(
        self, process: "subprocess.Popen[str]", log: Path, model: str, tokenizer: str
    ) -> None:
        self._process = process
        self._log = log
        self._model = model
        self._tokenizer = tokenizer

    def measure(self, url: str, load: Load, seed: int) -> Figures:
        """Raises RuntimeError with the end of vLLM's log if the client ends early."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            arguments = [
                "--backend", "openai-chat", "--endpoint", "/v1/chat/completions", "--base-url", url,
                "--model", self._model, "--tokenizer", self._tokenizer, "--dataset-name", "random-mm", "--num-prompts", str(load.total),
                "--max-concurrency", str(load.concurrency), "--num-warmups", str(load.warmups), "--seed", str(seed),
                "--random-input-len", "64", "--random-output-len", str(load.answer), "--random-range-ratio", "0.0",
                "--random-mm-base-items-per-request", str(load.pictures), "--random-mm-limit-mm-per-prompt", '{"image": 2, "video": 0}',
                "--random-mm-bucket-config", f"{{{load.picture}: 1.0}}", "--ready-check-timeout-sec", "0", "--temperature", "0",
                "--percentile-metrics", "ttft,tpot,itl,e2el", "--save-result", "--result-dir", folder, "--result-filename", "r.json",
            ]  # fmt: skip
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(arguments) + "\n")
                self._process.stdin.flush()
            if "done\n" not in self._process.stdout:  # reads up to it
                raise RuntimeError(
                    f"vLLM's client ended: {self._log.read_text('utf-8', 'replace')[-3000:]}"
                )
            told = json.loads((Path(folder) / "r.json").read_text("utf-8"))
        return Figures(
            told["output_throughput"],
            told["mean_ttft_ms"],
            told["median_ttft_ms"],
            told["mean_tpot_ms"],
            told["mean_e2el_ms"],
            told["p99_e2el_ms"],
            load.total - told["completed"],
        )


@contextlib.contextmanager
def running_client(model: str, tokenizer: str, key: str) -> Iterator[Client]:
    environ = {
        **os.environ,
        "OPENAI_API_KEY": key,
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    command = [str(VLLM_PYTHON), "-m", "benchmarks.vllm_client"]
    with tempfile.NamedTemporaryFile(prefix="sightdesk-", suffix=".log") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield Client(process, Path(log.name), model, tokenizer)
        finally:
            process.kill()
            process.communicate()
