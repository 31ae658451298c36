"""The secret that signs tokens: made once, kept, and never empty."""

import errno
import os
from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.auth.secret_file import load_secret
from gateway.settings import WrongSettings, load_settings


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    made = load_secret("", tmp_path / "data")
    assert len(made) >= 48
    assert load_secret("", tmp_path / "data") == made
    assert (tmp_path / "data/embed_secret").stat().st_mode & 0o077 == 0
    assert load_secret("given", tmp_path) == "given"


def test_a_full_disk_leaves_no_empty_secret_to_sign_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(WrongSettings, match=r"DATA_DIR.*No space"):
        patch.setattr(os, "fsync", full)
        load_secret("", tmp_path)
    assert not (tmp_path / "embed_secret").exists()
    assert len(load_secret("", tmp_path)) >= 48


@pytest.mark.parametrize("kind", ["folder", "FIFO", "binary", "huge"])
def test_a_secret_that_cannot_be_read_stops_the_start_with_one_line(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "embed_secret"
    if kind == "folder":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)  # to open it would wait for a writer
    else:
        path.write_bytes(b"\xff\x00" * (50 if kind == "binary" else 100_000))
    with pytest.raises(WrongSettings, match="embed_secret") as raised:
        load_secret("", tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n", "half"])
def test_a_secret_of_nothing_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "embed_secret").write_text(text)
    with pytest.raises(WrongSettings, match=r"EMBED_SECRET.*holds no secret"):
        create_app(load_settings(data_dir=tmp_path))
