"""A correction wins for its question and its paraphrases, however many there are."""

import time

import pytest
import structlog

from gateway.knowledge.correction_table import Correction, CorrectionTable
from gateway.knowledge.corrections import CorrectionMatcher
from gateway.knowledge.vectors.builder import MAX_TEXT
from gateway.knowledge.vectors.embedding_client import EmbeddingClient, NoVectors
from tests.support.fake_embedding import FakeEmbedding

SUBJECTS = ["押金", "门锁", "运费", "发票", "保修", "积分", "会员", "退款", "物流", "礼品卡"]


def correction(name: str, *questions: str, text: str = "见更正。") -> Correction:
    return Correction(name, list(questions), text, "小林", "2026-11-01", "更正")


class Source:
    def __init__(self, *corrections: Correction) -> None:
        self.table = CorrectionTable(corrections)


async def matched(matcher: CorrectionMatcher, client: EmbeddingClient, asked: str) -> str:
    """By meaning: the fit of the clauses is 1."""
    (vector,) = await client.questions([asked], 5)
    found = matcher.match(asked, vector, 1.0, client.model)
    return found.id if found else ""


async def test_a_paraphrase_is_matched(client: EmbeddingClient) -> None:
    source = Source(correction("a", "押金什么时候退回来"), correction("b", "门锁打不开怎么处理"))
    matcher = CorrectionMatcher(source)
    asked = "我那笔押金大概什么时候才能退"
    assert matcher.match(asked, None, 1.0) is None
    await matcher.refresh(client)
    assert await matched(matcher, client, asked) == "a"


async def test_the_vectors_of_another_model_match_nothing(client: EmbeddingClient) -> None:
    matcher = CorrectionMatcher(Source(correction("a", "押金什么时候退回来")))
    await matcher.refresh(client)
    (vector,) = await client.questions(["押金大概何时才能退"], 5)
    assert matcher.match("押金大概何时才能退", vector[:3], 1.0, "other") is None


async def test_a_long_correction_is_cut_and_one_that_fails_is_left_out(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    service.refuses = lambda text: len(text) > MAX_TEXT or "坏" in text
    source = Source(
        correction("bad", "坏的问题是什么"),
        correction("long", "门" * 9_000, text="长" * 4_000),
        correction("a", "押金什么时候退回来"),
    )
    matcher = CorrectionMatcher(source)
    with structlog.testing.capture_logs() as logs:
        await matcher.refresh(client)
        source.table = CorrectionTable(list(source.table.corrections.values()))
        await matcher.refresh(client)
    assert [line["event"] for line in logs] == ["corrections_without_vectors"]
    assert await matched(matcher, client, "我那笔押金大概什么时候才能退") == "a"


async def test_a_service_that_is_down_is_an_error(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    service.refuses = lambda _: True
    matcher = CorrectionMatcher(Source(correction("a", "押金"), correction("b", "门锁")))
    with pytest.raises(NoVectors):
        await matcher.refresh(client)
    service.refuses = lambda _: False
    await matcher.refresh(client)
    assert await matched(matcher, client, "押金押金") == "a"


async def test_after_a_change_only_new_texts_are_sent_and_the_old_ones_serve_meanwhile(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    kept, gone = correction("kept", "押金什么时候退回来"), correction("gone", "门锁打不开怎么处理")
    source = Source(kept, gone)
    matcher = CorrectionMatcher(source)
    await matcher.refresh(client)
    added = correction("added", "发票多久能开出来")
    source.table = CorrectionTable([added, kept])
    assert await matched(matcher, client, "我那笔押金大概什么时候才能退") == "kept"
    assert await matched(matcher, client, "家里门锁突然打不开该怎么处理呀") == ""
    service.asked.clear()
    await matcher.refresh(client)
    assert service.asked == ["发票多久能开出来"]
    assert await matched(matcher, client, "我的发票大概多久才能开得出来呢") == "added"


async def test_a_correction_on_trial_is_matched_by_meaning_and_leaves_the_kept_ones_alone(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    matcher = CorrectionMatcher(Source(correction("kept", "押金什么时候退回来")))
    await matcher.refresh(client)
    service.asked.clear()
    trial = await matcher.trying(correction("trial", "发票多久能开出来"), client)
    assert service.asked == ["发票多久能开出来"]
    assert await matched(trial, client, "我的发票大概多久才能开得出来呢") == "trial"
    assert await matched(trial, client, "我那笔押金大概什么时候才能退") == "kept"
    assert await matched(matcher, client, "我的发票大概多久才能开得出来呢") == ""


async def test_a_trial_without_vectors_is_matched_by_words(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    service.refuses = lambda _: True
    matcher = CorrectionMatcher(Source())
    for given in (client, None):
        trial = await matcher.trying(correction("trial", "发票多久能开"), given)
        found = trial.match("发票多久能开？", None, 1.0)
        assert found is not None
        assert found.id == "trial"


def test_nearly_the_same_words_match_and_other_words_do_not() -> None:
    made = [
        correction("a", "礼品卡能退吗"),
        correction("b", "How to return?"),
        correction("c", " ? "),
    ]
    table = CorrectionTable(made)
    found = [table.by_words(asked) for asked in ("礼品卡能不能退？", "how to RETURN", "门锁", "？")]
    assert [one.id if one else "" for one in found] == ["a", "b", "", ""]


async def test_five_thousand_corrections_are_matched_in_milliseconds(
    service: FakeEmbedding, client: EmbeddingClient
) -> None:
    made = [
        correction(f"c-{n}", *(f"{SUBJECTS[n % 10]}第{n}号{one}怎么办理" for one in "甲乙丙"))
        for n in range(5_000)
    ]
    source = Source(*made)
    matcher = CorrectionMatcher(source)
    await matcher.refresh(client)
    (vector,) = await client.questions(["我家的押金到底怎么才能办"], 5)
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        matcher.match("我家的押金到底怎么才能办", vector, 1.0, "m")
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.005
    started = time.process_time()
    source.table = CorrectionTable([correction("new", "新的问题"), *made], source.table)
    assert time.process_time() - started < 1
