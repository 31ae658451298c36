"""Fetching a checkpoint from a real server that behaves like the model hubs, and misbehaves."""

import json
import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from inference.checkpoint_store import MANIFEST, StoredFile
from inference.faults import Fault
from inference.fetch import download, progress
from inference.status import Status
from tests.inference.conftest import Run
from tests.support.model_hub import COMMIT, HubState
from tests.support.paths import ROOT

Hub = tuple[str, HubState]


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    return tmp_path / "models" / "acme--vl"


def settings(hub: Hub, source: str = "huggingface", **more: str) -> dict[str, str]:
    return {
        "MODEL_SOURCE": source,
        "MODEL_ID": "acme/vl",
        "HF_ENDPOINT": hub[0],
        "MODELSCOPE_ENDPOINT": hub[0],
        **more,
    }


def one_line(stderr: str) -> str:
    assert "Traceback" not in stderr
    return stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("source", ["huggingface", "modelscope"])
def test_a_model_is_fetched_pinned_and_verified(
    run: Run, hub: Hub, fetched: Path, tmp_path: Path, source: str
) -> None:
    done = run("inference.fetch", **settings(hub, source))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in fetched.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        MANIFEST,
    }
    assert (fetched / "model.safetensors").read_bytes() == hub[1].files["model.safetensors"]
    assert json.loads((fetched / MANIFEST).read_text())["revision"] == COMMIT
    assert json.loads((tmp_path / "status.json").read_text())["percent"] == 100
    asked = hub[1].requests
    again = run("inference.fetch", **settings(hub, source))
    assert (again.returncode, hub[1].requests) == (0, asked), "a whole model needs no network"
    assert "here already" in again.stderr


def test_a_download_goes_on_where_it_stopped(run: Run, hub: Hub, fetched: Path) -> None:
    hub[1].cut_after = 1_000_000
    done = run("inference.fetch", **settings(hub))
    assert done.returncode == 0, done.stderr
    assert hub[1].ranges == ["bytes=1000000-"]
    assert (fetched / "model.safetensors").read_bytes() == hub[1].files["model.safetensors"]


def test_a_corrupted_file_is_fetched_again(run: Run, hub: Hub, fetched: Path) -> None:
    hub[1].corrupt = 1
    assert run("inference.fetch", **settings(hub)).returncode == 0
    assert (fetched / "model.safetensors").read_bytes() == hub[1].files["model.safetensors"]


def test_a_half_downloaded_model_is_completed_and_a_changed_file_replaced(
    run: Run, hub: Hub, fetched: Path
) -> None:
    fetched.mkdir(parents=True)
    whole = hub[1].files["model.safetensors"]
    (fetched / "model.safetensors.part").write_bytes(whole[:2_000_000])
    (fetched / "tokenizer.json").write_bytes(b"[]")
    assert run("inference.fetch", **settings(hub)).returncode == 0
    assert hub[1].ranges == ["bytes=2000000-"]
    assert (fetched / "tokenizer.json").read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"MODEL_ID": "acme/none"}, "has no acme/none at revision main; check MODEL_ID"),
        (
            {"MODEL_REVISION": "v9"},
            "has no acme/vl at revision v9; check MODEL_ID and MODEL_REVISION",
        ),
        ({"MODEL_ID": "acme/gated"}, "set HF_TOKEN"),
        ({"MODEL_ID": "nonsense"}, "expected owner/name"),
        ({"MODEL_ID": "../../etc/x"}, "expected owner/name"),
        (
            {"HF_ENDPOINT": "http://127.0.0.1:9"},
            "cannot be reached (ConnectError); check this machine's network",
        ),
        (
            {"MODEL_SOURCE": "ftp"},
            "MODEL_SOURCE='ftp': expected one of huggingface, modelscope, local",
        ),
        ({"MODEL_SOURCE": "local", "MODEL_ID": "/nowhere"}, "there is no such folder"),
    ],
)
def test_what_goes_wrong_is_one_line(
    run: Run, hub: Hub, changed: dict[str, str], expected: str
) -> None:
    done = run("inference.fetch", **{**settings(hub), **changed})
    assert done.returncode == 2
    assert expected in one_line(done.stderr)


def test_a_hub_that_names_a_file_outside_the_folder_is_refused(
    run: Run, hub: Hub, tmp_path: Path
) -> None:
    hub[1].files["sub/../../outside.json"] = b"{}"
    done = run("inference.fetch", **settings(hub))
    assert done.returncode == 2
    assert "outside its folder" in one_line(done.stderr)
    assert not list(tmp_path.rglob("outside.json"))


def test_a_model_without_vision_is_refused(run: Run, hub: Hub) -> None:
    hub[1].files["config.json"] = b'{"architectures": ["Qwen3ForCausalLM"], "num_hidden_layers": 2}'
    done = run("inference.fetch", **settings(hub))
    assert done.returncode == 2
    assert "Qwen3ForCausalLM has no vision part" in one_line(done.stderr)


