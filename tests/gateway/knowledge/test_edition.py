"""The version of what answers are made from, and that one search stays in one edition."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.assistant.persona_file import PersonaFile
from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.corrections import CorrectionMatcher
from gateway.knowledge.edition import Edition
from gateway.knowledge.index import Index
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.snapshot import KnowledgeSnapshot
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from tests.support.paths import ROOT

SAMPLE = ROOT / "knowledge"
CORRECTION = Correction("c-1", ["礼品卡能退吗"], "未激活可退。", "小林", "2026-11-01", "更正")
NONE = CorrectionTable()


def version(folder: Path, *corrections: Correction) -> str:
    """Of an answer that a gateway with this folder begins now."""
    snapshot = KnowledgeBase(folder, wait=30).snapshot
    persona = PersonaFile(folder).persona
    return Edition(snapshot, CorrectionTable(corrections)).version(persona.version)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "knowledge"
    shutil.copytree(SAMPLE, made)
    return made


def test_gateways_that_read_the_same_files_have_the_same_version(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for file in sorted((one for one in SAMPLE.rglob("*") if one.is_file()), reverse=True):
        copy = other / file.relative_to(SAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        os.utime(copy, (1, 1))
    told = version(folder)
    assert len(told) == 16
    assert int(told, 16) >= 0
    assert version(other) == told
    assert version(other, CORRECTION) == version(folder, CORRECTION) != told


def add_a_clause(folder: Path) -> None:
    (folder / "zebra.md").write_text("# Zebras\n\n## 1.1 Refunds\n\nAfter 7 days.\n")


def move_a_file(folder: Path) -> None:
    (folder / "en" / "after-sales.md").rename(folder / "en" / "moved.md")


def change_a_text(folder: Path) -> None:
    file = folder / "en" / "after-sales.md"
    file.write_text(file.read_text("utf-8").replace("7 days", "8 days"), "utf-8")


def change_the_persona(folder: Path) -> None:
    (folder / "assistant.toml").write_text('name = "Zoe"\n')


@pytest.mark.parametrize("change", [add_a_clause, move_a_file, change_a_text, change_the_persona])
def test_a_change_makes_another_version(folder: Path, change: Callable[[Path], None]) -> None:
    before = version(folder)
    change(folder)
    assert version(folder) != before


def test_what_answers_are_not_made_from_changes_no_version(folder: Path) -> None:
    before = version(folder)
    (folder / "README.md").write_text("# Notes\n\n## 1.1 Nothing\n\nNot read.\n")
    (folder / "questions.toml").unlink(missing_ok=True)
    assert version(folder) == before


def test_an_edition_that_comes_back_has_its_version_again(folder: Path) -> None:
    before = version(folder)
    add_a_clause(folder)
    (folder / "zebra.md").unlink()
    assert version(folder) == before
    assert version(folder, CORRECTION) != before


def test_a_folder_that_is_gone_keeps_the_version_of_the_clauses_in_use(folder: Path) -> None:
    library = KnowledgeBase(folder, wait=30)
    before = library.snapshot
    shutil.rmtree(folder)
    for _ in range(2):  # a change is read when two listings agree
        library._update()
    assert library.snapshot.problems != before.problems
    assert library.snapshot.version == before.version


class Changing:
    """A knowledge base that is another one each time it is looked at."""

    def __init__(self, *snapshots: KnowledgeSnapshot) -> None:
        self._snapshots = list(snapshots)

    @property
    def snapshot(self) -> KnowledgeSnapshot:
        return self._snapshots.pop(0) if len(self._snapshots) > 1 else self._snapshots[0]


async def test_a_search_that_is_repeated_for_spelling_stays_in_its_edition(
    folder: Path, tmp_path: Path
) -> None:
    full = KnowledgeBase(folder, wait=30).snapshot
    vectors = VectorBuilder(Index, None, tmp_path / "vectors")
    asked = TurnQuery(["how do I retrun an itme"])
    steady = Retriever(Changing(full), vectors)  # type: ignore[arg-type]  # its snapshot alone
    changing = Retriever(Changing(full, KnowledgeSnapshot()), vectors)  # type: ignore[arg-type]  # as above
    assert (await steady.find(asked)).clauses != []
    assert await changing.find(asked) == await steady.find(asked)


async def test_a_correction_of_an_earlier_edition_still_answers(tmp_path: Path) -> None:
    class Source:
        table = CorrectionTable([CORRECTION])

    source = Source()
    base = Changing(KnowledgeSnapshot())
    vectors = VectorBuilder(Index, None, tmp_path / "vectors")
    retriever = Retriever(base, vectors, CorrectionMatcher(source))  # type: ignore[arg-type]  # as above
    edition = retriever.edition()
    source.table = NONE
    asked = TurnQuery(["礼品卡能退吗"])
    [found] = (await retriever.find(asked, edition)).clauses
    assert found["id"] == "c-1"
    assert (await retriever.find(asked)).clauses == []
