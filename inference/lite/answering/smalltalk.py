"""Answers that need no knowledge: thanks, greetings, who this is, another language, a person."""

import re

from inference.lite.answering import tongues
from inference.lite.answering.phrases import say
from inference.lite.answering.reply import Reply
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk

GREETING = re.compile(
    r"^\W{0,20}(?:你好|您好|嗨|哈喽|在吗|在么|hi|hello|hey|good (?:morning|afternoon|evening))\W{0,20}$",
    re.IGNORECASE,
)
WHO = re.compile(
    r"你是谁|你是什么|介绍一下你|你能做什么|who are you|what are you|what can you do", re.IGNORECASE
)


TALK = re.compile(
    r"\W{0,4}(?:好的?|嗯|行|收到|知道了|明白|谢谢[你您]?|多谢|再见|拜拜|ok|okay|thanks|thank you|bye)[了啊吧]?\W{0,4}",
    re.IGNORECASE,
)
MAX_TALK = 40  # characters


def is_talk(text: str) -> bool:
    """Whether a message asks nothing: it greets, thanks or says that it was understood."""
    text = text.strip()
    return len(text) <= MAX_TALK and bool(TALK.fullmatch(text) or GREETING.search(text))


def reply(conversation: Conversation) -> Reply | None:
    """The answer to a turn that asks nothing of the knowledge; None for a question."""
    desk, chinese = conversation.desk or Desk(), conversation.chinese
    intent = desk.intent or _guessed(conversation)
    if intent in ("smalltalk_thanks", "smalltalk_goodbye"):
        return Reply(say(intent.removeprefix("smalltalk_"), chinese), "smalltalk")
    if intent == "smalltalk_greeting":
        return Reply(desk.voice("greeting", chinese) or say("greeting", chinese), "smalltalk")
    if intent == "who":
        return Reply(about_itself(desk, chinese), "smalltalk")
    if intent == "person" and desk.handoff:
        return Reply(say("waits_for_person", chinese, number=desk.handoff), "handoff")
    if intent == "person":
        granted = say("sorry" if desk.angry else "person", chinese)
        return Reply(f"{granted}{_space(chinese)}{offer(desk, chinese)}", "handoff")
    if intent == "unknown_language":
        return Reply(tongues.apology(conversation.question), "clarify")
    return None


def offer(desk: Desk, chinese: bool) -> str:
    """How to get a person, in the company's words if it has some."""
    return desk.voice("handoff_offer", chinese) or say("offer", chinese)


def about_itself(desk: Desk, chinese: bool) -> str:
    company = desk.voice("company", chinese)
    name = desk.voice("name", chinese) or (
        say("assistant_of", chinese, company=company) if company else say("assistant", chinese)
    )
    return say("who", chinese, name=name)


def refused(desk: Desk, chinese: bool) -> str:
    return desk.voice("refusal", chinese) or say("refusal", chinese)


def _guessed(conversation: Conversation) -> str:
    """The intent where the gateway gives none. A picture beside it makes it a question."""
    if conversation.last_user.readings:
        return ""
    if GREETING.search(conversation.question):
        return "smalltalk_greeting"
    return "who" if WHO.search(conversation.question) else ""


def _space(chinese: bool) -> str:
    return "" if chinese else " "
