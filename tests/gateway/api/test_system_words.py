"""The Chinese page of staff has words of its own for what the gateway says in English."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.api.desk_system import SHOWN
from gateway.composition.lifecycle import background_tasks
from gateway.knowledge.folder_listing import list_folder
from gateway.webhooks.sender import code_of, reply_to
from tests.support.paths import ROOT

TEXTS = ROOT / "frontend/assets/js/desk/lib/texts"
WORDS = "".join((TEXTS / name).read_text("utf-8") for name in ("background.js", "system.js"))
KEYS = frozenset(re.findall(r"^ +(\w+):", WORDS, re.MULTILINE))
TYPES = frozenset(
    ("sight", "fallback", "limits", "orphans", "notices")
)  # tasks that only some settings start


class AnyPart(SimpleNamespace):
    """A part of the gateway with everything that somebody asks it for."""

    def __getattr__(self, name: str) -> Any:
        return AnyPart()

    def __call__(self, *_: Any, **__: Any) -> Any:
        return AnyPart()

    def __len__(self) -> int:
        return 1


def test_every_task_and_setting_that_is_shown_has_a_name() -> None:
    names = {name for name, _ in background_tasks(cast(Any, AnyPart()))} | TYPES
    assert {f"background_{name}" for name in names} <= KEYS
    assert {f"setting_{name.upper()}" for name in SHOWN} <= KEYS


def test_every_code_of_a_problem_has_words() -> None:
    source = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "gateway").rglob("*.py")
        if "Problem(" in path.read_text("utf-8")
    )
    codes = set(re.findall(r'(?:Problem|report)\([^\n]*, "([a-z]+)"\)', source))
    assert {"limit", "type", "scan", "folder", "unreadable", "persona"} <= codes
    assert {f"problem_{code}" for code in codes | {"content", "entry"}} <= KEYS


def test_what_lies_in_the_knowledge_folder_and_is_not_read_has_the_code_of_its_kind(
    tmp_path: Path,
) -> None:
    (tmp_path / "old.doc").write_bytes(b"")
    (tmp_path / "folder.md").mkdir()
    found = {one.path: one.code for one in list_folder(tmp_path).problems}
    assert found == {"old.doc": "type", "folder.md": "entry"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("", ("", {})),
        (reply_to(503, "").error, ("http_status", {"status": 503})),
        (reply_to(410, "").error, ("gone", {})),
        ("no answer within 15 s", ("timeout", {})),
        ("no answer: ConnectError", ("unreachable", {})),
        ("something of an earlier version", ("other", {})),
    ],
)
def test_a_failed_delivery_has_a_code(error: str, code: tuple[str, dict[str, int]]) -> None:
    assert code_of(error) == code
    assert not code[0] or f"fault_{code[0]}" in KEYS
