"""The cookbook's two pages describe every file and every setting, and say the same."""

import re

import pytest

from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples" / "connectors"
PAGES = ("docs/connectors-cookbook.md", "docs/connectors-cookbook.zh-CN.md")
SETTING = re.compile(
    r"\b(?:CONNECTOR|KUAIDI100|FEISHU|DINGTALK|SALESFORCE)_[A-Z0-9_]+\b|\bRELAY_TOKEN\b"
)
NAMED = re.compile(r"`[^`\n]+`|\]\([^)]+\)")
OTHER_PAGE = re.compile(r"connectors-cookbook[\w.-]*")
TWIN = re.compile(r"(?:\.zh-CN)?(\.md)(?:#.*)?$")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_every_setting_is_described(page: str) -> None:
    told = (ROOT / page).read_text("utf-8")
    files = [path for path in EXAMPLES.rglob("*") if path.suffix in (".yaml", ".py")]
    settings = {name for path in files for name in SETTING.findall(path.read_text("utf-8"))}
    names = {path.name for path in EXAMPLES.glob("*.yaml")} | settings
    assert len(names) > 30
    assert sorted(name for name in names if name not in told) == []


def test_both_pages_name_the_same_files_settings_and_values() -> None:
    english, chinese = (set(named(page)) for page in PAGES)
    assert english - chinese == {"user:password"}
    assert chinese - english == {"用户:密码"}


def named(page: str) -> list[str]:
    """What stands in backticks and behind links, without the link to the other page. A link to a
    page and one to its Chinese twin are the same; their headings differ."""
    text = (ROOT / page).read_text("utf-8")
    found = [TWIN.sub(r"\1", one.strip("`]()")) for one in NAMED.findall(text)]
    return [one for one in found if not OTHER_PAGE.fullmatch(one)]
