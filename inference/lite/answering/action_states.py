"""The answer to "is it done?": what became of the proposals before, as the gateway says."""

from typing import Any

from inference.lite.answering.acting.offers import in_language
from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.conversation import Conversation
from inference.lite.language import language_of

MAX_TEXT = 500  # characters of what a system says
STATES = ("proposed", "confirmed", "running", "done", "failed", "unknown", "cancelled", "expired")


def reply(conversation: Conversation) -> Reply | None:
    """None where the question is about nothing that was proposed."""
    actions = conversation.desk.actions if conversation.desk else []
    told = [_told(one, conversation.chinese) for one in actions if one.get("status") in STATES]
    return Reply("\n\n".join(dict.fromkeys(told))) if told else None


def _told(action: dict[str, Any], chinese: bool) -> str:
    status = action["status"]
    if status == "proposed" and action.get("by") == "staff":
        status = "proposed_staff"
    title = plain(in_language(action.get("title") or {}, chinese))
    head = say(f"action_{status}", chinese, title=title)
    text = plain(str(action.get("text") or "")[:MAX_TEXT]).strip()
    if not text or language_of(text) not in ("", "zh" if chinese else "en"):
        return head
    return head + ("" if chinese else " ") + text
