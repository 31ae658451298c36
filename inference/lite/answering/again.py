"""Corrections made on a picture's card: the earlier question is answered again with them.

The gateway gives the readings with the corrected fields. The old number may still stand in what
the person wrote.
"""

from dataclasses import replace

from inference.lite.answering.smalltalk import is_talk
from inference.lite.conversation import Conversation, Turn
from inference.lite.reading import Reading

MAX_CHANGES = 50
MAX_TEXT = 20_000  # characters of a question that are looked at
MAX_BACK = 20  # earlier questions that are looked at, newest first
# What the page writes: before and behind the changes, between them, and around an old value.
FORMS = (
    ("更正：", "。请按更正后的内容重新回答。", "；", "应为 ", "（图中读作 ", "）"),
    (
        "Correction: ",
        ". Please answer again with the corrected values.",
        "; ",
        " is ",
        " (read as ",
        ")",
    ),
)


def meant(conversation: Conversation) -> Conversation:
    """The conversation as it would be had the question before been asked with the right values;
    the same one where the last message is no correction made on a card."""
    if not conversation.turns or conversation.turns[-1].role != "user":
        return conversation
    changes = _changes(conversation.turns[-1].text)
    if not changes:
        return conversation
    users = [at for at, one in enumerate(conversation.turns[:-1]) if one.role == "user"]
    for at in users[::-1][:MAX_BACK]:
        turn = conversation.turns[at]
        if found := _changes(turn.text):
            changes = _before(found, changes)
        elif turn.readings or not is_talk(turn.text):
            turns = [_with(one, changes) for one in conversation.turns[: at + 1]]
            made = replace(conversation, turns=turns)
            made.chinese = conversation.chinese  # the results' sentences are in that language
            return made
    return conversation


def _changes(question: str) -> dict[str, str]:
    """Old value → the right one, {} for any other question."""
    question = question.strip()[:MAX_TEXT]
    for head, tail, between, middle, lead, end in FORMS:
        if not question.startswith(head) or not question.endswith(tail):
            continue
        items = question[len(head) : len(question) - len(tail)].split(end + between)
        made = {}
        for item in items[:MAX_CHANGES]:
            change, _, old = item.partition(lead)
            value = change.partition(middle)[2].strip()
            if old and value:
                made[old.removesuffix(end).strip()] = value
        return made
    return {}


def _before(earlier: dict[str, str], later: dict[str, str]) -> dict[str, str]:
    """Both: an older right value that is corrected once more is an old one."""
    return {old: later.get(value, value) for old, value in earlier.items()} | later


def _with(turn: Turn, changes: dict[str, str]) -> Turn:
    text = turn.text
    if turn.role == "user":
        for old, value in changes.items():
            # A shorter text may stand in other words.
            text = text.replace(old, value) if any(map(str.isdigit, old)) else text
    return replace(
        turn, text=text, fields=None, readings=[_right(one, changes) for one in turn.readings]
    )


def _right(reading: Reading, changes: dict[str, str]) -> Reading:
    fields = [
        replace(one, value=changes[one.value], valid=None, confidence=1.0, corrected=True)
        if one.value in changes
        else one
        for one in reading.fields
    ]
    return replace(reading, fields=fields)
