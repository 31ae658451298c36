"""What is wrong with a knowledge folder, apart from what cannot be read: copies, contradictions,
translations that say something else or are missing, expired clauses.

What the search for contradictions misses is in docs/knowledge.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from gateway.knowledge.clauses import Clause
from gateway.knowledge.numbers import said, stated, without_numbers
from gateway.knowledge.terms import terms
from gateway.knowledge.translations import language_of

MIN_CHARS = 8  # of a clause that is compared: "详见上文" may stand often
# Clauses are compared that share one of their rarest terms, each in at most so many clauses.
RAREST, MAX_SHARED = 12, 60
NEAR = 0.6  # share of the terms of both that are in both
MAX_COMPARED_CHARS = 600
MIN_WORD = 2  # characters
MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` and `place` say where, `remedy` what to do."""

    is_error: bool
    path: str
    place: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Compared:
    clause: Clause
    name: str  # the clause's own title; "" without one
    shape: str  # the text without its numbers
    values: tuple[float, ...]


def findings(clauses: Sequence[Clause], today: date) -> list[Finding]:
    """All that is found, in the order of the clauses."""
    current = [clause for clause in clauses if not _is_over(clause, today)]
    compared = [_compared(clause) for clause in current]
    return [
        *_expired(clauses, today),
        *_copies(compared),
        *_contradictions(compared),
        *_translations(current),
    ]


def _is_over(clause: Clause, today: date) -> bool:
    return clause.expires is not None and clause.expires < today


def _compared(clause: Clause) -> _Compared:
    name = clause.title.partition(" · ")[2]
    shape, values = without_numbers(clause.text)
    return _Compared(clause, "".join(name.lower().split()), shape, values)


def _expired(clauses: Iterable[Clause], today: date) -> Iterator[Finding]:
    for clause in clauses:
        if _is_over(clause, today):
            yield _finding(
                clause,
                f"{named(clause)} expired on {clause.expires}",
                "remove it, or give it a later date",
                is_error=False,
            )


def _copies(compared: Iterable[_Compared]) -> Iterator[Finding]:
    """Clauses with the same text, but for spaces and width."""
    first: dict[tuple[str, tuple[float, ...]], Clause] = {}
    for one in compared:
        if len(one.shape) < MIN_CHARS:
            continue
        before = first.setdefault((one.shape, one.values), one.clause)
        if before is not one.clause:
            yield _finding(
                one.clause,
                f"{named(one.clause)} has the same text as {located(before)}",
                "keep one of them",
                is_error=False,
            )


def _contradictions(compared: Sequence[_Compared]) -> Iterator[Finding]:
    """Near clauses in one language with different numbers. It is an error where the texts differ in
    nothing else."""
    for one, other in _near(compared):
        if not one.values or not other.values or set(one.values) == set(other.values):
            continue
        is_same = one.shape == other.shape and one.name in ("", other.name)
        if not is_same and not _has_one_subject(one, other):
            continue
        yield _finding(
            other.clause,
            f"{named(other.clause)} and {located(one.clause)} are about the same and state "
            f"different numbers: {_listed(other.values)} and {_listed(one.values)}",
            "correct one, or say in both what distinguishes them",
            is_error=is_same,
        )


def _near(compared: Sequence[_Compared]) -> Iterator[tuple[_Compared, _Compared]]:
    """Pairs that share most of their words, each once. Only rare words are followed, so that the
    work grows with the clauses and not with their square."""
    words = [
        frozenset(terms(one.clause.title + "\n" + one.clause.text[:MAX_COMPARED_CHARS]))
        for one in compared
    ]
    often = Counter(word for own in words for word in own)
    having: dict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(words):
        if len(compared[number].shape) < MIN_CHARS:
            continue
        rare = sorted((often[word], word) for word in own if 1 < often[word] <= MAX_SHARED)
        seen: set[int] = set()
        for _, word in rare[:RAREST]:
            seen.update(having[word])
            having[word].append(number)
        for other in sorted(seen):
            if compared[other].clause.locale != compared[number].clause.locale:
                continue
            if len(own & words[other]) >= NEAR * len(own | words[other]):
                yield compared[other], compared[number]


def _has_one_subject(one: _Compared, other: _Compared) -> bool:
    """Not where one word stands in place of another, or is added, as in 床垫保修#天, 沙发保修#天 and
    儿童床垫保修#天: that is how lists of products and of customers differ."""
    if bool(one.name) != bool(other.name):
        return False
    names, texts = _differences(one.name, other.name), _differences(one.shape, other.shape)
    if any(min(sizes) > 0 for sizes in names):
        return False
    return len(texts) != 1 or max(texts[0]) < MIN_WORD


def _differences(first: str, second: str) -> list[tuple[int, int]]:
    """(characters of the first, of the second) for each place where they differ. Places with one
    character between them are one: 晾衣架 stands for 衣柜 as a whole."""
    made: list[tuple[int, int]] = []
    is_open = False
    pieces = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    for kind, start, end, other_start, other_end in pieces:
        if kind == "equal":
            is_open = is_open and end - start < MIN_WORD
        elif is_open:
            made[-1] = (made[-1][0] + end - start, made[-1][1] + other_end - other_start)
        else:
            made.append((end - start, other_end - other_start))
            is_open = True
    return made


def _translations(clauses: Sequence[Clause]) -> Iterator[Finding]:
    pairs: dict[str, dict[str, Clause]] = defaultdict(dict)
    files: dict[str, dict[str, str]] = defaultdict(dict)  # neutral path → language → path
    for clause in clauses:
        language, neutral = language_of(clause.source)
        if language:
            files[neutral][language] = clause.source
        if clause.pair:
            pairs[clause.pair][language] = clause
    languages = {language for of in files.values() for language in of}
    for paths in files.values():
        for language in sorted(languages - paths.keys()):
            path = next(iter(paths.values()))
            reason, remedy = f"has no translation in {language}", "translate it"
            yield Finding(False, path, "", reason, remedy)
    for pair, of in pairs.items():
        there = files[pair.rpartition("#")[0]]
        first = next(iter(of.values()))
        for language in sorted(there.keys() - of.keys()):
            reason = f"{named(first)} has no counterpart in {there[language]}"
            yield _finding(first, reason, "translate it under the same number", is_error=False)
        for other in list(of.values())[1:]:
            yield from _differing(first, other)


def _differing(first: Clause, other: Clause) -> Iterator[Finding]:
    """Numbers in digits that the other says neither in digits nor in words. It is an error where
    both have such a number; one alone may be a matter of wording."""
    missing = stated(first.text) - said(other.text), stated(other.text) - said(first.text)
    if any(missing):
        yield _finding(
            other,
            f"{named(other)} and its translation {located(first)} state different numbers: "
            f"{_listed(missing[1]) or 'none'} and {_listed(missing[0]) or 'none'}",
            "correct one of them",
            is_error=all(missing),
        )


def _finding(clause: Clause, reason: str, remedy: str, *, is_error: bool) -> Finding:
    return Finding(is_error, clause.source, clause.place, reason, remedy)


def named(clause: Clause) -> str:
    """The clause as people call it: its number and its title."""
    return f"{clause.clause} “{clause.title}”".strip()


def located(clause: Clause) -> str:
    """The clause with its file and place."""
    return f"{clause.source} {clause.place}, {named(clause)}"


def _listed(values: Iterable[float]) -> str:
    shown = [f"{value:g}" for value in sorted(set(values))]
    return ", ".join(shown[:MAX_LISTED]) + (", …" if len(shown) > MAX_LISTED else "")
