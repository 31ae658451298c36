"""A message that only says that a change is not wished: "不要取消订单 …"."""

import re

from inference.lite.answering.acting import terms, unwished
from inference.lite.answering.acting.offers import Offer
from inference.lite.answering.acting.wishes import CLAUSE, Aim, wish_of
from inference.lite.answering.questions import ASKING, LONG_NUMBER, parts_of
from inference.lite.conversation import Conversation
from inference.lite.field_text import plain

MAX_QUESTION = 300  # characters
# The person's own word against an act that was not done.
OWN_NO = re.compile(
    r"不要|别|勿|不用|不必|不需要|不想|先不|不许|不准|甭|无需|无须|\bdon't\b|\bdont\b|\bdo not\b|\bnever\b"
    r"|\bno need to\b"
)
ARTICLE = re.compile(r"\ban? ", re.IGNORECASE)


def denied(conversation: Conversation, offers: list[Offer]) -> Offer | None:
    """The write that a message denies, if that is all it does."""
    text = plain(conversation.question[: MAX_QUESTION + 1])
    if len(text) > MAX_QUESTION or ASKING.search(text) or not OWN_NO.search(text):
        return None
    wish = wish_of(text, parts_of(text))
    if wish.aim in (Aim.CHANGE, Aim.CHECK) or wish.part or unwished.is_not_now(text):
        return None
    acts = _denied_acts(text)
    fits = (
        one
        for one in offers
        if one.is_write and acts & one.acts and (wish.subjects & one.about or wish.points)
    )
    return next(fits, None)


def _denied_acts(text: str) -> frozenset[str]:
    return frozenset(
        name
        for clause in CLAUSE.split(unwished.unquoted(text))
        for name, act in terms.ACTS.items()
        if any(map(unwished.is_denied, act.finditer(clause)))
    )


def told(offer: Offer, question: str, chinese: bool) -> dict[str, str]:
    """The title of what is not done, and its number if the question gives one."""
    title = offer.entitled(chinese)
    codes = set(LONG_NUMBER.findall(question[:MAX_QUESTION]))
    code = codes.pop() if len(codes) == 1 else ""
    if chinese:
        return {"title": title, "number": f" {code}" if code else ""}
    title = ARTICLE.sub("the ", title[:1].lower() + title[1:])
    return {"title": title, "number": f" ({code})" if code else ""}
