"""Training data as one file of lines, or split by time into an archive, with a card that counts
what is in it."""

import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from gateway.reports.exchanges import Filters
from gateway.reports.period import Period
from gateway.reports.training_examples import Example, TrainingExamples, without_repeats
from gateway.reports.training_forms import Form, Pictures, TrainingForm
from gateway.storage.database import Database
from gateway.storage.file_store import FileStore
from gateway.storage.turns import now

PIECE = 50  # examples that are counted before a card's reader may stop
TEST_SHARE = 0.1  # of the examples, the newest ones
MASKING = "Texts are masked. Pictures are as they were uploaded, without their metadata."


@dataclass(slots=True)
class Card:
    """What a training set holds. `from` and `to` are added where it is told."""

    form: Form
    pictures: Pictures
    examples: int = 0
    train: int = 0
    test: int = 0
    rated_up: int = 0
    corrected: int = 0
    duplicates_left_out: int = 0
    with_pictures: int = 0
    pictures_total: int = 0
    files_left_out: int = 0
    with_earlier_questions: int = 0
    characters: int = 0  # of the answers to learn
    oldest: int | None = None  # Unix seconds
    newest: int | None = None
    first_of_test: int | None = None
    masking: str = MASKING

    def count(self, one: Example, *, is_test: bool) -> None:
        self.examples += 1
        self.test += is_test
        self.train += not is_test
        self.corrected += one.is_corrected
        self.rated_up += not one.is_corrected
        pictures = sum(len(said.pictures) for said in one.said)
        self.with_pictures += bool(pictures)
        self.pictures_total += pictures
        self.files_left_out += sum(said.files_left_out for said in one.said)
        self.with_earlier_questions += len(one.said) > 1
        self.characters += len(one.said[-1].answer)
        at = one.created_at // 1000
        self.oldest = at if self.oldest is None else self.oldest
        self.newest = at
        if is_test and self.first_of_test is None:
            self.first_of_test = at

    def as_json(self, period: Period, left_out: int = 0) -> dict[str, Any]:
        told = {"object": "training_card", "created_at": now() // 1000}
        span = {"from": period.start // 1000, "to": period.end // 1000}
        files = {"files_left_out": self.files_left_out + left_out}
        return {**told, **span, **asdict(self), **files}


@dataclass(slots=True)
class _Unseekable:
    """What an archive writes, until somebody takes it."""

    written: bytearray = field(default_factory=bytearray)
    size: int = 0

    def write(self, data: bytes) -> int:
        self.written += data
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        taken = bytes(self.written)
        self.written.clear()
        return taken


class TrainingExport:
    """Synchronous: read it in threads. All raise StoreUnavailable, UpstreamTimeout."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._examples = TrainingExamples(database, files)
        self._files = files

    def lines(
        self, period: Period, filters: Filters, form: Form, pictures: Pictures
    ) -> Iterator[bytes]:
        """Every example once, a line of JSON each."""
        writer = TrainingForm(self._files, form, pictures)
        for one in without_repeats(self._examples.of(period, filters)):
            if one is not None:
                yield orjson.dumps(writer.line(one)) + b"\n"

    def card(
        self, period: Period, filters: Filters, form: Form, pictures: Pictures
    ) -> Iterator[bytes]:
        """The card as JSON. The pieces before the last one are empty: between any two of them a
        reader may stop."""
        card, count = Card(form, pictures), 0
        for count, _ in enumerate(self._examples.of(period, filters), 1):
            if count % PIECE == 0:
                yield b""
        beginning = _beginning(count)
        for place, one in enumerate(without_repeats(self._examples.of(period, filters)), 1):
            _count(card, one, is_test=place > beginning)
            if place % PIECE == 0:
                yield b""
        yield orjson.dumps(card.as_json(period))

    def archive(
        self, period: Period, filters: Filters, form: Form, pictures: Pictures
    ) -> Iterator[bytes]:
        """A ZIP file in pieces: `train.jsonl`, `test.jsonl`, `card.json`.

        The newest TEST_SHARE is for the test. No example of the test is in the training too.
        """
        card = Card(form, pictures)
        writer = TrainingForm(self._files, form, pictures)
        beginning = self._beginning_of_test(period, filters)
        target = _Unseekable()
        # The stubs want a file that can seek; zipfile writes to one that cannot.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # see above
            examples = enumerate(without_repeats(self._examples.of(period, filters)))
            held: tuple[int, Example | None] | None = None
            for name, end in (("train.jsonl", beginning), ("test.jsonl", None)):
                with archive.open(name, "w", force_zip64=True) as entry:
                    while (next_one := held or next(examples, None)) is not None:
                        held = None
                        place, one = next_one
                        if end is not None and place >= end:
                            held = next_one
                            break
                        _count(card, one, is_test=end is None)
                        if one is not None:
                            entry.write(orjson.dumps(writer.line(one)) + b"\n")
                        if target.written:
                            yield target.taken()
            told = card.as_json(period, writer.left_out)
            archive.writestr("card.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))
        yield target.taken()

    def _beginning_of_test(self, period: Period, filters: Filters) -> int:
        """The place of the first example of the test, repeats counted."""
        return _beginning(sum(1 for _ in self._examples.of(period, filters)))


def _beginning(count: int) -> int:
    return count - round(TEST_SHARE * count)


def _count(card: Card, one: Example | None, *, is_test: bool) -> None:
    if one is None:
        card.duplicates_left_out += 1
    else:
        card.count(one, is_test=is_test)
