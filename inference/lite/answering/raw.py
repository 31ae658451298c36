"""The answer as the raw model, without clauses: the text of the pictures, or an introduction."""

from inference.lite.answering import papers, values
from inference.lite.answering.facts import Facts
from inference.lite.answering.phrases import say
from inference.lite.answering.questions import Want, parts_of
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.smalltalk import about_itself
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk


def reply(conversation: Conversation) -> Reply:
    """Asked values first, then all text."""
    chinese, known = conversation.chinese, Facts(conversation)
    asked = [
        name
        for part in parts_of(conversation.question)
        if part.want is Want.VALUES
        for name in part.fields
    ]
    text, missing = values.told(conversation.question, tuple(asked), known, chinese)
    replies = [Reply(text)] if text and len(missing) < len(asked) else []
    for reading in known.pictures:
        if reading.lines:
            replies.append(Reply(papers.words_of(reading, chinese)))
        elif not reading.partial:
            replies.append(Reply(say("no_text", chinese, picture=say("picture", chinese))))
    return together(replies or [Reply(about_itself(Desk(), chinese))])
