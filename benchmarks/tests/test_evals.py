"""`make eval`: cases are read and judged as docs/evals.md says, over HTTP as the page asks."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from benchmarks.evals.asking import check_pictures, take_extras
from scripts.evals.cases import CaseError, load, read_expect
from scripts.evals.cases import Table as CaseTable
from scripts.evals.judging import Answer, judge, language_of
from tests.support.paths import ROOT

GOOD = '[[case]]\nname = "typo: a"\nlanguage = "en"\nturns = [{ say = "hi", expect = {} }]\n'
REFUND: Mapping[str, Any] = {
    "id": "en/after-sales#3.2",
    "title": "Refunds",
    "clause": "3.2",
    "text": "1–5 days",
}
RETURN: Mapping[str, Any] = {
    "id": "en/after-sales#3.1",
    "title": "Returns",
    "clause": "3.1",
    "text": "Open orders",
}


def test_the_sample_cases_are_sound_many_and_in_two_halves() -> None:
    cases = load(ROOT / "evals")
    check_pictures(cases)
    halves = {half: [case for case in cases if case.half == half] for half in ("tune", "test")}
    assert len(cases) >= 150
    assert all(len(half) >= 60 for half in halves.values())
    questions = [
        case.turns[0].say for case in cases if case.kind != "correction" and case.turns[0].say
    ]
    texts = [
        say
        for say in questions
        if not any(c.turns[0].images for c in cases if c.turns[0].say == say)
    ]
    assert len(texts) == len(set(texts)), "the halves share a question"


@pytest.mark.parametrize("handbook", ["furniture", "telecom", "hotel", "saas"])
def test_a_handbook_has_its_questions_and_its_knowledge(handbook: str) -> None:
    folder = ROOT / "evals" / "handbooks" / handbook
    cases = load(folder)
    kinds = [case.kind for case in cases]
    assert sum(kind in ("paraphrase", "typo") for kind in kinds) >= 40
    assert kinds.count("across") == 12
    assert sum(kind in ("off-topic", "unknown code") for kind in kinds) == 25
    assert len({path.suffix for path in (folder / "knowledge").iterdir()}) >= 4


@pytest.mark.parametrize(("handbook", "half"), [("gym", "tune"), ("parts", "test")])
def test_a_handbook_of_one_half_has_questions_of_every_kind(handbook: str, half: str) -> None:
    cases = load(ROOT / "evals" / "handbooks" / handbook)
    kinds = [case.kind for case in cases]
    assert {case.half for case in cases} == {half}
    assert sum(kind in ("off-topic", "other business", "unknown code") for kind in kinds) == 26
    assert {"direct", "colloquial", "typo", "long", "two-part", "follow-up", "number"} <= {*kinds}
    assert kinds.count("across") == 12


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("[[case]\n", "a.toml: Expected"),
        (GOOD.replace("expect = {}", "expects = {}"), "a.toml: case 'typo: a': turn 1: expect: expected a table"),
        (GOOD.replace("expect = {}", 'expect = { claus = "3" }'), "turn 1: expect: the key 'claus' is unknown"),
        (GOOD.replace("expect = {}", 'expect = { outcome = "done" }'), "outcome: expected one of answered"),
        (GOOD.replace("expect = {}", "expect = { text = [3] }"), "text: expected a string, or a list"),
        (GOOD.replace('say = "hi", ', ""), "say: expected a question or a picture"),
        (GOOD.replace('language = "en"\n', ""), "a.toml: case 'typo: a': language: expected a string"),
        (GOOD + GOOD, "a.toml: case 'typo: a': the name is used twice"),
        ('name = "x"\n', "a.toml: case: expected a list of tables"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_case_and_key(tmp_path: Path, wrong: str, told: str) -> None:
    (tmp_path / "a.toml").write_text(wrong, "utf-8")
    with pytest.raises(CaseError) as raised:
        load(tmp_path)
    assert told in str(raised.value)


def test_a_picture_that_is_missing_is_named_with_its_case(tmp_path: Path) -> None:
    text = GOOD.replace('say = "hi"', 'say = "hi", images = ["no-such"]')
    (tmp_path / "a.toml").write_text(text, "utf-8")
    with pytest.raises(CaseError, match="case 'typo: a': turn 1: images: there is no picture"):
        check_pictures(load(tmp_path))


def wrongs(expect: dict[str, Any], answer: Answer) -> list[str]:
    marks = judge(read_expect(CaseTable(expect, "test")), answer)
    return [mark.what for mark in marks if not mark.right]


@pytest.mark.parametrize(
    ("clause", "faults"),
    [
        ("3.2", []),
        ("３．２", []),
        ("en/after-sales#3.2", []),
        ("after-sales#3.2", []),
        ("sales#3.2", ["first", "clause"]),
        ("3.1", ["first"]),
        (["3.1", "3.2"], []),
        (["3.2", "4.1"], ["clause"]),
        ([["3.2", "4.1"]], []),
        ("none", ["nothing"]),
    ],
)
def test_a_clause_is_known_by_number_id_or_the_end_of_its_id(
    clause: Any, faults: list[str]
) -> None:
    assert wrongs({"clause": clause}, Answer(citations=[REFUND, RETURN])) == faults


def test_only_the_first_five_citations_count() -> None:
    far = Answer(citations=[RETURN] * 5 + [REFUND])
    assert wrongs({"clause": "3.2"}, far) == ["first", "clause"]
    assert wrongs({"clause_text": "1-5 days"}, far) == ["first", "clause"]
    assert wrongs({"clause_text": "1-5 days"}, Answer(citations=[REFUND])) == []


def test_texts_are_compared_without_spaces_commas_and_kinds_of_dashes() -> None:
    answer = Answer(text="实付 **¥1,149.00**，银行卡 1—5 个工作日。")
    assert wrongs({"text": ["1149.00", "1至5个工作日", ["x", "银行卡"]]}, answer) == []
    assert wrongs({"text": "1149.01"}, answer) == ["text"]
    assert wrongs({"not_text": "银行卡"}, answer) == ["text"]


def test_fields_outcome_language_tools_and_actions_are_judged() -> None:
    answer = Answer(
        text="Your parcel is in Chengdu.",
        readings=[{"fields": [{"name": "amount", "value": "￥1,600.01"}]}],
        outcome="answered",
        tools=["track"],
        actions=[{"connector": "refund", "arguments": {"order": "A1", "amount": 3}}],
    )
    right = {
        "field": {"amount": "¥1600.01"},
        "outcome": ["handoff", "answered"],
        "language": "en",
        "tool": "track",
        "action": "refund",
        "arguments": {"order": "A1"},
    }
    assert wrongs(right, answer) == []
    wrong = {
        "field": {"amount": "1600"},
        "outcome": "no_clause",
        "language": "zh",
        "tool": "refund",
        "action": "track",
        "arguments": {"order": "B2"},
    }
    assert wrongs(wrong, answer) == ["field", "outcome", "tool", "action", "arguments", "language"]


@pytest.mark.parametrize(
    ("expect", "faults"),
    [
        ({"tool": "track", "action": "none"}, ["action"]),
        ({"tool": "none"}, ["tool"]),
        ({"arguments": {"amount": 3}}, []),
        ({"action": "cancel", "arguments": {"order": "A1"}}, []),
        ({"action": "refund", "arguments": {"order": "A1"}}, ["arguments"]),
        ({"action": "cancel", "arguments": {"order": "A1", "reason": "late"}}, ["arguments"]),
        ({"arguments": {"waybill": "SF1"}}, []),
        ({"tool": "track", "arguments": {"waybill": "SF1"}}, []),
        ({"tool": "track", "arguments": {"waybill": "SF2"}}, ["arguments"]),
        ({"tool": "track", "arguments": {"order": "A1"}}, ["arguments"]),
        ({"tool": "track", "action": "cancel", "arguments": {"waybill": "SF1"}}, ["arguments"]),
    ],
)
def test_arguments_are_those_of_the_action_or_else_of_the_read_that_is_expected(
    expect: dict[str, Any], faults: list[str]
) -> None:
    answer = Answer(
        tools=["track"],
        asked=[("track", {"waybill": "SF1"})],
        actions=[
            {"connector": "cancel", "arguments": {"order": "A1"}},
            {"connector": "refund", "arguments": {"order": "B2", "amount": 3}},
        ],
    )
    assert wrongs(expect, answer) == faults
    assert wrongs({"tool": "none", "action": "none"}, Answer()) == []


def test_a_tool_counts_once_it_has_given_a_result() -> None:
    answer = Answer()
    for name, status in (("track", "running"), ("track", "done"), ("check", "failed")):
        take_extras({"tool": {"name": name, "status": status}}, answer)
    take_extras({"confirm": {"action": {"connector": "cancel"}}}, answer)
    assert (answer.tools, answer.actions) == (["track"], [{"connector": "cancel"}])


def test_the_language_is_that_of_most_words() -> None:
    assert language_of("根据《售后》3.2：ERR_CONNECTION_TIMED_OUT 请换一个网络") == "zh"
    assert language_of("Open “我的订单” and choose the item that you want to return") == "en"
    assert language_of("123") == ""


class Desk(BaseHTTPRequestHandler):
    """A desk whose answers stand in `said`: question → (citations, outcome)."""

    said: ClassVar[dict[str, tuple[list[Any], str]]] = {}
    refusals: ClassVar[int] = 0
    bodies: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self._send(200, b'{"engine": {"model": "test-engine"}}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/api/files":
            self._send(200, b'{"id": "file-1"}')
            return
        if Desk.refusals:
            Desk.refusals -= 1
            self._send(429, b"{}", ("retry-after", "0"))
            return
        asked = json.loads(body)
        Desk.bodies.append(asked)
        content = asked["messages"][-1]["content"]
        question = content if isinstance(content, str) else content[0]["text"]
        citations, outcome = Desk.said[question]
        events = (
            {"choices": [], "sightdesk": {"conversation": {"id": "conversation-1"}}},
            {"choices": [{"delta": {"content": "Within 1–5 days."}}]},
            {"choices": [], "sightdesk": {"citations": citations}},
            {"choices": [], "sightdesk": {"outcome": outcome}},
        )
        lines = [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]
        self._send(200, "".join(lines).encode())

    def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("content-length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[str]:
    Desk.bodies = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


CASES = """
[[case]]
name = "follow-up: refund"
language = "en"
turns = [
  { say = "when", images = ["order"], expect = { clause = "3.2", outcome = "answered" } },
  { say = "and now", corrections = [{ name = "amount", value = "5" }], expect = { text = "1-5" } },
]
[[case]]
name = "off-topic: moon"
language = "en"
turns = [{ say = "moon", expect = { clause = "none", outcome = "no_clause" } }]
"""


def evaluate(url: str, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.evaluate", "--url", url, "--cases", str(folder), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip


def test_the_gate_stops_on_what_held_in_the_accepted_run(desk: str, tmp_path: Path) -> None:
    (tmp_path / "test-a.toml").write_text(CASES, "utf-8")
    Desk.said = {
        "when": ([REFUND], "answered"),
        "and now": ([REFUND], "answered"),
        "moon": ([RETURN], "no_clause"),
    }
    unknown = evaluate(desk, tmp_path, "--gate")
    assert unknown.returncode == 2
    assert "No run of test-engine was accepted yet" in unknown.stdout

    assert evaluate(desk, tmp_path, "--accept").returncode == 0
    same = evaluate(desk, tmp_path, "--gate")
    assert same.returncode == 0, "what failed in the accepted run is no regression"
    assert "worse than the accepted run: 0" in same.stdout
    assert "| follow-up | 1/1 | 1/1 | 1/1 | – | 1/1 |" in same.stdout

    Desk.said |= {"when": ([RETURN, REFUND], "answered"), "moon": ([], "no_clause")}
    worse = evaluate(desk, tmp_path, "--gate")
    assert worse.returncode == 1
    assert (
        "worse than the accepted run: 1\n  test-a.toml/follow-up: refund: 1 first" in worse.stdout
    )
    assert (
        "better than the accepted run: 1\n  test-a.toml/off-topic: moon: 1 nothing" in worse.stdout
    )
    assert evaluate(desk, tmp_path).returncode == 0, "without the gate it only tells"


def test_it_asks_as_the_page_does_and_waits_where_the_rate_limit_says_so(
    desk: str, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(CASES.partition('[[case]]\nname = "off')[0], "utf-8")
    Desk.said = {"when": ([REFUND], "answered"), "and now": ([REFUND], "answered")}
    Desk.refusals = 2
    done = evaluate(desk, tmp_path)
    assert "1 of 1 asked, 1 right" in done.stderr
    first, second = Desk.bodies
    assert first["messages"][0]["content"][1] == {"type": "file", "file": {"file_id": "file-1"}}
    assert "conversation_id" not in first
    assert second["conversation_id"] == "conversation-1"
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert second["corrections"] == [{"image": "file-1", "name": "amount", "value": "5"}]


def test_it_says_in_one_line_what_keeps_it_from_judging(desk: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD + "x = 1\n", "utf-8")
    wrong = evaluate(desk, tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr == "eval: a.toml: case 'typo: a': the key 'x' is unknown\n"
    (tmp_path / "a.toml").write_text(GOOD, "utf-8")
    alone = evaluate("http://127.0.0.1:9", tmp_path)
    assert alone.returncode == 2
    assert alone.stderr.startswith("eval: no desk answers at http://127.0.0.1:9")
    assert alone.stderr.count("\n") == 1
