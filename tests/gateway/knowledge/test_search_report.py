"""Staff are told why a clause was found, and why another one was not."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.knowledge.clause_search import search, taken_apart
from gateway.knowledge.clauses import STAFF, Clause
from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.corrections import CorrectionMatcher
from gateway.knowledge.index import MIN_COVERAGE, Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retrieval, Retriever, Searched
from gateway.knowledge.search_report import report
from gateway.knowledge.turn_query import TurnQuery, parts_of
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.off_topic import off_topic_questions
from gateway.knowledge.vectors.relevance import Relevance
from tests.support.paths import ROOT

KEPT = Correction("c-1", ["礼品卡能退吗"], "礼品卡未激活可退。", "小林", "2026-11-01", "更正")
GONE = date.today() - timedelta(days=1)


class Corrections:
    def __init__(self, *corrections: Correction) -> None:
        self.table = CorrectionTable(corrections)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """Of the sample clauses, without an embedding service."""
    base = KnowledgeBase(ROOT / "knowledge", wait=30)
    folder: Path = tmp_path_factory.mktemp("vectors")
    vectors = VectorBuilder(lambda: base.snapshot.index, None, folder)
    return Retriever(base, vectors, CorrectionMatcher(Corrections(KEPT)))


async def told(retriever: Retriever, asked: str, audience: str = "customer") -> dict[str, Any]:
    query = TurnQuery([asked], audience=audience)
    searched = await retriever.search(query, retriever.edition())
    assert searched is not None
    return report(searched, await retriever.judge(searched), audience)


@pytest.mark.parametrize(
    ("asked", "by", "first"),
    [
        ("售后服务政策 3.2 是什么", "number", "zh-CN/after-sales#3.2"),
        ("PAY-4031 怎么解决", "code", "zh-CN/app-troubleshooting#3.1"),
        ("七天无理由退货怎么申请", "words", "zh-CN/after-sales"),
    ],
)
async def test_the_first_clause_says_how_it_was_found(
    words: Retriever, asked: str, by: str, first: str
) -> None:
    found = await told(words, asked)
    assert (found["by"], found["verdict"]) == (by, "answer")
    assert found["data"][0]["id"].startswith(first)
    assert (found["data"][0]["cited"], found["data"][0]["reason"]) == (True, by)
    assert found["data"][0]["source"].endswith(".md")
    assert found["data"][0]["place"].startswith("line ")


async def test_what_is_not_cited_comes_after_what_is_and_says_why(words: Retriever) -> None:
    found = await told(words, "七天无理由退货怎么申请")
    cited = [one["cited"] for one in found["data"]]
    assert cited == sorted(cited, reverse=True)
    left = [one for one in found["data"] if not one["cited"]]
    assert left
    assert {one["reason"] for one in left} <= {"below_threshold", "other_language", "far_behind"}
    weak = [one["words"] for one in left if one["reason"] == "below_threshold"]
    assert weak
    assert max(weak) < found["threshold"] == MIN_COVERAGE


async def test_a_correction_is_told_with_its_author(words: Retriever) -> None:
    first = (await told(words, "礼品卡能不能退？"))["data"][0]
    assert (first["reason"], first["author"], first["date"]) == ("correction", "小林", "2026-11-01")


async def test_where_no_clause_answers_the_nearest_are_shown_all_the_same(
    words: Retriever,
) -> None:
    found = await told(words, "附近哪里有火锅店推荐")
    assert (found["verdict"], [one for one in found["data"] if one["cited"]]) == ("none", [])


def by_meaning(*clauses: Clause, rows: list[list[int]], audience: str = "customer") -> Any:
    """What is told of a question whose vector is (1, 0)."""
    index = Index([Segment.unpack(pack(list(clauses)))])
    off_topic = np.tile(np.array([[0.0, -1.0]], np.float32), (len(off_topic_questions()), 1))
    scales = np.full(len(rows), 1 / 127, np.float32)
    relevance = Relevance(index, np.array(rows, np.int8), scales, off_topic)
    asked = taken_apart(parts_of(TurnQuery(["黑名单怎么处理"]))[0], index)
    vector = np.array([1, 0], np.float32)
    found = search(asked, index, audience, relevance, vector)
    searched = Searched(index, [asked], [found], relevance, [vector], "m", CorrectionTable())
    clauses_found = [
        {"id": index.clauses[place].id, "kind": "clause", "score": score}
        for place, score in found.hits
    ]
    return report(searched, Retrieval("answer", clauses_found), audience)


def test_a_search_by_meaning_tells_cosine_words_and_score() -> None:
    near = Clause("a#1", "黑名单", "1", "黑名单客户不退款。", "zh", "a.md")
    far = Clause("a#2", "营业时间", "2", "九点到六点。", "zh", "a.md")
    told = by_meaning(near, far, rows=[[127, 0], [0, 127]])
    first, second = told["data"]
    assert (told["by"], told["threshold"]) == ("meaning", 0.5)
    assert (first["id"], first["reason"]) == ("a#1", "meaning")
    assert first["meaning"] == pytest.approx(1, abs=0.01)
    assert first["words"] > second["words"] == 0
    assert min(first["score"], second["score"]) > 0.5
    assert (second["cited"], second["reason"]) == (False, "far_behind")


@pytest.mark.parametrize(
    ("more", "reason"), [({"audience": STAFF}, "staff_only"), ({"expires": GONE}, "not_in_force")]
)
def test_a_clause_that_may_not_be_shown_says_so(more: Any, reason: str) -> None:
    open_to_all = Clause("a#1", "营业时间", "1", "九点到六点。", "zh", "a.md")
    hidden = Clause("s#1", "内部 · 黑名单", "1", "黑名单客户不退款。", "zh", "s.md", **more)
    told = by_meaning(open_to_all, hidden, rows=[[0, 127], [127, 0]])
    [found] = [one for one in told["data"] if one["id"] == "s#1"]
    assert (found["cited"], found["reason"]) == (False, reason)
