"""A real small language model in real vLLM (CPU build). `scripts/language-model` makes its folder.

It is started without the launcher, which refuses models that take text only.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from inference.command import argv
from inference.machine import Machine
from inference.profiles import load_profiles
from inference.settings import Settings
from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_for
from tests.support.vllm import START_SECONDS, VLLM_PYTHON, Engine

FOLDER = ROOT / ".cache" / "language-model"
NAME = "Qwen2.5-0.5B"
SEEING = ("mm-processor-kwargs", "mm-processor-cache-gb", "limit-mm-per-prompt")


@contextmanager
def language_model(folder: Path) -> Iterator[Engine]:
    """vLLM with the language model, ready. `folder` gets its log."""
    profile = load_profiles()["cpu"]
    words_only = {name: value for name, value in profile.flags.items() if name not in SEEING}
    settings = Settings(engine="cpu", host="127.0.0.1", port=free_port(), model_name=NAME)
    machine = Machine(gpus=(), memory_available=0)
    command = argv(replace(profile, flags=words_only), machine, settings, str(FOLDER))
    command[0] = str(VLLM_PYTHON)
    environ = {**os.environ, **profile.environment, "VLLM_CPU_KVCACHE_SPACE": "1"}
    log = folder / "vllm.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--enforce-eager"], cwd=ROOT, env=environ, stdout=out, stderr=out
        )
    try:
        wait_for(f"{settings.url}/health", process, log, START_SECONDS)
        yield Engine(settings.url, process, log, folder / "status.json")
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
