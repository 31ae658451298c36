"""Finds clauses for a question.

It is searched with its words, the codes and lines of its pictures, and, if it is short, with the
question before it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from gateway.knowledge.knowledge_base import KnowledgeBase

LIMIT = 5
SHORT_QUESTION = 12  # characters; such a question leans on the one before
MAX_QUERY_CHARS = 4000
MAX_READING_CHARS = 1200
CODE_FIELDS = frozenset(("error_code", "status"))
PREVIOUS_WEIGHT = 0.4
READING_WEIGHT = 0.15
CODE_WEIGHT = 1.2
# A query that is answered in less than a millisecond (`make bench`: 10,000 clauses).
QUICK_CLAUSES, QUICK_CHARACTERS = 10_000, 1_000


def weighted_query(
    questions: Sequence[str], readings: Sequence[dict[str, Any]]
) -> list[tuple[str, float]]:
    """`questions` are what the user said, oldest first; `readings` those of the newest pictures."""
    asked = questions[-1][:MAX_QUERY_CHARS] if questions else ""
    parts = [(asked, 1.0)]
    for reading in readings:
        codes = [
            str(field["value"])
            for field in reading.get("fields", ())
            if field.get("name") in CODE_FIELDS
        ]
        parts += [(code, CODE_WEIGHT) for code in codes]
        lines = "\n".join(str(line["text"]) for line in reading.get("lines", ()))
        parts.append((lines[:MAX_READING_CHARS], READING_WEIGHT))
    if len(questions) > 1 and len(asked) < SHORT_QUESTION:
        parts.append((questions[-2][:MAX_QUERY_CHARS], PREVIOUS_WEIGHT))
    return parts


async def citations_for(
    library: KnowledgeBase, questions: Sequence[str], readings: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Citations, best first: id, title, clause, text, score.

    A search of a fraction of a millisecond runs on the event loop: the way to a thread and back
    takes longer. One that may block the loop runs in a thread.
    """
    query = weighted_query(questions, readings)
    characters = sum(len(text) for text, _ in query)
    if len(library.clauses) <= QUICK_CLAUSES and characters <= QUICK_CHARACTERS:
        hits = library.search(query, LIMIT)
    else:
        hits = await asyncio.to_thread(library.search, query, LIMIT)
    return [
        {
            "id": hit.clause.id,
            "title": hit.clause.title,
            "clause": hit.clause.clause,
            "text": hit.clause.text,
            "score": hit.score,
        }
        for hit in hits
    ]
