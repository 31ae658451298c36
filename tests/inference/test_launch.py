"""What the launcher decides, and what it refuses before vLLM is started."""

import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inference.checkpoint import Checkpoint
from inference.command import argv, environment
from inference.faults import Fault
from inference.fit import Load, check_fit
from inference.machine import GIB, GPU, Machine
from inference.options import Options, read_options
from inference.profiles import FOLDER, choose_profile, load_profiles
from tests.inference.conftest import ROOT, Run


def machine(name: str = "RTX 3090", memory: float = 24, capability: tuple[int, int] = (8, 6)) -> Machine:
    return Machine((GPU(name, int(memory * GIB), int(memory * GIB), capability),), 64 * GIB, "580.65")


@pytest.mark.parametrize(
    ("name", "memory", "capability", "profile", "model"),
    [
        ("RTX 3060", 12, (8, 6), "gpu-12gb", "AWQ"),
        ("T4", 15, (7, 5), "gpu-12gb", "AWQ"),
        ("RTX 4060 Ti", 16, (8, 9), "gpu-12gb", "AWQ"),
        ("RTX 3090", 24, (8, 6), "gpu-24gb", "AWQ"),
        ("RTX 4090", 24, (8, 9), "gpu-24gb-fp8", "FP8"),
        ("RTX 5090", 32, (12, 0), "gpu-24gb-fp8", "FP8"),
        ("A100", 40, (8, 0), "gpu-48gb", "Instruct"),
        ("L40S", 45, (8, 9), "gpu-48gb", "Instruct"),
        ("A100 80GB", 80, (8, 0), "gpu-48gb", "Instruct"),
        ("H100", 80, (9, 0), "gpu-hopper", "FP8"),
        ("H200", 139, (9, 0), "gpu-hopper", "FP8"),
    ],
)
def test_each_card_gets_its_profile(
    name: str, memory: float, capability: tuple[int, int], profile: str, model: str
) -> None:
    chosen = choose_profile("gpu", machine(name, memory, capability))
    assert chosen.name == profile
    assert chosen.model_id.endswith(model) or model in chosen.model_id


@pytest.mark.parametrize(("memory", "capability"), [(8, (8, 6)), (24, (7, 0))])
def test_a_card_that_is_too_small_or_too_old_is_told_so(memory: float, capability: tuple[int, int]) -> None:
    with pytest.raises(Fault, match=r"Qwen3-VL-8B needs 11 GiB and 7\.5"):
        choose_profile("gpu", machine("card", memory, capability))


def test_every_line_of_a_profile_has_its_reason() -> None:
    for path in FOLDER.glob("*.toml"):
        lines = [line for line in path.read_text("utf-8").splitlines() if " = " in line and not line.startswith("#")]
        bare = [line for line in lines if "  # " not in line and not line.startswith(("memory_gib", "capability"))]
        assert bare == [], path.name


@pytest.mark.parametrize("name", sorted(load_profiles()))
def test_each_profile_fits_the_smallest_machine_that_it_names(name: str) -> None:
    profile = load_profiles()[name]
    load = Load(int(profile.weights_gib * GIB))
    if name == "cpu":
        check_fit(Load(load.weights, 112 * 1024), profile, Options(engine="cpu"), Machine((), 14 * GIB))
    else:
        check_fit(load, profile, Options(), machine("smallest", profile.memory_gib[0]))


def test_what_cannot_fit_is_refused_with_the_arithmetic() -> None:
    profile = load_profiles()["gpu-24gb"]
    with pytest.raises(Fault) as caught:
        check_fit(Load(int(16.3 * GIB)), profile, Options(max_model_len=65_536), machine())
    line = str(caught.value)
    assert "weights 16.3 GiB + KV cache 9.0 GiB (65536 tokens at 144 KiB) + working memory 1.5 GiB = 26.8 GiB" in line
    assert "24.0 GiB are free and GPU_MEMORY_UTILIZATION=0.88 of 24.0 GiB allows 21.1 GiB" in line
    with pytest.raises(Fault, match=r"64\.0 MiB of memory are free"):
        check_fit(Load(GIB), load_profiles()["cpu"], Options(engine="cpu"), Machine((), 64 * 1024**2))


