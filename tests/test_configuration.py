"""docs/configuration.md: it names only settings that .env.example has."""

import re

from scripts.env_example import render
from tests.support.paths import ROOT

SETTING = re.compile(r"`([A-Z][A-Z0-9_]{2,})(?:=[^`]*)?`")


def test_every_setting_that_the_page_names_exists() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    known = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", render(), re.M))
    named = set(SETTING.findall(page))
    assert len(named) > 50
    assert named - known == set()