def test_too_little_disk_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MARGIN", 2**60)
    file = StoredFile("model.safetensors", 10_000_000_000, "")
    with pytest.raises(Fault, match=r"the disk is too full: 9\.3 GiB are to be fetched"):
        download.check_space(tmp_path, (file,))


def test_a_local_folder_is_used_as_it_is(run: Run, checkpoint: Path) -> None:
    done = run("inference.fetch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint))
    assert (done.returncode, "as it is" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("source", "expected"), [("huggingface", {"Bearer hf-secret"}), ("modelscope", set())]
)
def test_hugging_faces_token_is_told_to_hugging_face_alone(
    run: Run, hub: Hub, source: str, expected: set[str]
) -> None:
    assert run("inference.fetch", **settings(hub, source, HF_TOKEN="hf-secret")).returncode == 0
    assert set(hub[1].tokens) == expected


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_a_file_damaged_at_the_same_size_is_found_by_its_time_and_fetched_again(
    run: Run, hub: Hub, fetched: Path
) -> None:
    assert run("inference.fetch", **settings(hub)).returncode == 0
    flip(fetched / "model.safetensors", 2_000_000)
    refused = run("inference.launch", **settings(hub))
    assert "is incomplete or was changed; fetch it again" in one_line(refused.stderr)
    again = run("inference.fetch", **settings(hub))
    assert again.returncode == 0, again.stderr
    assert (fetched / "model.safetensors").read_bytes() == hub[1].files["model.safetensors"]
    assert "here already" in run("inference.fetch", **settings(hub)).stderr


def test_a_flipped_bit_that_leaves_no_trace_is_found_on_request(
    run: Run, hub: Hub, fetched: Path
) -> None:
    assert run("inference.fetch", **settings(hub)).returncode == 0
    path = fetched / "model.safetensors"
    before = path.stat()
    flip(path, 2_000_000)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "here already" in run("inference.fetch", **settings(hub)).stderr
    assert run("inference.fetch", "--verify", **settings(hub)).returncode == 0
    assert path.read_bytes() == hub[1].files["model.safetensors"]


def test_what_is_whole_is_verified_without_a_network(run: Run, hub: Hub, fetched: Path) -> None:
    assert run("inference.fetch", **settings(hub)).returncode == 0
    os.utime(fetched / "model.safetensors")
    offline = run("inference.fetch", **settings(hub, HF_ENDPOINT="http://127.0.0.1:9"))
    assert offline.returncode == 0, offline.stderr
    assert "every file verified" in offline.stderr


def test_a_disk_that_is_full_while_writing_is_one_line(run: Run, hub: Hub, fetched: Path) -> None:
    fetched.mkdir(parents=True)
    (fetched / "model.safetensors.part").symlink_to("/dev/full")  # the kernel's own ENOSPC
    done = run("inference.fetch", **settings(hub))
    assert done.returncode == 2
    assert "the disk is full at" in one_line(done.stderr)


def test_a_terminal_shows_a_bar(hub: Hub, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (24, 100))
    environ = {
        **os.environ, **settings(hub), "ENGINE": "cpu", "MODELS_DIR": str(tmp_path),
        "ENGINE_STATUS_FILE": str(tmp_path / "s"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "inference.fetch"], cwd=ROOT, env=environ, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # the other end has gone
        pass
    assert process.wait(20) == 0
    assert b"model: 100%" in shown


def test_a_log_shows_a_line_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr("inference.fetch.progress.time.monotonic", lambda: now)
    shown = progress.Progress(100 * 2**30, 0, Status(tmp_path / "status.json"))
    for _ in range(130):
        now += 1
        shown.advance(2**28)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" %")[0] for line in lines] == ["fetch: 15", "fetch: 30"]
    assert lines[0].endswith("15.0 GiB of 100.0 GiB, 268.4 MB/s, 6 min left")


def test_a_long_stall_keeps_the_status_alive(hub: Hub, tmp_path: Path) -> None:
    hub[1].stall = 8
    status = tmp_path / "status.json"
    environ = {
        **os.environ, **settings(hub), "ENGINE": "cpu", "MODELS_DIR": str(tmp_path),
        "ENGINE_STATUS_FILE": str(status),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "inference.fetch"], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL
    )
    beats = set()
    while process.poll() is None:
        if status.exists():
            beats.add(json.loads(status.read_text())["updated_at"])
        time.sleep(0.1)
    assert process.returncode == 0
    gaps = [
        later - earlier for earlier, later in zip(sorted(beats), sorted(beats)[1:], strict=False)
    ]
    assert max(gaps) < 7, "it beats every 5 s though nothing comes"
