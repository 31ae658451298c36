"""Staff find the answers that should be better, with what is wrong with each."""

import time
from typing import Any

import pytest
from sqlalchemy import update

from gateway.errors import NotFound
from gateway.storage.clause_corrections import ClauseCorrections
from gateway.storage.database import Database
from gateway.storage.desk_answers import DAY_MS, DeskAnswers
from gateway.storage.feedback import Ratings
from gateway.storage.models import ClauseCorrection, Turn
from tests.support.databases import ME, ask


@pytest.fixture
def answers(database: Database) -> DeskAnswers:
    for number in range(1, 6):
        ask(database, number, f"问题{number}")
    return DeskAnswers(database)


def change(database: Database, answer: str, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(Turn).where(Turn.id == answer).values(**values))


def ids(page: dict[str, Any]) -> list[str]:
    return [one["id"] for one in page["data"]]


def test_answers_rated_down_come_with_question_reason_and_corrections(
    database: Database, answers: DeskAnswers
) -> None:
    Ratings(database).rate(ME, "answer-1", "up", None)
    Ratings(database).rate(ME, "answer-2", "down", "答非所问，请打 13812345678")
    kept = ClauseCorrections(database).add("answer-2", "更好的答复。", [], "anna")
    [found] = answers.page("down", 30, 20)["data"]
    assert (found["id"], found["question"], found["text"]) == ("answer-2", "问题2", "answer 2")
    assert (found["rating"], found["reason"]) == ("down", "答非所问，请打 138****5678")
    assert found["corrections"] == [kept.id]
    assert found["citations"][0]["clause"] == "3.2"


def test_corrections_are_listed_in_pages_and_found_by_words_in_any_case(
    database: Database, answers: DeskAnswers
) -> None:
    store = ClauseCorrections(database)
    kept = [store.add(f"answer-{n}", f"Answer {n}.", [], "anna").id for n in range(1, 6)]
    with database.writing() as session:  # so that their order is known
        for place, one in enumerate(kept):
            wanted = update(ClauseCorrection).where(ClauseCorrection.id == one)
            session.execute(wanted.values(created_at=1000 * (place + 1)))
    newest = kept[::-1]
    first = store.page("", 2)
    assert (ids(first), first["has_more"]) == (newest[:2], True)
    last = store.page("", 3, newest[1])
    assert (ids(last), last["has_more"]) == (newest[2:], False)
    assert ids(store.page("ANSWER 4", 2)) == [kept[3]]
    assert ids(store.page("问题2", 2)) == [kept[1]]
    with pytest.raises(NotFound):
        store.page("", 2, "correction-none")


def test_a_group_of_questions_names_the_corrections_of_its_answers_and_questions(
    database: Database, answers: DeskAnswers
) -> None:
    store = ClauseCorrections(database)
    one = store.add("answer-1", "A.", [], "anna").id
    other = store.add("answer-2", "B.", ["旧电池能寄回吗"], "anna").id
    groups = [
        {"answers": ["answer-1"], "examples": ["旧电池能寄回吗"]},
        {"answers": ["answer-2"], "examples": []},
        {"answers": ["answer-3"], "examples": ["发票"]},
    ]
    assert [set(ids) for ids in store.of_groups(groups)] == [{one, other}, {other}, set()]


def test_ungrounded_answers_come_with_the_claims_that_no_source_holds(
    database: Database, answers: DeskAnswers
) -> None:
    grounding = {"supported": False, "unsupported": ["128 元"]}
    change(database, "answer-3", is_ungrounded=True, grounding=grounding)
    [found] = answers.page("ungrounded", 30, 20)["data"]
    assert (found["id"], found["unsupported"]) == ("answer-3", ["128 元"])
    assert answers.page("down", 30, 20)["data"] == []


def test_pages_go_from_the_newest_answer_to_the_oldest_within_the_days(
    database: Database, answers: DeskAnswers
) -> None:
    for number in range(1, 6):
        change(database, f"answer-{number}", outcome="no_clause")
    change(database, "answer-1", created_at=round(1000 * time.time()) - 8 * DAY_MS)
    first = answers.page("no_clause", 7, 2)
    assert (ids(first), first["has_more"]) == (["answer-5", "answer-4"], True)
    second = answers.page("no_clause", 7, 2, "answer-4")
    assert (ids(second), second["has_more"]) == (["answer-3", "answer-2"], False)
    assert ids(answers.page("no_clause", 30, 2, "answer-2")) == ["answer-1"]
    with pytest.raises(NotFound):
        answers.page("no_clause", 7, 2, "answer-none")