def test_the_command_follows_profile_and_settings() -> None:
    profile = load_profiles()["gpu-24gb"]
    options = Options(
        model_name="desk", max_model_len=4096, gpu_memory_utilization=0.5, extra_arguments=("--max-num-seqs", "3")
    )
    command = argv(profile, machine(), options, "/models/x")
    assert command[:5] == [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", "/models/x"]
    given = dict(itertools.pairwise(command))
    assert (given["--served-model-name"], given["--max-model-len"], given["--gpu-memory-utilization"]) == (
        "desk",
        "4096",
        "0.5",
    )
    assert json.loads(given["--limit-mm-per-prompt"]) == {"image": 16, "video": 0}
    assert command[-2:] == ["--max-num-seqs", "3"], "what a person adds comes last and wins"
    assert "--enable-auto-tool-choice" in command
    assert environment(profile, options)["VLLM_NO_USAGE_STATS"] == "1"
    on_cpu = argv(load_profiles()["cpu"], Machine((), GIB), Options(engine="cpu"), "/models/x")
    assert "--gpu-memory-utilization" not in on_cpu
    assert environment(load_profiles()["cpu"], options)["VLLM_CPU_KVCACHE_SPACE"] == "2"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENGINE", "tpu", "expected one of gpu, cpu"),
        ("MAX_MODEL_LEN", "many", "from 256 to"),
        ("MAX_MODEL_LEN", "512.5", "a whole number"),
        ("GPU_MEMORY_UTILIZATION", "1.5", "from 0.05 to 1"),
        ("ENGINE_HANG_SECONDS", "0", "from 1 to 3600"),
        ("VLLM_EXTRA_ARGS", '--x "', "quote it as a shell would"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, expected: str) -> None:
    with pytest.raises(Fault, match=expected) as caught:
        read_options({name: value})
    assert str(caught.value).startswith(name)


def test_a_checkpoint_knows_its_size_and_what_a_token_costs(checkpoint: Path) -> None:
    read = Checkpoint.read(checkpoint)
    assert read.kv_bytes_per_token == 144 * 1024
    assert read.weights == (checkpoint / "model.safetensors").stat().st_size


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def index(folder: Path) -> None:
    weights = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "config.json").write_text('{"architectures": ["X"]}'), "X has no vision part"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no .safetensors weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100), "is damaged"),
        (lambda folder: cut(folder / "model.safetensors"), r"has \d+ of \d+ bytes"),
        (index, "2 of 2 weight files are missing"),
    ],
)
def test_a_damaged_checkpoint_ends_in_one_line(run: Run, checkpoint: Path, spoil, expected: str) -> None:  # type: ignore[no-untyped-def]
    spoil(checkpoint)
    done = run("inference.launch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("inference: ")
    assert re.search(expected, last)


def test_a_model_that_is_not_on_disk_is_to_be_fetched(run: Run, tmp_path: Path) -> None:
    done = run("inference.launch", MODEL_ID="acme/vl")
    assert (done.returncode, "python -m inference.fetch" in done.stderr) == (2, True)
    assert json.loads((tmp_path / "status.json").read_text())["phase"] == "failed"


def test_a_taken_port_is_said_before_a_model_is_loaded(run: Run, checkpoint: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("inference.launch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint), PORT=port, MAX_MODEL_LEN="512")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has an NVIDIA driver")
def test_a_machine_without_a_driver_is_told_in_one_line(run: Run) -> None:
    done = run("inference.launch", ENGINE="gpu")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ENGINE=gpu: no NVIDIA driver here" in done.stderr
    assert "use ENGINE=cpu or lite" in done.stderr


def test_a_start_that_failed_stays_up_for_a_while_and_leaves_at_sigterm(tmp_path: Path) -> None:
    environ = {
        **os.environ, "ENGINE": "cpu", "MODEL_ID": "acme/vl", "HOLD_SECONDS": "60",
        "MODELS_DIR": str(tmp_path), "ENGINE_STATUS_FILE": str(tmp_path / "status.json"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "inference.launch"], cwd=ROOT, env=environ, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        while b"not on this disk" not in process.stderr.readline():
            pass
        time.sleep(0.5)
        assert process.poll() is None
        process.terminate()
        assert process.wait(5) == 2
    finally:
        process.kill()
        process.stderr.close()
