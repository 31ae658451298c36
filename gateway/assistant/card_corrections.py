"""Corrections that the page writes as a message when a person changes a field on a picture's card:
the question before it is searched for again, with the right values. `lite` answers in the same way
(inference/lite/answering/again.py)."""

from collections.abc import Sequence

from gateway.openai.messages import Message

MAX_TEXT = 20_000  # characters of a message that are looked at
MAX_CHANGES = 50
# Before and behind the changes, between them, and around an old value.
FORMS = (
    ("更正：", "。请按更正后的内容重新回答。", "；", "应为 ", "（图中读作 ", "）"),
    (
        *("Correction: ", ". Please answer again with the corrected values.", "; ", " is "),
        *(" (read as ", ")"),
    ),
)


def meant(messages: Sequence[Message]) -> tuple[list[Message], list[str]]:
    """(the messages up to the question that is meant, the texts of the user's messages among them
    with corrected values). All of them where the newest one corrects nothing."""
    kept = list(messages)
    changes: dict[str, str] = {}
    while kept and (kept[-1].role != "user" or (found := changes_in(kept[-1].text))):
        if kept[-1].role == "user":
            changes = {old: changes.get(new, new) for old, new in found.items()} | changes
        elif not changes:
            break  # the newest message is not the user's
        kept.pop()
    if not changes or not kept:
        kept, changes = list(messages), {}
    asked = [one.text for one in kept if one.role == "user"]
    return kept, [_corrected(text, changes) for text in asked]


def changes_in(text: str) -> dict[str, str]:
    """Old value → the right one; {} for any other message."""
    text = text.strip()[:MAX_TEXT]
    for head, tail, between, middle, lead, end in FORMS:
        if not text.startswith(head) or not text.endswith(tail):
            continue
        items = text[len(head) : len(text) - len(tail)].split(end + between)
        made = {}
        for item in items[:MAX_CHANGES]:
            change, _, old = item.partition(lead)
            value = change.partition(middle)[2].strip()
            if old and value:
                made[old.removesuffix(end).strip()] = value
        return made
    return {}


def _corrected(text: str, changes: dict[str, str]) -> str:
    for old, value in changes.items():
        if any(map(str.isdigit, old)):  # a shorter text may stand in other words
            text = text.replace(old, value)
    return text
