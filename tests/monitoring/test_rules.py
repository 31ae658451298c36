"""Every alert fires when it should, is silent when it should be, and stands in the runbook."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT
from tests.support.prometheus import PROMETHEUS, run_tool

CASES = Path(__file__).parent / "rules"
# The runbooks, and the parts that each section of them has.
PARTS = {
    "docs/runbook.md": ("**Users**", "**Look**", "**Mend**"),
    "docs/runbook.zh-CN.md": ("**用户**", "**查看**", "**处理**"),
}
ALERT_NAME = re.compile(r'alertname="(\w+)"')


def groups() -> list[dict[str, Any]]:
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    return [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]


RULES = [rule for group in groups() for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]


def test_prometheus_accepts_its_configuration() -> None:
    checked = run_tool("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yml")), ids=lambda path: path.stem)
def test_alerts_fire_and_stay_silent_as_the_cases_say(path: Path) -> None:
    tested = run_tool("promtool", "test", "rules", path.name, cwd=CASES)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_case_that_fires_and_one_that_must_not() -> None:
    fires: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    for path in CASES.glob("*.yml"):
        for case in yaml.safe_load(path.read_text())["tests"]:
            for check in case["promql_expr_test"]:
                [sample] = check["exp_samples"]
                [name] = ALERT_NAME.findall(check["expr"])
                (fires if sample["value"] else silent)[name] += 1
    names = {rule["alert"] for rule in ALERTS}
    assert set(fires) == names
    assert set(silent) == names - {"Watchdog"}  # which always fires


def test_a_case_that_must_not_fire_has_what_the_alert_looks_at() -> None:
    """An alert that sees nothing would be silent whatever it says."""
    recorded = {rule["record"]: rule["expr"] for rule in RULES if "record" in rule}
    looks_at: dict[str, str] = {}
    for rule in ALERTS:
        inner = " ".join(text for name, text in recorded.items() if name in rule["expr"])
        looks_at[rule["alert"]] = f"{looks_at.get(rule['alert'], '')} {rule['expr']} {inner}"
    for path in CASES.glob("*.yml"):
        for case in yaml.safe_load(path.read_text())["tests"]:
            given = {one["series"].partition("{")[0] for one in case["input_series"]}
            for check in case["promql_expr_test"]:
                [name] = ALERT_NAME.findall(check["expr"])
                words = set(re.split(r"[^\w:]+", looks_at[name]))
                assert given & words or name == "Watchdog", f"{path.name}: {case['name']}: {name}"


def test_an_alert_says_how_bad_it_is_what_is_wrong_and_what_to_do() -> None:
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("critical", "warning", "none"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "runbook_url"}, rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"


@pytest.mark.parametrize("page", PARTS)
def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert(page: str) -> None:
    names = re.findall(r"^### (\w+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) == {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize(("page", "parts"), PARTS.items())
def test_a_section_of_the_runbook_says_what_users_see_and_what_to_do(
    page: str, parts: tuple[str, ...]
) -> None:
    for name, section in sections(page).items():
        for part in parts:
            assert part in section, f"{name} has no {part}"


def test_the_chinese_runbook_has_every_command_and_setting_of_the_english_one() -> None:
    english, chinese = (sections(page) for page in PARTS)
    for name, section in english.items():
        assert code_in(section) - code_in(chinese[name]) == set(), name


def sections(page: str) -> dict[str, str]:
    """{alert: text}; the last of a chapter ends with the next chapter's heading."""
    parts = re.split(r"^### ", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts}


def code_in(section: str) -> set[str]:
    return {" ".join(one.split()) for one in re.findall(r"`([^`]+)`", section)}
