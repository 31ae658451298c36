"""Scanned pages are read by OCR in the background; the rest of the folder serves meanwhile."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from gateway.knowledge import scanned_pages
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.scanned_pages import PageReader
from tests.support.office_files import lines, pdf, scanned_pdf
from tests.support.servers import Running, running_gateway

GOOD = "# Good\n\n## 1.1 Returns\nReturn an item within 30 days.\n"


async def watched(library: KnowledgeBase, until: Callable[[], bool]) -> None:
    watching = asyncio.create_task(library.watch())
    deadline = time.monotonic() + 30
    while not until() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert until(), library.problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / "scan.pdf").write_bytes(scanned_pdf(2))
    return tmp_path


def library_of(folder: Path, read_page: PageReader | None = None) -> KnowledgeBase:
    return KnowledgeBase(folder, wait=30, read_page=read_page)


def test_without_ocr_a_scan_is_named_with_its_pages_and_what_to_do(folder: Path) -> None:
    library = library_of(folder)
    assert [problem.path for problem in library.problems] == ["scan.pdf"]
    assert library.problems[0].message.startswith(
        "pages 1 to 2: a scan without text; set READER_URL"
    )
    assert len(library.clauses) == 1


async def test_with_ocr_its_lines_become_clauses_and_the_problem_goes(folder: Path) -> None:
    asked: list[bytes] = []

    async def read_page(jpeg: bytes) -> list[str]:
        asked.append(jpeg)
        return [f"3.{len(asked)} 押金在{len(asked)}天内退还。"]

    library = library_of(folder, read_page)
    assert "being read by OCR" in library.problems[0].message
    assert len(library.clauses) == 1, "the rest serves"
    await watched(library, lambda: not library.problems)
    assert [clause.clause for clause in library.clauses] == ["1.1", "3.1", "3.2"]
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in asked)
    assert len(asked) == 2


async def test_a_page_that_ocr_does_not_answer_for_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned_pages, "RETRY_SECONDS", 0.01)
    answers: list[list[str] | None] = [None, None, ["3.1 押金退还。"], ["3.2 门锁重启。"]]

    async def read_page(_: bytes) -> list[str] | None:
        return answers.pop(0)

    library = library_of(folder, read_page)
    await watched(library, lambda: len(library.clauses) == 3)


async def test_a_page_that_ocr_cannot_read_is_named_and_the_others_serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned_pages, "RETRY_SECONDS", 0.001)
    answers = [["3.1 押金退还。"], *[None] * 6]

    async def read_page(_: bytes) -> list[str] | None:
        return answers.pop(0)

    library = library_of(folder, read_page)
    await watched(library, lambda: len(library.clauses) == 2)
    assert [problem.message for problem in library.problems] == [
        "page 2: a scan without text; OCR could not read it"
    ]


async def test_edits_are_taken_while_a_page_is_being_read(folder: Path) -> None:
    async def read_page(_: bytes) -> list[str]:
        await asyncio.sleep(60)
        return []

    library = library_of(folder, read_page)
    (folder / "later.md").write_text("# L\n\n## 9.9 Zebra\nA zebra is refunded.\n")
    await watched(library, lambda: len(library.clauses) == 2)


def test_a_pdf_with_text_needs_no_ocr(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([lines(["3.2 押金三天内退还。"])]))
    library = library_of(tmp_path)
    assert library.problems == []
    assert [clause.text for clause in library.clauses] == ["押金三天内退还。"]


def test_a_gateway_has_the_pages_read_by_its_reader(
    engine: Running, lite: Running, tmp_path: Path
) -> None:
    """OCR finds nothing on an empty page: it is read, and no longer a problem."""
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "scan.pdf").write_bytes(scanned_pdf(1))
    (tmp_path / "k" / "good.md").write_text(GOOD)
    settings = {"KNOWLEDGE_DIR": str(tmp_path / "k"), "READER_URL": lite.url}
    with running_gateway(engine.url, tmp_path / "data", **settings) as gateway:
        deadline = time.monotonic() + 60
        told = {}
        while time.monotonic() < deadline:
            told = requests.get(gateway.url + "/readyz", timeout=5).json()["knowledge"]
            if told["clauses"] == 1 and "scan.pdf" not in str(told["problems"]):
                return
            time.sleep(0.3)
        raise AssertionError(told)
