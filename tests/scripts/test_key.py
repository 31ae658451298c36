"""`make key` writes keys that the gateway accepts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.auth.api_keys import APIKeyStore
from scripts import key as script


def made(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> str:
    monkeypatch.setattr(script, "ROOT", folder)
    monkeypatch.setattr(script, "running_in_docker", lambda: False)
    monkeypatch.setattr(sys, "argv", ["key.py", *arguments])
    assert script.main() == 0
    return capsys.readouterr().out.strip()


def test_two_keys_of_one_name_are_good_and_only_their_digests_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = made(tmp_path, monkeypatch, capsys, "shop", "")
    new = made(tmp_path, monkeypatch, capsys, "shop", "600/minute")
    path = tmp_path / "data" / "api-keys.json"
    text = path.read_text()
    assert old not in text
    assert new not in text
    assert path.stat().st_mode & 0o077 == 0
    assert [sorted(entry) for entry in json.loads(text)["keys"]] == [
        ["created", "name", "sha256"],
        ["created", "limit", "name", "sha256"],
    ]
    ring = APIKeyStore((), path)
    first, second = ring.find(old), ring.find(new)
    assert first is not None
    assert second is not None
    assert (first.name, first.limit, second.name, second.limit) == (
        "shop",
        None,
        "shop",
        "600/minute",
    )


def test_a_staff_members_key_has_the_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = made(tmp_path, monkeypatch, capsys, "anna", "", "staff")
    found = APIKeyStore((), tmp_path / "data" / "api-keys.json").find(key)
    assert found is not None
    assert (found.name, found.role) == ("anna", "staff")


@pytest.mark.parametrize(
    "arguments",
    [
        ["shop", "", "owner"],
        [""],
        ["a b"],
        ["../a"],
        ["shop", "many"],
        ["shop", "0/minute"],
        ["shop", "5/fortnight"],
    ],
)
def test_what_is_no_name_or_no_limit_makes_no_key(arguments: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "scripts/key.py", *arguments],
        cwd=script.ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stdout == ""
