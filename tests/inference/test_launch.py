"""What the launcher decides and what it refuses before it starts vLLM."""

import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.checkpoint import Checkpoint
from inference.command import argv, environment
from inference.faults import Fault
from inference.machine import GIB, GPU, Machine
from inference.memory_check import MemoryNeed, check_memory
from inference.profiles import FOLDER, choose_profile, load_profiles
from inference.settings import Settings
from tests.inference.conftest import Run
from tests.support.paths import ROOT


def machine(
    name: str = "RTX 3090", memory: float = 24, capability: tuple[int, int] = (8, 6)
) -> Machine:
    return Machine(
        (GPU(name, int(memory * GIB), int(memory * GIB), capability),), 64 * GIB, "580.65"
    )


@pytest.mark.parametrize(
    ("name", "memory", "capability", "profile", "model"),
    [
        ("RTX 3060", 12, (8, 6), "gpu-12gb", "AWQ"),
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


@pytest.mark.parametrize(
    ("memory", "capability"), [(8, (8, 6)), (24, (7, 0)), (15, (7, 5)), (48, (7, 5))]
)
def test_a_card_that_is_too_small_or_too_old_is_told_so(
    memory: float, capability: tuple[int, int]
) -> None:
    with pytest.raises(Fault, match=r"Qwen3-VL-8B needs 11 GiB and, for bfloat16, 8\.0"):
        choose_profile("gpu", machine("card", memory, capability))


def test_every_line_of_a_profile_has_its_reason() -> None:
    for path in FOLDER.glob("*.toml"):
        lines = [
            line
            for line in path.read_text("utf-8").splitlines()
            if " = " in line and not line.startswith("#")
        ]
        bare = [
            line
            for line in lines
            if "  # " not in line and not line.startswith(("memory_gib", "capability"))
        ]
        assert bare == [], path.name


@pytest.mark.parametrize("name", sorted(load_profiles()))
def test_each_profile_fits_the_smallest_machine_that_it_names(name: str) -> None:
    profile = load_profiles()[name]
    load = MemoryNeed(int(profile.weights_gib * GIB))
    if name == "cpu":
        check_memory(
            MemoryNeed(load.weights, 112 * 1024),
            profile,
            Settings(engine="cpu"),
            Machine((), 14 * GIB),
        )
    else:
        check_memory(load, profile, Settings(), machine("smallest", profile.memory_gib[0]))


def test_what_cannot_fit_is_refused_with_the_arithmetic() -> None:
    profile = load_profiles()["gpu-24gb"]
    with pytest.raises(Fault) as caught:
        check_memory(
            MemoryNeed(int(16.3 * GIB)), profile, Settings(max_model_len=65_536), machine()
        )
    line = str(caught.value)
    assert (
        "weights 16.3 GiB + KV cache 9.0 GiB (65536 tokens at 144 KiB) + working memory 1.5 GiB = 26.8 GiB"
        in line
    )
    assert "24.0 GiB are free and GPU_MEMORY_UTILIZATION=0.88 of 24.0 GiB allows 21.1 GiB" in line
    with pytest.raises(Fault, match=r"64\.0 MiB of memory are free"):
        check_memory(
            MemoryNeed(GIB),
            load_profiles()["cpu"],
            Settings(engine="cpu"),
            Machine((), 64 * 1024**2),
        )


def test_the_command_follows_profile_and_settings() -> None:
    profile = load_profiles()["gpu-24gb"]
    options = Settings(
        model_name="desk",
        max_model_len=4096,
        gpu_memory_utilization=0.5,
        vllm_extra_args=("--max-num-seqs", "3"),
    )
    command = argv(profile, machine(), options, "/models/x")
    assert command[:5] == [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", "/models/x"]
    given = dict(itertools.pairwise(command))
    assert (
        given["--served-model-name"],
        given["--max-model-len"],
        given["--gpu-memory-utilization"],
    ) == (
        "desk",
        "4096",
        "0.5",
    )
    assert json.loads(given["--limit-mm-per-prompt"]) == {"image": 16, "video": 0}
    assert command[-2:] == ["--max-num-seqs", "3"], "what a person adds comes last and wins"
    assert "--enable-auto-tool-choice" in command
    assert environment(profile, machine(), options)["VLLM_NO_USAGE_STATS"] == "1"
    on_cpu = argv(load_profiles()["cpu"], Machine((), GIB), Settings(engine="cpu"), "/models/x")
    assert "--gpu-memory-utilization" not in on_cpu
    assert (
        environment(load_profiles()["cpu"], Machine((), GIB), options)["VLLM_CPU_KVCACHE_SPACE"]
        == "2"
    )


def test_the_engine_gets_the_card_that_was_counted_with() -> None:
    small, full, empty = (
        GPU("3060", 12 * GIB, 12 * GIB, (8, 6), 0),
        GPU("3090", 24 * GIB, GIB, (8, 6), 1),
        GPU("3090", 24 * GIB, 24 * GIB, (8, 6), 2),
    )
    cards = Machine((small, full, empty), 64 * GIB)
    assert cards.gpu is empty
    made = environment(load_profiles()["gpu-24gb"], cards, Settings())
    assert (made["CUDA_DEVICE_ORDER"], made["CUDA_VISIBLE_DEVICES"]) == ("PCI_BUS_ID", "2")
    spread = Settings(vllm_extra_args=("--tensor_parallel_size=2",))
    assert "CUDA_VISIBLE_DEVICES" not in environment(load_profiles()["gpu-24gb"], cards, spread)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:3001"),
        ("::", "http://[::1]:3001"),
        ("192.168.7.2", "http://192.168.7.2:3001"),
    ],
)
def test_the_engine_is_asked_where_it_listens(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    monkeypatch.setenv("HOST", host)
    assert Settings.read().url == url


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENGINE", "tpu", "expected one of gpu, cpu"),
        ("MAX_MODEL_LEN", "many", "from 256 to"),
        ("MAX_MODEL_LEN", "512.5", "a whole number"),
        ("GPU_MEMORY_UTILIZATION", "1.5", "from 0.05 to 1"),
        ("ENGINE_HANG_SECONDS", "0", "from 1 to 3600"),
        ("VLLM_EXTRA_ARGS", '--x "', "quote it as a shell would"),
        ("VLLM_EXTRA_ARGS", "--port 3005", "--port is not to be set there; set PORT"),
        (
            "VLLM_EXTRA_ARGS",
            "--seed 1 --served_model_name=x",
            "--served-model-name is not to be set there; set MODEL_NAME",
        ),
        ("VLLM_EXTRA_ARGS", "--api-key x", "the gateway asks for keys"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Fault, match=expected) as caught:
        Settings.read()
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
        (
            lambda folder: (folder / "config.json").write_text('{"architectures": ["X"]}'),
            "X has no vision part",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "no .safetensors weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 100), "is damaged"),
        (lambda folder: cut(folder / "model.safetensors"), r"has \d+ of \d+ bytes"),
        (index, "2 of 2 weight files are missing"),
    ],
)
def test_a_damaged_checkpoint_ends_in_one_line(
    run: Run, checkpoint: Path, spoil: Callable[[Path], object], expected: str
) -> None:
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


def test_a_model_that_does_not_fit_is_refused_before_vllm_is_started(
    run: Run, checkpoint: Path
) -> None:
    done = run(
        "inference.launch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint), MAX_MODEL_LEN="1048576"
    )
    assert done.returncode == 2
    assert " serve " not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert (
        "the model does not fit: weights 2.9 MiB + KV cache 144.0 GiB (1048576 tokens at 144 KiB)"
        in last
    )


@pytest.mark.parametrize("module", ["inference.launch", "inference.fetch"])
def test_a_wrong_setting_is_told_in_the_status_too(run: Run, tmp_path: Path, module: str) -> None:
    done = run(module, VLLM_EXTRA_ARGS='"')
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    state = json.loads((tmp_path / "status.json").read_text())
    assert state["phase"] == "failed"
    assert state["detail"].startswith("VLLM_EXTRA_ARGS: ")
    assert time.time() - 60 < state["since"] <= state["updated_at"]


@pytest.mark.parametrize("module", ["inference.launch", "inference.fetch"])
def test_a_folder_that_may_not_be_looked_into_is_no_traceback(
    run: Run, tmp_path: Path, module: str
) -> None:
    closed = Path(tempfile.mkdtemp(dir=tmp_path))
    (closed / "model").mkdir()
    closed.chmod(0)
    done = run(module, unprivileged=True, MODEL_SOURCE="local", MODEL_ID=str(closed / "model"))
    assert done.returncode == 2
    assert "there is no such folder" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_checkpoint_that_may_not_be_read_is_one_line(run: Run, checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").chmod(0)
    done = run(
        "inference.launch", unprivileged=True, MODEL_SOURCE="local", MODEL_ID=str(checkpoint)
    )
    assert done.returncode == 2
    assert re.search(
        r"model\.safetensors may not be read by user \d+; allow it",
        done.stderr.strip().splitlines()[-1],
    )


def test_what_nobody_foresaw_is_one_line_as_well(
    run: Run, checkpoint: Path, tmp_path: Path
) -> None:
    (checkpoint / "config.json").write_text('{"architectures": 7, "vision_config": {}}')
    done = run("inference.launch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(
        r"TypeError: .+ \(checkpoint\.py:\d+\); please report it",
        done.stderr.strip().splitlines()[-1],
    )
    assert json.loads((tmp_path / "status.json").read_text())["phase"] == "failed"


def test_a_taken_port_is_said_before_a_model_is_loaded(run: Run, checkpoint: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(
            "inference.launch",
            MODEL_SOURCE="local",
            MODEL_ID=str(checkpoint),
            PORT=port,
            MAX_MODEL_LEN="512",
        )
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in done.stderr


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has an NVIDIA driver")
def test_a_machine_without_a_driver_is_told_in_one_line(run: Run) -> None:
    done = run("inference.launch", ENGINE="gpu")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ENGINE=gpu: no NVIDIA driver here" in done.stderr
    assert "use ENGINE=cpu or lite" in done.stderr


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"MODEL_ID": "acme/vl"}, b"not on this disk"),
        ({"MAX_MODEL_LEN": "many"}, b"MAX_MODEL_LEN='many'"),
    ],
)
def test_a_start_that_failed_stays_up_for_a_while_and_leaves_at_sigterm(
    tmp_path: Path, settings: dict[str, str], reason: bytes
) -> None:
    environ = {
        **os.environ, "ENGINE": "cpu", "HOLD_SECONDS": "60", **settings,
        "MODELS_DIR": str(tmp_path), "ENGINE_STATUS_FILE": str(tmp_path / "status.json"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "inference.launch"], cwd=ROOT, env=environ, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        while reason not in process.stderr.readline():
            pass
        time.sleep(0.5)
        assert process.poll() is None
        process.terminate()
        assert process.wait(5) == 2
    finally:
        process.kill()
        assert process.stderr is not None
        process.stderr.close()
