"""Searches one part of a question: by number, by code, by meaning, or by words alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.knowledge.asked_numbers import asked_numbers
from gateway.knowledge.clauses import CJK
from gateway.knowledge.codes import ABOUT_ERRORS, Coded, split_codes
from gateway.knowledge.fillers import is_filler
from gateway.knowledge.index import LATIN_WORD, Index
from gateway.knowledge.terms import normalise, terms
from gateway.knowledge.turn_query import Part
from gateway.knowledge.vectors.embedding_client import Floats
from gateway.knowledge.vectors.relevance import Relevance

LIMIT = 5
CANDIDATES = 20
BY_NUMBER, BY_CODE = 0.99, 0.97  # scores of what was asked for exactly
ANSWERS = 0.5
SUGGESTS = 0.38  # half a spread below what answers
MAX_SUGGESTIONS = 3
# Beside the best clause, one whose fit is below this share of its fit is no basis of the answer.
SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Asked:
    """A part, taken apart once. `text` is "" where nothing is left to search for."""

    part: Part
    text: str
    words: str  # of the text, what a clause should hold
    numbers: list[str]
    beside: str  # the question without its numbers
    codes: tuple[str, ...]
    locale: str  # of the clause that is shown, where it has translations: zh or en


@dataclass(slots=True)
class Found:
    """Places of clauses with their scores, best first. `is_exact`: found by number or code."""

    hits: list[tuple[int, float]] = field(default_factory=list)
    near: list[tuple[int, float]] = field(default_factory=list)  # too weak for an answer
    is_exact: bool = False
    best_fit: float = 0.0
    unmoved_fit: float = 0.0  # the best one without topics: what a correction has to reach


def taken_apart(part: Part, index: Index, locale: str = "") -> Asked:
    """What of a part is a number of a clause, a code, or text. `locale`: the turn's language, since
    a picture may be in another one; "" is that of the part's own words."""
    numbers, beside = asked_numbers(normalise(part.own))
    coded = split_codes(beside)
    codes = tuple(dict.fromkeys((*coded.codes, *part.codes)))
    text, words = part.text, part.own
    if coded.rest != beside:
        words = coded.rest
        text = f"{part.earlier}\n{coded.rest}".strip()
    if numbers or _asks_for_unknown_code(coded, part, codes, index) or is_filler(text):
        text = ""
    if not locale:
        is_english = LATIN_WORD.search(part.text) and not CJK.search(part.text)
        locale = "en" if is_english else "zh"
    return Asked(part, text, words, numbers, beside, codes, locale)


def _asks_for_unknown_code(coded: Coded, part: Part, codes: Sequence[str], index: Index) -> bool:
    """Whether the question is about an error that no clause names. A model's number that no clause
    names is left out instead."""
    catalog = index.catalog
    unknown = [code for code in codes if not catalog.with_code(code)]
    return bool(unknown) and (
        is_filler(coded.rest)
        or bool(ABOUT_ERRORS.search(coded.rest))
        or any(catalog.knows_family(code) for code in unknown)
        or any(code in part.codes for code in unknown)
    )


def search(
    asked: Asked, index: Index, audience: str, relevance: Relevance | None, question: Floats | None
) -> Found:
    """`question`: the vector of `asked.text`; without it words alone are searched."""
    serving = index.serving(audience)
    exact = _exact(asked, index, serving)
    if exact:
        return Found(exact, is_exact=True)
    if not asked.text or not serving.any():
        return Found()
    if relevance is None or question is None:
        return _by_words(asked, index, audience)
    return _by_meaning(asked, relevance, serving, question)


def _exact(asked: Asked, index: Index, serving: "np.ndarray") -> list[tuple[int, float]]:
    catalog = index.catalog
    if asked.numbers:
        places = [
            place for place in catalog.numbered(asked.numbers, asked.beside) if serving[place]
        ]
        words = set(terms(asked.beside))

        def held(place: int) -> int:
            return len(words & set(terms(index.clauses[place].title)))

        places.sort(key=held, reverse=True)
        return [(shown, BY_NUMBER) for shown, _ in _one_language(places, asked, index, serving)]
    places = [place for code in asked.codes for place in catalog.with_code(code) if serving[place]]
    titled = [
        place
        for place in places
        if any(code in normalise(index.clauses[place].title) for code in asked.codes)
    ]
    kept = _one_language(titled or places, asked, index, serving)
    return [(shown, BY_CODE) for shown, _ in kept]


def _by_words(asked: Asked, index: Index, audience: str) -> Found:
    query = [(asked.words, 1.0), (asked.part.earlier, 0.4)]
    hits = index.search([pair for pair in query if pair[0]], LIMIT, audience)
    return Found([(hit.place, round(ANSWERS + hit.coverage / 2, 3)) for hit in hits])


def _by_meaning(
    asked: Asked, relevance: Relevance, serving: "np.ndarray", question: Floats
) -> Found:
    fits = relevance.fits(question, asked.words)
    fit = np.where(serving, fits.fit, -np.inf)
    width = min(len(fit), CANDIDATES)
    order = np.argpartition(-fit, width - 1)[:width]
    order = order[np.argsort(-fit[order], kind="stable")]
    order = order[serving[order]]
    best = float(fit[order[0]])
    hits: list[tuple[int, float]] = []
    near: list[tuple[int, float]] = []
    for shown, found in _one_language(order.tolist(), asked, relevance.index, serving, CANDIDATES):
        score = round(fits.score(found), 3)
        if score >= ANSWERS and float(fit[found]) >= SHARE * best and len(hits) < LIMIT:
            hits.append((shown, score))
        elif score >= SUGGESTS:
            near.append((shown, score))
    unmoved = float(fits.unmoved[serving].max())
    return Found(hits, near[:MAX_SUGGESTIONS], best_fit=best, unmoved_fit=unmoved)


def _one_language(
    places: Iterable[int],
    asked: Asked,
    index: Index,
    serving: "np.ndarray",
    limit: int = LIMIT,
) -> list[tuple[int, int]]:
    """(the clause to show, the clause that was found): of a clause and its translations the one in
    the question's language, in the place of the first that was found."""
    made: dict[int, int] = {}
    seen: set[str] = set()
    for found in places:
        clause, shown = index.clauses[found], found
        if clause.pair in seen or found in made:
            continue
        if clause.pair:
            seen.add(clause.pair)
            if clause.locale != asked.locale:
                shown = next(
                    (
                        other
                        for other in index.catalog.translations(clause.pair)
                        if serving[other] and index.clauses[other].locale == asked.locale
                    ),
                    found,
                )
        made[shown] = found
        if len(made) == limit:
            break
    return list(made.items())
