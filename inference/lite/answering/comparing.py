"""How two pictures or documents differ."""

from inference.lite.answering.reply import Reply
from inference.lite.compare import asks_to_compare, pair_of
from inference.lite.compare_words import compared
from inference.lite.conversation import Conversation


def reply(conversation: Conversation) -> Reply | None:
    """The differences; None unless the question asks for them and there are two documents."""
    if not asks_to_compare(conversation.question):
        return None
    pair = pair_of(conversation.last_user.readings, conversation.readings)
    if pair is None or not all(page.legible for pages in pair for page in pages):
        return None
    return Reply(compared(*pair, conversation.chinese, conversation.budget))
