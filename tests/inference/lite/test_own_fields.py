"""A company's fields.yaml: what it adds works, what is wrong in it is named, changes are seen."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from inference.lite import field_store
from inference.lite.fields import fields_in
from tests.inference.lite.papers.lines import first, values
from tests.support.servers import running

OWN = r"""
fields:
  member_number:
    zh: 会员号
    en: member number
    labels: [会员号, 会员编号]
    pattern: 'MB\d{8}'
    check: luhn
  order_number:
    labels: {zh: [工单号]}
carriers:
  Shandong: {names: [山东快运], prefix: SDX, forms: ['SDX\d{10}']}
"""
WRONG = r"""
fields:
  lookbehind: {labels: [某号], pattern: '(?<=a)\d+'}
  unknown_check: {labels: [某码], pattern: '\d+', check: magic}
  Capital: {labels: [某数], pattern: '\d+'}
  no_pattern: {labels: [某值]}
  ticket_number: {labels: [票号], pattern: 'T\d{6}'}
  typo: {lables: [某词], pattern: '\d+'}
carriers: [a, list]
nothing: 1
"""


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    field_store.use(None)


def in_folder(folder: Path, text: str) -> field_store.Store:
    (folder / "fields.yaml").write_text(text, "utf-8")
    return field_store.use(folder)


def test_a_companys_own_field_label_and_carrier_are_found(tmp_path: Path) -> None:
    store = in_folder(tmp_path, OWN)
    assert store.status() == {"own_fields": "used", "problems": []}
    member = first(fields_in("会员号:MB79927391"), "member_number")
    assert member is not None
    assert (member.value, member.label, member.valid) == ("MB79927391", "会员号", False)
    assert values(fields_in("工单号 WX20261109001"), "order_number") == ["WX20261109001"]
    assert values(fields_in("山东快运SDX1234567890"), "waybill_number") == ["SDX1234567890"]
    assert values(fields_in("订单编号 QH202611180042317"), "order_number") == ["QH202611180042317"]


def test_each_wrong_entry_is_named_and_the_rest_is_used(tmp_path: Path) -> None:
    problems = in_folder(tmp_path, WRONG).status()["problems"]
    for place, reason in (
        ("fields.lookbehind.pattern", "RE2"),
        ("fields.unknown_check.check", "magic"),
        ("fields.Capital", "small letters"),
        ("fields.no_pattern", "need a pattern"),
        ("fields.typo.lables", "Extra inputs"),
        ("carriers", "must be a mapping"),
        ("nothing", "no such section"),
    ):
        assert any(one.startswith(place) and reason in one for one in problems), place
    assert len(problems) == 7
    assert values(fields_in("票号 T204418"), "ticket_number") == ["T204418"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"fields: [unclosed", "line "),
        (b"- a list", "must be a mapping"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"a: 1\n" * 60_000, "more than"),
        (b"a: !!bool x\n", "KeyError"),
        (b"a: !!int ''\n", "not YAML"),
        (b"a: !!timestamp x\n", "not YAML"),
        (b"a: &a [x]\nb: *a\n", "not YAML"),
        (
            b"fields:\n"
            + b"".join(b"  f%d: {forms: ['[^a]{1,900}%d']}\n" % (n, n) for n in range(200)),
            "together",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_the_built_in_rules_stay(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "fields.yaml").write_bytes(data)
    (problem, *_) = field_store.use(tmp_path).status()["problems"]
    assert reason in problem
    assert values(fields_in("订单编号 QH202611180042317"), "order_number") == ["QH202611180042317"]


def test_a_changed_file_is_used_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_store, "LOOK_SECONDS", 0)
    in_folder(tmp_path, "")
    assert values(fields_in("会员号:MB79927398"), "member_number") == []
    (tmp_path / "fields.yaml").write_text(OWN, "utf-8")
    assert values(fields_in("会员号:MB79927398"), "member_number") == ["MB79927398"]
    os.remove(tmp_path / "fields.yaml")
    assert values(fields_in("会员号:MB79927398"), "member_number") == []


def test_the_engine_says_whether_it_sees_the_folder(tmp_path: Path) -> None:
    with running("inference.lite", {"KNOWLEDGE_DIR": str(tmp_path / "missing")}) as lite:
        health = requests.get(lite.url + "/health", timeout=5).json()
        assert "cannot be seen" in health["own_fields"]
    (tmp_path / "fields.yaml").write_text(WRONG, "utf-8")
    with running("inference.lite", {"KNOWLEDGE_DIR": str(tmp_path)}) as lite:
        deadline = time.monotonic() + 20  # on a busy machine the file may still be being read
        while not (health := requests.get(lite.url + "/health", timeout=5).json())["problems"]:
            assert time.monotonic() < deadline, health
            time.sleep(0.2)
        assert (health["own_fields"], len(health["problems"])) == ("used", 7)


@pytest.mark.parametrize(
    "text",
    [
        "stops: [' ']",
        'scans: ["\\x1c"]',
        "fields: {f: {labels: ['  '], pattern: 'a'}}",
        "carriers: {C: {names: [' ']}}",
    ],
)
def test_a_word_of_blanks_is_named_and_not_used(tmp_path: Path, text: str) -> None:
    (problem,) = in_folder(tmp_path, text).status()["problems"]
    assert "blank" in problem


def test_a_named_pipe_is_named_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fields.yaml")
    (problem,) = field_store.use(tmp_path).status()["problems"]
    assert "no regular file" in problem
