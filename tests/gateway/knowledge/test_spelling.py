"""Misspelt English words of a question are put right by the words of the clauses."""

from pathlib import Path

import pytest

from gateway.knowledge.knowledge_base import KnowledgeBase
from gateway.knowledge.retriever import Retriever
from gateway.knowledge.spelling import respelled, unknown_words
from gateway.knowledge.turn_query import TurnQuery
from gateway.knowledge.vectors.builder import VectorBuilder
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def sample() -> KnowledgeBase:
    return KnowledgeBase(ROOT / "knowledge", wait=30)


def put_right(question: str, base: KnowledgeBase) -> str:
    index = base.snapshot.index
    return respelled(question, unknown_words(question, index), index)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("How long does a refnud take?", "How long does a refund take?"),
        ("When is my delivary coming", "When is my delivery coming"),
        ("Is the warrenty for applainces longer", "Is the warranty for appliances longer"),
        ("invocie title is wrong", "invoice title is wrong"),
        ("My parcle is lost", "My parcel is lost"),  # no clause has it, but its synonym
        ("How do I bake bread?", ""),
        ("What is the weather like?", ""),
        ("The box was crushed", ""),  # and has not crashed
        ("PAY-40311 at checkout-page", ""),  # a code is no word
        ("refnud 要多久", ""),
        ("", ""),
    ],
)
def test_one_slip_in_a_word_is_put_right(sample: KnowledgeBase, question: str, right: str) -> None:
    assert put_right(question, sample) == right


def test_a_long_text_costs_no_more_than_a_few_words(sample: KnowledgeBase) -> None:
    text = " ".join(f"refnud{chr(97 + number % 26)}" for number in range(300)) + " refnud"
    assert put_right(text, sample) == ""


async def test_a_misspelt_question_finds_what_the_right_one_finds(
    sample: KnowledgeBase, tmp_path: Path
) -> None:
    retriever = Retriever(sample, VectorBuilder(lambda: sample.snapshot.index, None, tmp_path))
    for wrong, right in (
        ("invocie title", "invoice title"),
        ("warrenty for applainces", "warranty for appliances"),
        ("How long does a refnud take?", "How long does a refund take?"),
    ):
        [first, *_] = (await retriever.find(TurnQuery([right]))).clauses
        assert (await retriever.find(TurnQuery([wrong]))).clauses[0]["id"] == first["id"]
    assert (await retriever.find(TurnQuery(["how to bake braed"]))).clauses == []
