"""The answer to a turn: talk, tool results, differences, or the parts of a question in order."""

from inference.lite.answering import (
    action_states,
    again,
    comparing,
    parts,
    raw,
    smalltalk,
    systems,
    tool_results,
    values,
)
from inference.lite.answering.asking import Asking
from inference.lite.answering.facts import Facts
from inference.lite.answering.phrases import say
from inference.lite.answering.pictures import unread
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.answering.smalltalk import refused
from inference.lite.conversation import Conversation
from inference.lite.desk import Desk


def answer(conversation: Conversation) -> Reply:
    """Markdown in the question's language, made of the conversation, readings and clauses only."""
    if conversation.turns and conversation.turns[-1].role == "tool":
        return tool_results.reply(conversation)
    conversation = again.meant(conversation)
    if conversation.desk is None:
        return together([comparing.reply(conversation) or raw.reply(conversation)])
    talk = smalltalk.reply(conversation) or comparing.reply(conversation)
    acted = None if talk else action_states.reply(conversation) or systems.reply(conversation)
    if acted is not None and acted.calls:
        return acted
    reply = talk or acted or _to_question(conversation)
    is_angry = conversation.desk.intent == "anger"
    if is_angry:
        reply = _to_anger(reply, conversation, helps=acted is not None)
    notes = [
        note
        for note in unread(Facts(conversation).own, conversation.chinese)
        if note not in reply.text and (is_angry or reply.outcome != "handoff")
    ]
    return Reply("\n\n".join([reply.text, *notes]).strip(), reply.outcome, reply.citations)


def _to_question(conversation: Conversation) -> Reply:
    scene = Scene(conversation)
    corrected = _to_correction(scene)
    if corrected:
        return corrected
    replies = [parts.reply(scene, part) for part in scene.parts]
    if any(one.text and one.outcome in ("answered", "clarify") for one in replies):
        replies = list(map(scene.beside_others, scene.parts, replies))
    made = together(replies)
    return made if made.text or scene.known.pictures else scene.refused()


def _to_correction(scene: Scene) -> Reply | None:
    """The corrected value, or how to correct one; None where nothing is corrected."""
    corrections = scene.known.corrections
    if corrections.now:
        names = (corrections.now,)
        return Reply(values.told("", names, scene.known, scene.chinese)[0])
    if corrections.is_bare and scene.known.pictures:
        return scene.asking.for_("correct_on_card")
    return None


def _to_anger(reply: Reply, conversation: Conversation, *, helps: bool) -> Reply:
    """Acknowledges first; behind what the pictures show a person is offered if nothing helps."""
    chinese = conversation.chinese
    sorry = say("sorry", chinese)
    if helps or reply.outcome == "answered":
        return Reply(f"{sorry}\n\n{reply.text}", reply.outcome, reply.citations)
    offer = Asking(conversation).person()
    shown = _shown(reply, conversation)
    if shown:
        return Reply("\n\n".join([sorry, shown, offer.text]), offer.outcome, reply.citations)
    between = "" if chinese else " "
    return Reply(f"{sorry}{between}{offer.text}", offer.outcome)


def _shown(reply: Reply, conversation: Conversation) -> str:
    """What a reply says of the question's own pictures, without the refusal."""
    if reply.outcome == "handoff" or not any(one.lines for one in Facts(conversation).own):
        return ""
    refusal = refused(conversation.desk or Desk(), conversation.chinese)
    return reply.text.replace(refusal, "").strip()
