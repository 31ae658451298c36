"""`make outbox` asks the gateway in Docker, or this machine's database."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts import outbox as script


def commands(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, in_docker: bool
) -> tuple[int, list[list[str]]]:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=7)

    monkeypatch.setattr(script, "running_in_docker", lambda: in_docker)
    monkeypatch.setattr("scripts.outbox.subprocess.run", run)
    monkeypatch.setattr(sys, "argv", ["outbox.py", *arguments])
    return script.main(), asked


def test_in_docker_the_gateways_container_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    status, [command] = commands(monkeypatch, "failed", in_docker=True)
    assert status == 7
    assert command[:5] == ["docker", "compose", "exec", "-T", "gateway"]
    assert command[-2:] == ["gateway.webhooks.outbox", "failed"]


def test_elsewhere_the_settings_of_this_machine_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    _, [command] = commands(monkeypatch, "", in_docker=False)
    assert command[1:] == ["-m", "gateway.webhooks.outbox", ""]


def test_before_make_setup_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "ROOT", tmp_path)
    assert commands(monkeypatch, in_docker=False) == (2, [])
    assert "make setup" in capsys.readouterr().err
