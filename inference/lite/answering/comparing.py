"""How two pictures differ."""

from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.compare import asks_to_compare, differences, table
from inference.lite.conversation import Conversation
from inference.lite.reading import Reading


def reply(conversation: Conversation) -> Reply | None:
    """The table of differences; None unless the question asks for it and there are two pictures."""
    pair = _pair(conversation)
    if pair is None:
        return None
    chinese = conversation.chinese
    found = differences(*pair, conversation.budget)
    if not found:
        return Reply(say("same", chinese))
    head = say("differ" if len(found) > 1 else "differ_once", chinese, count=len(found))
    return Reply(f"{head}\n\n{table(found, chinese)}")


def _pair(conversation: Conversation) -> tuple[Reading, Reading] | None:
    """The newest two pictures, if they can be read and are to be compared."""
    readings = conversation.last_user.readings
    if len(readings) < 2:
        readings = conversation.readings
    pair = readings[-2:]
    if len(pair) < 2 or not asks_to_compare(conversation.question):
        return None
    return (pair[0], pair[1]) if all(one.legible for one in pair) else None
