"""Getting a checkpoint from a real server that behaves as the hubs do, and misbehaves."""

import json
from pathlib import Path

import pytest

from inference.fetch import download
from inference.store import MANIFEST
from tests.inference.conftest import Run
from tests.inference.hub import COMMIT, HubState

Hub = tuple[str, HubState]


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    return tmp_path / "models" / "acme--vl"


def settings(hub: Hub, source: str = "huggingface", **more: str) -> dict[str, str]:
    return {"MODEL_SOURCE": source, "MODEL_ID": "acme/vl", "HF_ENDPOINT": hub[0], "MODELSCOPE_ENDPOINT": hub[0], **more}


def one_line(stderr: str) -> str:
    assert "Traceback" not in stderr
    return stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("source", ["huggingface", "modelscope"])
def test_a_model_is_fetched_pinned_and_verified(run: Run, hub: Hub, fetched: Path, tmp_path: Path, source: str) -> None:
    done = run("inference.fetch", **settings(hub, source))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in fetched.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json", MANIFEST}
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


def test_a_half_downloaded_model_is_completed_and_a_changed_file_replaced(run: Run, hub: Hub, fetched: Path) -> None:
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
        ({"MODEL_REVISION": "v9"}, "has no acme/vl at revision v9; check MODEL_ID and MODEL_REVISION"),
        ({"MODEL_ID": "acme/gated"}, "set HF_TOKEN"),
        ({"MODEL_ID": "nonsense"}, "expected owner/name"),
        ({"MODEL_ID": "../../etc/x"}, "expected owner/name"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached (ConnectError); check this machine's network"),
        ({"MODEL_SOURCE": "ftp"}, "MODEL_SOURCE='ftp': expected one of huggingface, modelscope, local"),
        ({"MODEL_SOURCE": "local", "MODEL_ID": "/nowhere"}, "there is no such folder"),
    ],
)
def test_what_goes_wrong_is_one_line(run: Run, hub: Hub, changed: dict[str, str], expected: str) -> None:
    done = run("inference.fetch", **{**settings(hub), **changed})
    assert done.returncode == 2
    assert expected in one_line(done.stderr)


def test_a_hub_that_names_a_file_outside_the_folder_is_refused(run: Run, hub: Hub, tmp_path: Path) -> None:
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


def test_too_little_disk_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MARGIN", 2**60)
    file = download.StoredFile("model.safetensors", 10_000_000_000, "")
    with pytest.raises(download.Fault, match=r"the disk is too full: 9\.3 GiB are to be fetched"):
        download.check_space(tmp_path, (file,))


def test_a_local_folder_is_used_as_it_is(run: Run, checkpoint: Path) -> None:
    done = run("inference.fetch", MODEL_SOURCE="local", MODEL_ID=str(checkpoint))
    assert (done.returncode, "as it is" in done.stderr) == (0, True)
