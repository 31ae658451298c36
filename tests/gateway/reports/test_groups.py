"""Questions without a clause, put together by their words and by their vectors."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from gateway.knowledge.vectors.embedding_client import EmbeddingClient, Floats, NoVectors
from gateway.reports.figures import Figures
from gateway.reports.period import period_of
from gateway.reports.question_groups import QuestionGroups, by_words
from gateway.reports.unanswered import Unanswered, newest
from gateway.storage.database import Database
from gateway.storage.turns import Answered, Asked, now
from tests.support.databases import ME, close_turn, open_turns


def question(number: int, text: str) -> Unanswered:
    return Unanswered(text, f"conversation-{number}", f"answer-{number}", 1_000_000 - number)


QUESTIONS = [
    question(number, text)
    for number, text in enumerate(
        (
            "能寄到月球吗？",
            "Do you sell boats?",
            "能寄到月球吗",
            "do you SELL boats",
            "可以送到月亮上吗",
        )
    )
]


class Vectors(EmbeddingClient):
    """Questions about the moon have one vector, all others another."""

    def __init__(self, *, answers: bool = True) -> None:
        super().__init__("http://127.0.0.1:9", "fake")
        self.answers = answers
        self.asked: list[str] = []

    async def embed(
        self, texts: Sequence[str], kind: str, seconds: float, owner: str = ""
    ) -> Floats:
        self.asked += texts
        if not self.answers:
            raise NoVectors("no answer")
        moon = [[1.0, 0.0] if "月" in text else [0.0, 1.0] for text in texts]
        return np.array(moon, np.float32)


def grouped(groups: QuestionGroups) -> dict[str, Any]:
    return asyncio.run(groups.grouped(QUESTIONS))


def test_the_same_letters_are_one_group_whatever_their_case_and_marks() -> None:
    groups = by_words(QUESTIONS)
    assert sorted(len(group.members) for group in groups) == [1, 2, 2]


def test_questions_that_mean_the_same_are_one_group() -> None:
    told = grouped(QuestionGroups(Vectors))
    assert told["grouped_by"] == "meaning"
    assert [group["questions"] for group in told["groups"]] == [3, 2]
    moon = told["groups"][0]
    assert set(moon["conversations"]) == {"conversation-0", "conversation-2", "conversation-4"}
    assert "可以送到月亮上吗" in moon["examples"]


def test_vectors_are_asked_for_once() -> None:
    client = Vectors()
    groups = QuestionGroups(lambda: client)
    grouped(groups)
    asked = list(client.asked)
    grouped(groups)
    assert client.asked == asked
    assert len(asked) == 3


def test_without_vectors_words_group() -> None:
    for groups in (QuestionGroups(lambda: None), QuestionGroups(lambda: Vectors(answers=False))):
        told = grouped(groups)
        assert (told["grouped_by"], told["groups_total"]) == ("words", 3)


def test_questions_that_only_got_a_suggestion_are_grouped_too_and_counted_apart(
    database: Database,
) -> None:
    guess = [{"id": "a#1", "title": "适用商品", "clause": "1.1"}]
    cited = [{"id": "a#2", "title": "退款", "clause": "2.1"}]
    answers = (
        Answered("done", "text", outcome="no_clause"),
        Answered("done", "text", outcome="clarify", suggestions=guess),
        Answered("done", "text", outcome="clarify"),
        Answered("done", "text", outcome="clarify", suggestions=guess, citations=cited),
    )
    for number, answered in enumerate(answers):
        open_turns(database, Asked(ME, "conversation-1", f"answer-{number}", f"question {number}"))
        close_turn(database, f"answer-{number}", answered)
    period = period_of("", "", "", now() + 1000)
    with database.reading() as session:
        assert [one.text for one in newest(session, period)] == ["question 1", "question 0"]
    assert Figures(database, 2).read(period).figures["without_clause"] == {"questions": 1}


def test_only_questions_without_a_clause_are_read_with_their_text(database: Database) -> None:
    for number, outcome in enumerate(("no_clause", "answered", "no_clause")):
        asked = Asked(ME, "conversation-1", f"answer-{number}", f"question {number}")
        open_turns(database, asked)
        close_turn(database, f"answer-{number}", Answered("done", "text", outcome=outcome))
    period = period_of("", "", "", now() + 1000)
    with database.reading() as session:
        assert [one.text for one in newest(session, period)] == ["question 2", "question 0"]
    assert Figures(database, 2).read(period).figures["without_clause"] == {"questions": 2}
