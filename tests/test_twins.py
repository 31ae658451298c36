"""Chinese twins of pages: each names every setting and every `make` target of its English page."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.test_house import tracked
from tests.test_links import tokens

SUFFIX = ".zh-CN.md"
TWINS = [path for path in tracked() if path.name.endswith(SUFFIX)]
CODE = ("code_inline", "fence", "code_block")
# A whole piece of code, as `ENGINE` or `TLS=self-signed`; elsewhere names have an underscore.
WHOLE = re.compile(r"([A-Z][A-Z0-9_]*)(?:=.*)?")
NAME = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*_[A-Z0-9_]*(?![a-z])")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")


@pytest.mark.parametrize("twin", TWINS, ids=lambda path: path.name)
def test_a_twin_names_every_setting_and_make_target_of_its_english_page(twin: Path) -> None:
    english, chinese = (code_of(path) for path in (english_of(twin), twin))
    assert sorted(settings_of(english) - settings_of(chinese)) == []
    assert sorted(targets_of(english) - targets_of(chinese)) == []


@pytest.mark.parametrize("twin", TWINS, ids=lambda path: path.name)
def test_twins_name_each_other_and_the_list_of_pages_names_both(twin: Path) -> None:
    english = english_of(twin)
    assert f"]({english.name})" in twin.read_text("utf-8")
    assert f"]({twin.name})" in english.read_text("utf-8")
    if twin.parent.name == "docs":
        assert f"]({twin.name})" in (ROOT / "docs" / "README.md").read_text("utf-8")


def test_what_counts_as_a_setting_and_as_a_target() -> None:
    code = ["GET /api/config", "ENGINE=gpu make up", "{caller.user}", "OIDC_…", "make key NAME=li"]
    assert settings_of(code) == {"ENGINE", "OIDC_"}
    assert settings_of(["TLS", "echo $API_KEY", "PAY-9999", "x_SIGHT"]) == {"TLS", "API_KEY"}
    assert targets_of(code) == {"up", "key"}


def english_of(twin: Path) -> Path:
    return twin.with_name(twin.name.removesuffix(SUFFIX) + ".md")


def code_of(page: Path) -> list[str]:
    return [one.content for one in tokens(page.read_text("utf-8")) if one.type in CODE]


def settings_of(code: list[str]) -> set[str]:
    whole = [WHOLE.fullmatch(one) for one in code]
    return {one[1] for one in whole if one} | {name for one in code for name in NAME.findall(one)}


def targets_of(code: list[str]) -> set[str]:
    return {target for one in code for target in TARGET.findall(one)}
