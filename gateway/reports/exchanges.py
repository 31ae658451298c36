"""Questions with their answers, page by page: what exports are made of. Everything is masked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, selectinload

from gateway.privacy.redaction import mask
from gateway.reports.answers import IS_ANSWER, IS_QUESTION, within
from gateway.reports.period import Period
from gateway.reports.resolution import RETURN_MS
from gateway.storage.database import Database
from gateway.storage.models import ClauseCorrection, Conversation, Feedback, Handoff, Turn

PAGE = 200


@dataclass(frozen=True, slots=True)
class Exchange:
    """`question` and `answer`: at least one is there. `owner`: its digest. `is_returned`: the owner
    got another answer on the subject within 24 hours. `is_handed`: the conversation was handed over
    at some time. `correction`: staff's newest better answer."""

    conversation_id: str
    owner: str
    question: Turn | None
    answer: Turn | None
    is_returned: bool
    is_handed: bool
    correction: ClauseCorrection | None

    @property
    def created_at(self) -> int:
        turn = self.answer or self.question
        return turn.created_at if turn else 0


@dataclass(frozen=True, slots=True)
class Filters:
    """`rating`: up or down; `outcome`: as in docs/records.md; "": all."""

    rating: str = ""
    outcome: str = ""

    @property
    def on_answers(self) -> list[ColumnElement[bool]]:
        where: list[ColumnElement[bool]] = []
        if self.outcome:
            where.append(Turn.outcome == self.outcome)
        if self.rating:
            rated = select(Feedback.turn_number).where(Feedback.rating == self.rating)
            where.append(Turn.number.in_(rated))
        return where


def exchanges(
    database: Database, period: Period, filters: Filters = Filters()
) -> Iterator[list[Exchange]]:
    """Oldest first. Without filters also questions that nobody answered. Raises StoreUnavailable,
    UpstreamTimeout."""
    where = filters.on_answers
    anchor = IS_ANSWER if where else IS_QUESTION
    yield from _pages(database, period, [anchor, *where])


def lessons(
    database: Database, period: Period, filters: Filters = Filters()
) -> Iterator[list[Exchange]]:
    """Answers that others can be learnt from, oldest first: rated up, or corrected by staff."""
    rated = select(Feedback.turn_number).where(Feedback.rating == "up")
    corrected = select(ClauseCorrection.answer)
    good = or_(Turn.number.in_(rated), Turn.id.in_(corrected))
    yield from _pages(database, period, [IS_ANSWER, good, *filters.on_answers])


def _pages(
    database: Database, period: Period, where: Sequence[ColumnElement[bool]]
) -> Iterator[list[Exchange]]:
    last: tuple[int, int] | None = None
    while True:
        wanted = (
            select(Turn.created_at, Turn.number)
            .where(within(Turn.created_at, period), *where)
            .order_by(Turn.created_at, Turn.number)
            .limit(PAGE)
        )
        if last is not None:
            wanted = wanted.where(tuple_(Turn.created_at, Turn.number) > last)
        with database.reading() as session:
            keys = [(int(at), int(number)) for at, number in session.execute(wanted)]
            found = of_turns(session, [number for _, number in keys]) if keys else []
            session.expunge_all()
        if found:
            yield found
        if len(keys) < PAGE:
            return
        last = keys[-1]


def of_turns(session: Session, numbers: Sequence[int]) -> list[Exchange]:
    """The exchanges of questions or answers, in the order of `numbers`."""
    pairs = _pairs(session, numbers)
    wanted = {number for pair in pairs.values() for number in pair if number is not None}
    turns = {
        turn.number: turn
        for turn in session.scalars(
            select(Turn)
            .where(Turn.number.in_(wanted))
            .options(selectinload(Turn.files), selectinload(Turn.feedback))
        )
    }
    ids = {turn.conversation_id for turn in turns.values()}
    named = select(Conversation.id, Conversation.owner).where(Conversation.id.in_(ids))
    owners = {str(one): str(owner) for one, owner in session.execute(named)}
    handed = set(
        session.scalars(
            select(Handoff.conversation_id).where(Handoff.conversation_id.in_(ids)).distinct()
        )
    )
    answers = [turn for turn in turns.values() if turn.role == "assistant"]
    returned = _returned(session, [one.number for one in answers])
    corrections = _corrections(session, [one.id for one in answers])
    found: list[Exchange] = []
    for number in numbers:
        asked, answered = (turns.get(one or 0) for one in pairs.get(number, (None, None)))
        turn = answered or asked
        if turn is None:  # deleted meanwhile
            continue
        found.append(
            Exchange(
                turn.conversation_id,
                owners.get(turn.conversation_id, ""),
                asked,
                answered,
                answered is not None and answered.number in returned,
                turn.conversation_id in handed,
                corrections.get(answered.id) if answered is not None else None,
            )
        )
    return found


def _pairs(session: Session, numbers: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
    """(question, answer) by the number of either: an answer follows its question at once."""
    other = aliased(Turn)
    here = other.conversation_id == Turn.conversation_id
    after = select(func.min(other.number)).where(here, other.number > Turn.number)
    before = select(func.max(other.number)).where(
        here, other.number < Turn.number, other.role == "user"
    )
    rows = session.execute(
        select(
            Turn.number,
            Turn.role,
            after.correlate(Turn).scalar_subquery(),
            before.correlate(Turn).scalar_subquery(),
        ).where(Turn.number.in_(numbers))
    ).all()
    next_ones = [one for _, role, one, _ in rows if role == "user" and one is not None]
    are_answers = set(
        session.scalars(select(Turn.number).where(Turn.number.in_(next_ones), IS_ANSWER))
    )
    return {
        number: (number, following if following in are_answers else None)
        if role == "user"
        else (asked, number)
        for number, role, following, asked in rows
    }


def _returned(session: Session, numbers: Sequence[int]) -> set[int]:
    later = aliased(Turn)
    again = select(later.number).where(
        later.topic == Turn.topic,
        tuple_(later.created_at, later.number) > tuple_(Turn.created_at, Turn.number),
        later.created_at < Turn.created_at + RETURN_MS,
    )
    wanted = select(Turn.number).where(
        Turn.number.in_(numbers), Turn.topic.is_not(None), again.correlate(Turn).exists()
    )
    return set(session.scalars(wanted))


def _corrections(session: Session, answer_ids: Sequence[str]) -> dict[str, ClauseCorrection]:
    wanted = (
        select(ClauseCorrection)
        .where(ClauseCorrection.answer.in_(answer_ids))
        .order_by(ClauseCorrection.created_at, ClauseCorrection.id)
    )
    return {one.answer: one for one in session.scalars(wanted)}


def corrected_text(correction: ClauseCorrection) -> str:
    """Staff's words, masked as all that leaves the desk."""
    return mask(correction.text)
