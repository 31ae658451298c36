"""A bad file in the knowledge folder affects that file alone, and later edits are picked up."""

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.knowledge import folder_listing, folder_reader, parser_client, snapshot
from gateway.knowledge.folder_reader import FolderReader
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.parser_client import Parser
from gateway.knowledge.questions import read_questions
from gateway.knowledge.sources.numbering import split_number
from gateway.server.regular_files import read_whole
from tests.support.http_client import until
from tests.support.knowledge import parse
from tests.support.servers import Running, running_gateway

GOOD = "# Good\n\n## 1.1 Returns\nReturn an item within 30 days.\n"
ZEBRA = "# L\n\n## 9.9 Zebra\nA zebra can be refunded after {} days.\n"
MB = 1_000_000


def written(name: str, text: str | bytes) -> Callable[[Path], object]:
    return lambda k: (k / name).write_bytes(text.encode() if isinstance(text, str) else text)


def not_utf8(k: Path) -> None:
    Path(os.fsdecode(os.fsencode(k) + b"/\xff\xfe.md")).write_text(GOOD)


def linked(k: Path) -> None:
    (k / "x.md").symlink_to(k / "y.md")
    (k / "y.md").symlink_to(k / "x.md")
    (k / "d").symlink_to(k)


def listening(k: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(k)  # a path of a socket is short
        one.bind("x.md")
        os.chdir(here)


def deep(k: Path) -> None:
    folder = k
    for _ in range(60):
        folder = folder / "d"
        folder.mkdir()
    (folder / "x.md").write_text(GOOD)


# What to put into the folder, and the names of its problems; none where the file is used after all.
HOSTILE: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a numbered line as a heading": (written("x.md", "3.2 退货流程\n---\ntext\n"), []),
    "a numbered line as a heading, Chinese": (written("x.md", "第三条 退货\n======\ntext\n"), []),
    "NUL and BOM": (
        written("x.md", "\ufeff# T\n\n## 1.2 N\0UL\nabc\0def 30 days return\n"),
        ["x.md"],
    ),
    "a line of a megabyte": (written("x.md", "# A\n" + "退货 " * (MB // 8) + "\n"), []),
    "a word of a megabyte": (written("x.md", "# A\n" + "a" * MB + "\n"), []),
    "a heading of #": (written("x.md", "# " + " #" * 30_000 + " x\n"), []),
    "a heading of spaces": (written("x.md", "# a" + " " * 500_000 + "b\n"), []),
    "a front matter without an end": (
        written("x.md", "---\n" + "\n" * 500_000 + "x\n"),
        ["x.md"],
    ),
    "comments without an end": (written("x.md", "<!--" * 200_000 + "\n"), []),
    "spaces before a number": (written("x.md", "**" + " " * 500_000 + "3.2 x\n"), []),
    "a link that leads to itself": (linked, ["d", "x.md", "y.md"]),
    "a link to nothing": (lambda k: (k / "x.md").symlink_to(k / "gone"), ["x.md"]),
    "a folder named as a file": (lambda k: (k / "x.md").mkdir(), ["x.md"]),
    "not UTF-8": (written("x.md", b"\xff\xfe\x00"), ["x.md"]),
    "too large": (written("x.md", b"a" * (MB + 100_000)), ["x.md"]),
    "a name that is not UTF-8": (not_utf8, ["\\udcff\\udcfe.md"]),
    "a FIFO": (lambda k: os.mkfifo(k / "x.md"), ["x.md"]),
    "a device": (lambda k: (k / "x.md").symlink_to("/dev/zero"), ["x.md"]),
    "a socket": (listening, ["x.md"]),
    "folders too deep": (deep, ["/".join("d" * 33)]),
    "questions nested deeply": (written("questions.toml", "a=" + "[" * 3000), ["questions.toml"]),
    "questions that are a number": (written("questions.toml", "group=5"), ["questions.toml"]),
    "a question that is a number": (
        written("questions.toml", '[[group]]\ntitle={en="x"}\nquestions=[5]'),
        ["questions.toml"],
    ),
    "a question that is a date": (
        written(
            "questions.toml",
            "[[group]]\ntitle={en=2020-01-01, zh=nan}\nquestions=[{en=1979-05-27T07:32:00Z}]",
        ),
        ["questions.toml"],
    ),
    "questions that are a FIFO": (lambda k: os.mkfifo(k / "questions.toml"), ["questions.toml"]),
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    found = tmp_path / "k"
    found.mkdir()
    (found / "good.md").write_text(GOOD)
    return found


def edited(library: KnowledgeBase) -> KnowledgeBase:
    """After two looks that find the same."""
    library._update()
    library._update()
    return library


@pytest.mark.parametrize("case", HOSTILE)
def test_what_one_file_holds_is_that_files_problem_alone(good: Path, case: str) -> None:
    put, named = HOSTILE[case]
    running = KnowledgeBase(good)
    put(good)
    for library in (edited(running), KnowledgeBase(good)):  # as an edit, and at the start
        assert [problem.path for problem in library.problems] == named
        assert "good#1.1" in [hit.clause.id for hit in library.search("return an item")]
    (good / "later.md").write_text(ZEBRA.format(99))
    assert "99 days" in edited(running).search("zebra refunded")[0].clause.text


def test_a_running_desk_goes_on_beside_all_of_them(
    engine: Running, good: Path, tmp_path: Path
) -> None:
    with running_gateway(engine.url, tmp_path / "data", KNOWLEDGE_DIR=str(good)) as gateway:
        for number, (put, _) in enumerate(HOSTILE.values()):
            place = good / str(number)
            place.mkdir()
            put(place)
        written("questions.toml", "a=" + "[" * 3000)(good)

        def told() -> dict[str, object]:
            knowledge: dict[str, object] = requests.get(gateway.url + "/readyz", timeout=5).json()[
                "knowledge"
            ]
            return knowledge

        until(lambda: "16/x.md: is a FIFO, not a file" in str(told()), 20)
        until(lambda: "questions.toml: is nested too deeply" in str(told()), 20)
        assert requests.get(gateway.url + "/api/config", timeout=5).json()["questions"] == []
        before = int(str(told()["clauses"]))
        (good / "later.md").write_text(ZEBRA.format(99))
        until(lambda: told()["clauses"] == before + 1, 20)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[KnowledgeBase]:
    """A library whose folder is yet to be made."""
    library = KnowledgeBase(tmp_path / "k")
    watching = asyncio.create_task(library.watch())
    yield library
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


def folder_of(path: Path, days: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    (path / "a.md").write_text(ZEBRA.format(days))


async def serves(library: KnowledgeBase, days: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if any(f"{days} days" in hit.clause.text for hit in library.search("zebra refunded")):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_folder_that_is_removed_and_put_back_is_live_again(watched: KnowledgeBase) -> None:
    place = watched.directory
    assert "no such folder" in watched.problems[0].message
    folder_of(place, 11)
    assert await serves(watched, 11)
    shutil.rmtree(place)
    deadline = time.monotonic() + 20
    while not watched.problems and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert "stay in use" in watched.problems[0].message
    assert await serves(watched, 11)
    folder_of(place, 22)
    assert await serves(watched, 22)
    (place / "a.md").write_text(ZEBRA.format(33))
    assert await serves(watched, 33)


@pytest.mark.parametrize("by", ["rename", "link"])
async def test_a_folder_that_is_replaced_is_live_and_so_are_its_later_edits(
    watched: KnowledgeBase, by: str
) -> None:
    place = watched.directory
    first, second = place.with_name("v1"), place.with_name("v2")
    folder_of(first, 11)
    folder_of(second, 22)
    if by == "link":
        place.symlink_to(first)
    else:
        first.rename(place)
    assert await serves(watched, 11)
    if by == "link":
        place.with_name("next").symlink_to(second)
        place.with_name("next").rename(place)
    else:
        place.rename(first)
        second.rename(place)
    assert await serves(watched, 22)
    (place / "a.md").write_text(ZEBRA.format(33))
    assert await serves(watched, 33)


def test_files_that_are_still_being_copied_are_not_served_by_halves(good: Path) -> None:
    looked = FolderReader(good)
    assert looked.read_changes() is not None
    (good / "a.md").write_text(ZEBRA.format(1))
    assert looked.read_changes() is None
    (good / "b.md").write_text(ZEBRA.format(2))
    assert looked.read_changes() is None, "one more came since the last look"
    shelf = looked.read_changes()
    assert shelf is not None
    assert len(shelf.index.clauses) == 3
    assert looked.read_changes() is None


def test_a_folder_that_is_always_written_to_is_read_all_the_same(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_reader, "SETTLE_SECONDS", 0.2)
    looked = FolderReader(good)
    assert looked.read_changes() is not None
    deadline = time.monotonic() + 20
    for number in range(10_000):
        (good / "a.md").write_text(ZEBRA.format(number))
        if looked.read_changes() is not None:
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_only_what_has_changed_is_parsed_again(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse_one = Parser.parse

    def counted(self: Parser, name: str, data: bytes, *scans: Any) -> Any:
        parsed.append(name)
        return parse_one(self, name, data, *scans)

    monkeypatch.setattr(Parser, "parse", counted)
    for number in range(5):
        (good / f"{number}.md").write_text(ZEBRA.format(number))
    library = KnowledgeBase(good)
    assert len(parsed) == 6
    (good / "3.md").write_text(ZEBRA.format(77))
    assert "77 days" in str(
        [hit.clause.text for hit in edited(library).search("zebra refunded", 9)]
    )
    assert parsed[6:] == ["3.md"]


def test_a_file_that_cannot_be_read_now_is_tried_again(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_reader, "RETRY_SECONDS", 0.0)
    read = read_whole

    def failing(path: Path, most: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(folder_reader, "read_whole", failing)
    library = KnowledgeBase(good)
    assert library.problems[0] == folder_listing.Problem("good.md", "Input/output error")
    monkeypatch.setattr(folder_reader, "read_whole", read)
    assert edited(library).problems == []


@pytest.mark.parametrize(
    ("limit", "value", "kept"), [("MAX_CLAUSES", 7, 7), ("MAX_POSTINGS", 30, 3)]
)
def test_a_folder_with_too_many_clauses_serves_the_first_of_them(
    good: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, kept: int
) -> None:
    monkeypatch.setattr(snapshot, limit, value)
    for name in "abcd":
        (good / f"{name}.md").write_text(
            "\n".join(f"## {n}.1 clause {name}{n}\nword{name}{n} and more" for n in range(3))
        )
    library = KnowledgeBase(good)
    assert len(library.clauses) == kept
    assert f"only the first {kept} " in library.problems[0].message
    assert library.search("worda1")[0].clause.clause == "1.1"
    assert [clause.id for clause in library.clauses][:3] == ["a#0.1", "a#1.1", "a#2.1"]
    assert library.search("wordd2") == []


def test_a_file_that_takes_too_long_or_too_much_memory_ends_its_parser_and_not_the_next_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = "\n".join(f"{n}.1 x" for n in range(110_000)).encode() + b"\n"
    with Parser(file_seconds=1) as one:
        assert "longer" in one.parse("slow.md", 6 * many).problems[0]
        assert one.parse("good.md", GOOD.encode()).problems == []
    monkeypatch.setattr(parser_client, "MEMORY_BYTES", 8 * 1024 * 1024)
    with Parser() as one:
        assert "memory" in one.parse("large.md", many).problems[0]
        assert len(one.parse("good.md", GOOD.encode()).segment or ()) == 1


def test_a_parser_that_is_killed_between_files_is_replaced() -> None:
    with Parser() as one:
        one.parse("good.md", GOOD.encode())
        one._processes[False].kill()
        with pytest.raises(OSError, match="killed"):
            one.parse("lost.md", GOOD.encode())
        assert len(one.parse("good.md", GOOD.encode()).segment or ()) == 1


def test_a_start_does_not_wait_for_a_folder_that_hangs(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def hanging(directory: Path) -> Any:
        time.sleep(3)
        return folder_listing.list_folder(directory)

    monkeypatch.setattr(folder_reader, "list_folder", hanging)
    started = time.monotonic()
    library = KnowledgeBase(good, wait=0.1)
    assert time.monotonic() - started < 2
    assert "still being read" in library.problems[0].message


ESCAPES = st.sampled_from(
    [b"---\n", b"===\n", b"3.2 ", "第三条".encode(), b"# ", b"<!--", b"-->", b"```\n", b"\0", b"\n"]
)
CONTENT = st.one_of(
    st.binary(max_size=400), st.lists(ESCAPES | st.binary(max_size=6), max_size=30).map(b"".join)
)
NAME = st.binary(min_size=1, max_size=12).filter(
    lambda name: name not in (b".", b"..") and not {0, 47} & set(name)
)
NAMES = NAME | NAME.map(lambda name: name + b".md") | st.just(b"questions.toml") | st.just(b"x.md")
TREE = st.recursive(CONTENT, lambda below: st.dictionaries(NAMES, below, max_size=4), max_leaves=8)


@settings(max_examples=300, deadline=5000)
@given(
    st.text() | st.lists(ESCAPES.map(bytes.decode) | st.text(max_size=5), max_size=40).map("".join)
)
def test_any_text_becomes_clauses_whose_text_is_in_it(text: str) -> None:
    plain = "".join(text.replace("\0", "").split())
    for clause in parse(text, "x.md"):
        assert clause.text
        # As written, but for the marks around it and for comments.
        assert "<!--" in text or any(
            "".join(line.split()) in plain for line in clause.text.split("\n")
        )


def grow(place: bytes, tree: object) -> None:
    if isinstance(tree, dict):
        with suppress(OSError):
            os.makedirs(place, exist_ok=True)
            for name, below in tree.items():
                grow(place + b"/" + name, below)
    elif isinstance(tree, bytes):
        with suppress(OSError), open(place, "wb") as file:
            file.write(tree)


@settings(max_examples=150, deadline=20_000, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, TREE, max_size=5))
def test_no_tree_of_files_raises_or_hides_the_good_one(
    tmp_path_factory: pytest.TempPathFactory, tree: object
) -> None:
    place = tmp_path_factory.mktemp("tree")
    grow(os.fsencode(place), tree)
    (place / "00good.md").write_text(GOOD)
    shelf = FolderReader(place).read_changes()
    assert shelf is not None
    assert any("Return an item" in clause.text for clause in shelf.index.clauses)
    assert all(problem.path and problem.message for problem in shelf.problems)
    shutil.rmtree(place)


TOML = st.sampled_from(
    [
        "[[group]]\n",
        "[[group.questions]]\n",
        "title = ",
        "questions = ",
        "en",
        "=",
        "[",
        "]",
        "{",
        "}",
        '"x"',
        "5",
        "nan",
        "\n",
        ",",
    ]
)


@settings(max_examples=500, deadline=5000)
@given(st.text() | st.lists(TOML | st.text(max_size=3), max_size=30).map("".join))
def test_any_questions_file_gives_texts_by_locale(text: str) -> None:
    groups, _ = read_questions(text)
    for group in groups:
        assert all(isinstance(one, str) for one in group["title"].values())


def test_questions_that_are_right_stay_beside_those_that_are_wrong() -> None:
    text = '[[group]]\ntitle={en="a"}\nquestions=[{en="x"}, {en=5}, {}]\n[[group]]\ntitle=5\n[[group]]\ntitle={en="b"}\n'
    groups, problems = read_questions(text)
    assert groups == [
        {"title": {"en": "a"}, "questions": [{"en": "x"}]},
        {"title": {"en": "b"}, "questions": []},
    ]
    assert len(problems) == 3


def test_a_clause_is_quoted_as_it_was_written() -> None:
    text = "# 检验标准\n\n5.1 误差不得超过 2² 毫米，面积按 3㎡ 计，½ 杯水约 ¼ 升；见附件①。\n\n## ５．２　抽检比例（强制）\n批量 ≥１００ 件时适用。\n"
    first, second = parse(text, "r.md")
    assert first.text == "误差不得超过 2² 毫米，面积按 3㎡ 计，½ 杯水约 ¼ 升；见附件①。"
    assert (second.clause, second.title, second.text) == (
        "5.2",
        "检验标准 · 抽检比例（强制）",
        "批量 ≥１００ 件时适用。",
    )
    assert split_number("½ 杯") == ("", "½ 杯")
