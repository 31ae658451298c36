"""Misspelt English words of a question, put right by the words of the clauses.

The index knows terms by a hash alone, so what one slip could have made of a word is generated and
looked up: one letter left out, put in, changed or swapped with the next one (Damerau, 1964). The
first letter is taken as right.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from string import ascii_lowercase

from gateway.knowledge.clauses import CJK
from gateway.knowledge.fillers import WORDS
from gateway.knowledge.index import Index
from gateway.knowledge.terms import STEMMED_SYNONYMS, is_stop_word, stem

# A shorter word has too many neighbours; a longer one is no word.
WORD = re.compile(r"(?<![\w.-])[A-Za-z]{5,20}(?![\w-])")
# In shorter words a letter more, less or changed makes another word: "bread" and "break", "crushed"
# and "crashed". Letters are swapped by slips alone.
MIN_ADDED, MIN_REPLACED = 6, 8
MAX_WORDS = 4  # of a question that are put right


def unknown_words(question: str, index: Index) -> list[str]:
    """The words of an English question that no clause has, MAX_WORDS at most."""
    if CJK.search(question):
        return []
    found = list(dict.fromkeys(WORD.findall(question)))
    stems = [stem(word.lower()) for word in found]
    sizes = index.sizes_of(stems)
    rare = (
        word
        for word, term, size in zip(found, stems, sizes, strict=True)
        if not (size or _is_common(word.lower(), term))
    )
    return list(islice(rare, MAX_WORDS))


def respelled(question: str, unknown: Iterable[str], index: Index) -> str:
    """The question with its unknown words as the clauses have them; "" where nothing changes.
    Takes some milliseconds for each word."""
    right = {word: _nearest(word.lower(), index) for word in unknown}
    made = WORD.sub(lambda one: right.get(one[0]) or one[0], question)
    return made if made != question else ""


def _is_common(word: str, term: str) -> bool:
    return is_stop_word(word) or word in WORDS or term in STEMMED_SYNONYMS


def _nearest(word: str, index: Index) -> str:
    """The word one slip away that most clauses have; letters swapped are the likeliest slip.
    "" without one."""
    for group in (list(_swapped(word)), list(_changed(word))):
        sizes = index.sizes_of([stem(one) for one in group])
        most = max(sizes, default=0)
        if most:
            return group[sizes.index(most)]
    return ""


def _swapped(word: str) -> Iterator[str]:
    for at in range(1, len(word) - 1):
        if word[at] != word[at + 1]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _changed(word: str) -> Iterator[str]:
    for at in range(1, len(word) + 1):
        begin, rest = word[:at], word[at:]
        if rest and len(word) >= MIN_ADDED:
            yield begin + rest[1:]
        for letter in ascii_lowercase:
            if len(word) >= MIN_ADDED:
                yield begin + letter + rest
            if len(word) >= MIN_REPLACED and rest and letter != rest[0]:
                yield begin + letter + rest[1:]
