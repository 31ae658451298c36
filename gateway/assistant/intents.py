"""What a message wants, before knowledge is searched: small talk, a person, or an answer.

By rules, which are the same for every engine. Small talk is what consists of its phrases alone:
"谢谢，那退款呢" asks something, so it is a question. A doubtful message is a question too, because
a question that is searched for nothing costs less than one that is not answered.
"""

import re
import unicodedata
from functools import cache
from typing import Literal

from gateway.assistant.intent_words import (
    ANGER,
    FILLERS,
    FOREIGN_WORDS,
    GOODBYE,
    GREETING,
    SIMPLIFIED,
    THANKS,
    WHO,
)
from gateway.assistant.person_words import (
    ASKS,
    PERSON_ALONE,
    PERSON_FRAMES,
    PERSON_NOT,
    POLITE,
    STRONG,
    WEAK,
)

Intent = Literal[
    "smalltalk_thanks",
    "smalltalk_greeting",
    "smalltalk_goodbye",
    "who",
    "anger",
    "person",
    "unknown_language",
    "question",
]
# For these knowledge is searched.
SEARCHED: frozenset[Intent] = frozenset(("anger", "question"))
SMALL_TALK: tuple[tuple[Intent, tuple[str, ...]], ...] = (
    ("smalltalk_goodbye", GOODBYE),
    ("smalltalk_thanks", THANKS),
    ("who", WHO),
    ("smalltalk_greeting", GREETING),
)
MAX_CHARACTERS = 500  # that are looked at
SMALL_TALK_CHARACTERS = 60
PERSON_CHARACTERS = 200
STRONG_REST, WEAK_REST = 24, 0  # characters beside a wish, in its clause
CLAUSE_ENDS = re.compile(r"[,，.。!！?？;；:：~～…\n、]")
LATIN_WORD = re.compile(r"[a-zà-ɏḀ-ỿ']{1,30}")
# Scripts of no language that is known here: kana, Hangul, Cyrillic, Greek, Hebrew, Arabic, the
# scripts of India and of South-East Asia.
FOREIGN_LETTER = re.compile(
    r"[\u3041-\u30ff\u1100-\u11ff\uac00-\ud7af\u0400-\u052f\u0370-\u03ff\u0590-\u05ff"
    r"\u0600-\u06ff\u0900-\u0dff\u0e00-\u0fff\u1780-\u17ff]"
)
LETTER = re.compile(r"[^\W\d_]")


def intent_of(text: str, *, has_picture: bool = False) -> Intent:
    """The intent of a user's newest message. With a picture, small talk is a question about it."""
    told = normal_text(text)
    if wants_person(told):
        return "person"
    if not has_picture and (found := _small_talk(told)) is not None:
        return found
    if is_foreign(told):
        return "unknown_language"
    return "anger" if ANGER.search(told) else "question"


def is_angry(text: str) -> bool:
    """Whatever it wants beside that: "垃圾，给我转人工" is a wish for a person."""
    return bool(ANGER.search(normal_text(text)))


def normal_text(text: str) -> str:
    """The form in which messages and phrases are compared."""
    made = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower()
    return made.replace("’", "'").translate(SIMPLIFIED).strip()


def _small_talk(told: str) -> Intent | None:
    """The intent whose phrases, with fillers, are all of the text."""
    if len(told) > SMALL_TALK_CHARACTERS:
        return None
    found = [intent for intent, phrases in SMALL_TALK if holds(told, phrases)]
    if not found:
        return None
    rest = told
    for _, phrases in SMALL_TALK:
        rest = _without(rest, phrases)
    rest = _without(rest, FILLERS)
    return found[0] if not LETTER.search(rest) and not re.search(r"\d", rest) else None


def holds(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases is in the text, a Latin one as whole words. All in the form of
    `normal_text`."""
    return any(_find(text, phrase) >= 0 for phrase in phrases)


def _without(text: str, phrases: tuple[str, ...]) -> str:
    """The text without the phrases, the longest first."""
    for phrase in _longest_first(phrases):
        while (at := _find(text, phrase)) >= 0:
            text = f"{text[:at]} {text[at + len(phrase) :]}"
    return text


@cache
def _longest_first(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(phrases, key=len, reverse=True))


def _find(text: str, phrase: str) -> int:
    """Where the phrase stands, a Latin one as whole words; -1: nowhere."""
    at = text.find(phrase)
    while at >= 0 and phrase.isascii():
        before, after = text[at - 1 : at], text[at + len(phrase) : at + len(phrase) + 1]
        if not _is_latin(before) and not _is_latin(after):
            return at
        at = text.find(phrase, at + 1)
    return at


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def wants_person(told: str) -> bool:
    """Whether a part of the message, between punctuation, is a wish for a person and no question
    about one: "转人工" is, "转人工费用怎么算" and "退货需要联系客服吗" are not."""
    return any(_is_wish(part.strip()) for part in CLAUSE_ENDS.split(told[:PERSON_CHARACTERS]))


def _is_wish(part: str) -> bool:
    if not part or PERSON_NOT.search(part):
        return False
    for pattern, most in ((STRONG, STRONG_REST), (WEAK, WEAK_REST)):
        found = pattern.search(part)
        if found is None:
            continue
        around = f"{part[: found.start()]} {part[found.end() :]}"
        rest = _without(around, PERSON_FRAMES).replace(" ", "")
        if not LETTER.search(rest) or (len(rest) <= most and not ASKS.search(around)):
            return True
    return _without(part, POLITE).strip() in PERSON_ALONE


def is_foreign(told: str) -> bool:
    """Whether the message is in a language other than Chinese and English."""
    foreign = len(FOREIGN_LETTER.findall(told))
    letters = len(LETTER.findall(told))
    if foreign >= 2 and foreign * 5 >= letters:
        return True
    words = LATIN_WORD.findall(told)
    known = sum(word in FOREIGN_WORDS for word in words)
    return known >= 2 and known * 4 >= len(words)
