"""How two pictures or documents differ."""

import re

from inference.lite.answering.questions import Want, is_generic, parts_of
from inference.lite.answering.reply import Reply
from inference.lite.compare import ASKS, asks_to_compare, pair_of
from inference.lite.compare_words import compared
from inference.lite.conversation import Conversation

# These point at pictures of earlier turns.
POINTS = re.compile(
    r"[这那][两些张份版几页]|两[张份版页幅]|刚才|前面|上面|前后|上一?[张份]|[新旧]版|原来|图|照片|合同|文件|文档|协议"
    r"|\b(?:these|those|both|them|the two|pictures?|images?|screenshots?)\b"
    r"|\b(?:documents?|contracts?|versions?)\b",
    re.IGNORECASE,
)


def reply(conversation: Conversation) -> Reply | None:
    """The differences; None unless the question asks for them and there are two documents."""
    if not _asks(conversation.question):
        return None
    newest = conversation.last_user.readings
    known = conversation.readings if newest or _points(conversation.question) else []
    pair = pair_of(newest, known)
    if pair is None or not all(page.legible for pages in pair for page in pages):
        return None
    return Reply(compared(*pair, conversation.chinese, conversation.budget))


def _asks(question: str) -> bool:
    """Whether the question asks for differences, and for no field in a part of its own."""
    return asks_to_compare(question) and not any(
        part.want is Want.VALUES and not asks_to_compare(part.text) for part in parts_of(question)
    )


def _points(question: str) -> bool:
    """Whether a question without pictures means those from before: "what has changed?"."""
    return bool(POINTS.search(question)) or is_generic(ASKS.sub(" ", question))
