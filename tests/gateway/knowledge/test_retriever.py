"""The right clause is cited, and none where none answers."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.knowledge import retriever
from gateway.knowledge.clause_search import BY_CODE, Found, search, taken_apart
from gateway.knowledge.clauses import STAFF, Clause
from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.corrections import CorrectionMatcher
from gateway.knowledge.index import Index
from gateway.knowledge.index_packing import pack
from gateway.knowledge.index_segment import Segment
from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retrieval, Retriever
from gateway.knowledge.turn_query import TurnQuery, parts_of
from gateway.knowledge.vectors.builder import VectorBuilder
from gateway.knowledge.vectors.off_topic import off_topic_questions
from gateway.knowledge.vectors.relevance import Relevance
from tests.support.paths import ROOT

SAMPLE = ROOT / "knowledge"


class Corrections:
    """Corrections of staff, as the database keeps them."""

    def __init__(self) -> None:
        self.table = CorrectionTable(
            [
                Correction(
                    "c-1", ["礼品卡能退吗"], "礼品卡未激活可退。", "小林", "2026-11-01", "更正"
                )
            ]
        )


@pytest.fixture(scope="module")
def sample() -> KnowledgeBase:
    return KnowledgeBase(SAMPLE, wait=30)


@pytest.fixture
def words(sample: KnowledgeBase, tmp_path: Path) -> Retriever:
    """Without an embedding service."""
    vectors = VectorBuilder(lambda: sample.snapshot.index, None, tmp_path)
    return Retriever(sample, vectors, CorrectionMatcher(Corrections()))


async def cited(retriever: Retriever, *asked: str, **more: Any) -> list[str]:
    return [one["id"] for one in (await retriever.find(TurnQuery(list(asked), **more))).clauses]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("售后服务政策 3.2 是什么", "zh-CN/after-sales#3.2"),
        ("售后服务政策第3.1条", "zh-CN/after-sales#3.1"),
        ("发票开具规则第 2.1 条", "zh-CN/invoices#2.1"),
        ("clause 4.2 of the after-sales policy", "en/after-sales#4.2"),
        ("PAY-4031", "zh-CN/app-troubleshooting#3.1"),
        ("ERR_CONNECTION_TIMED_OUT", "zh-CN/app-troubleshooting#1.1"),
        ("网站显示503", "zh-CN/app-troubleshooting#1.4"),
    ],
)
async def test_what_is_asked_for_by_number_or_code_comes_first(
    words: Retriever, asked: str, first: str
) -> None:
    assert (await cited(words, asked))[0] == first


@pytest.mark.parametrize(
    "asked",
    ["支付失败 PAY-9999", "错误代码 PAY-1042 怎么办", "HTTP 418", "第九十九条", "你好", "怎么办？"],
)
async def test_an_unknown_code_or_number_or_filler_finds_nothing(
    words: Retriever, asked: str
) -> None:
    assert await words.find(TurnQuery([asked])) == Retrieval()


async def test_the_code_of_a_picture_is_searched(words: Retriever) -> None:
    def read(code: str) -> list[dict[str, Any]]:
        return [{"kind": "error", "fields": [{"name": "error_code", "value": code}], "lines": []}]

    known = await cited(words, "怎么办？", readings=read("PAY-4031"))
    assert known == ["zh-CN/app-troubleshooting#3.1"]
    assert await cited(words, "怎么办？", readings=read("PAY-1042")) == []


@pytest.mark.parametrize(("locale", "folder"), [("zh", "zh-CN"), ("en", "en"), ("", "zh-CN")])
async def test_the_clause_is_in_the_language_of_the_turn_whatever_the_picture_says(
    words: Retriever, locale: str, folder: str
) -> None:
    fields = [
        {"name": "error_code", "value": "PAY-4031"},
        {"name": "error_text", "value": "支付失败"},
    ]
    readings = [{"kind": "error", "fields": fields, "lines": []}]

    found = await cited(words, readings=readings, locale=locale)
    assert found[0] == f"{folder}/app-troubleshooting#3.1"


async def test_a_correction_wins_for_its_question_alone(words: Retriever) -> None:
    found = (await words.find(TurnQuery(["礼品卡能不能退？"]))).clauses
    assert (found[0]["kind"], found[0]["author"]) == ("correction", "小林")
    others = (await words.find(TurnQuery(["新疆包邮吗"]))).clauses
    assert {one["kind"] for one in others} == {"clause"}


def test_a_clause_for_staff_is_not_suggested_to_customers_either() -> None:
    hours = Clause("a#1", "营业时间", "1", "九点到六点。", "zh", "a.md")
    staff = Clause("s#1", "内部 · 黑名单", "1", "黑名单客户不退款。", "zh", "s.md", audience=STAFF)
    index = Index([Segment.unpack(pack([hours, staff]))])
    rows = np.array([[0, 127], [127, 0]], np.int8)
    off_topic = np.tile(np.array([[0.0, -1.0]], np.float32), (len(off_topic_questions()), 1))
    relevance = Relevance(index, rows, np.full(2, 1 / 127, np.float32), off_topic)
    asked = taken_apart(parts_of(TurnQuery(["黑名单怎么处理"]))[0], index)
    question = np.array([1, 0], np.float32)
    for_staff = search(asked, index, "staff", relevance, question)
    for_customers = search(asked, index, "customer", relevance, question)
    assert 1 in [place for place, _ in (*for_staff.hits, *for_staff.near)]
    assert 1 not in [place for place, _ in (*for_customers.hits, *for_customers.near)]


def test_a_clause_for_staff_is_no_candidate_for_customers() -> None:
    staff = Clause("s#1", "内部 · 报错 GATE-77", "1", "重启闸机。", "zh", "s.md", audience=STAFF)
    index = Index([Segment.unpack(pack([staff]))])
    asked = taken_apart(parts_of(TurnQuery(["GATE-77"]))[0], index)
    assert search(asked, index, "customer", None, None).hits == []
    assert search(asked, index, "staff", None, None).hits == [(0, BY_CODE)]


async def test_a_question_that_normalising_makes_long_is_searched_in_a_thread(
    words: Retriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def searched(*_: Any) -> Found:
        threads.append(threading.get_ident())
        return Found()

    monkeypatch.setattr(retriever, "search", searched)
    for asked in ("退货怎么退", "退" + "\ufdfa" * 50):
        await words.find(TurnQuery([asked]))
    here = threading.get_ident()
    assert [thread == here for thread in threads] == [True, False]
