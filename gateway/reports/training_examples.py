"""Examples for fine-tuning: questions with the answers that people found good or staff wrote."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import FileNotFound
from gateway.reports.exchanges import Exchange, Filters, corrected_text, lessons, of_turns
from gateway.reports.period import Period
from gateway.storage.database import Database
from gateway.storage.file_records import StoredFile
from gateway.storage.file_store import FileStore
from gateway.storage.models import Turn

MAX_EARLIER = 8  # questions of the conversation before the one that is answered
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")

Part = Literal["all", "train", "test"]


@dataclass(frozen=True, slots=True)
class Said:
    """A question with its answer. `pictures`: those that are still there. `files_left_out`: files
    that are no picture a model is trained on, or are gone."""

    text: str
    pictures: tuple[StoredFile, ...]
    files_left_out: int
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """`said`: the conversation, the answer to learn last. `evidence`: the clauses that it rests on,
    or staff's correction. `owner`: the digest whose pictures they are."""

    answer_id: str
    owner: str
    created_at: int  # milliseconds since 1970
    said: tuple[Said, ...]
    evidence: tuple[str, ...]
    is_corrected: bool

    @property
    def digest(self) -> bytes:
        """The same for the same conversation with the same pictures."""
        told = hashlib.blake2b(digest_size=16)
        for one in self.said:
            shown = [picture.sha256 for picture in one.pictures]
            for text in (*one.text.split(), "\0", *shown, "\0", *one.answer.split(), "\0"):
                told.update(text.encode("utf-8", "surrogatepass") + b" ")
        return told.digest()


class TrainingExamples:
    """Synchronous: read it in threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._files = files

    def of(self, period: Period, filters: Filters) -> Iterator[Example]:
        """Oldest first, each conversation up to a good answer."""
        for page in lessons(self._database, period, filters):
            for one in page:
                if (example := self._example(one)) is not None:
                    yield example

    def _example(self, last: Exchange) -> Example | None:
        if last.answer is None or last.question is None:
            return None
        with self._database.reading() as session:
            earlier = of_turns(session, _earlier(session, last.question))
            session.expunge_all()
        said = [*(one for one in earlier if _is_whole(one)), last]
        correction = last.correction
        cited = [] if correction else last.answer.citations
        evidence = (
            [corrected_text(correction)]
            if correction
            else [f"{one.get('title', '')}\n{one.get('text', '')}".strip() for one in cited]
        )
        return Example(
            last.answer.id,
            last.owner,
            last.created_at,
            tuple(self._said(one) for one in said),
            tuple(evidence),
            correction is not None,
        )

    def _said(self, one: Exchange) -> Said:
        asked, answer = one.question, one.answer
        files = [self._file(one.owner, file.file_id) for file in (asked.files if asked else ())]
        pictures = tuple(file for file in files if file and file.content_type in PICTURES)
        text = corrected_text(one.correction) if one.correction else answer.text if answer else ""
        return Said(asked.text if asked else "", pictures, len(files) - len(pictures), text)

    def _file(self, owner: str, file_id: str) -> StoredFile | None:
        with suppress(FileNotFound):
            return self._files.of_digest(owner, file_id)
        return None


def without_repeats(examples: Iterator[Example]) -> Iterator[Example | None]:
    """None in place of one that was there before."""
    seen: set[bytes] = set()
    for one in examples:
        digest = one.digest
        yield None if digest in seen else one
        seen.add(digest)


def _earlier(session: Session, question: Turn) -> list[int]:
    """Numbers of the questions before one, oldest first."""
    wanted = (
        select(Turn.number)
        .where(
            Turn.conversation_id == question.conversation_id,
            Turn.role == "user",
            Turn.number < question.number,
        )
        .order_by(Turn.number.desc())
        .limit(MAX_EARLIER)
    )
    return list(session.scalars(wanted))[::-1]


def _is_whole(one: Exchange) -> bool:
    """Whether an earlier answer can stand in an example."""
    return one.answer is not None and one.answer.state == "done"
