"""The reply to a question for what the company says: clauses, beside what pictures show."""

from inference.lite.answering import codes, facts, papers
from inference.lite.answering.phrases import say
from inference.lite.answering.questions import Part
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.reading import KINDS

# Of these it is said what they are, whatever was asked.
TOLD = ("waybill", "invoice")


def reply(scene: Scene, part: Part) -> Reply:
    """A code that is typed or shown comes first: its clause answers, and no other code's."""
    typed = codes.in_question(part.text, scene.clauses, scene.budget)
    if typed.known:
        told = codes.told(typed, part.text, scene.chinese, scene.budget)
        others = [say("unknown_code", scene.chinese, code=code) for code in typed.unknown]
        return together([told, *(Reply(text, "no_clause") for text in others)])
    if typed.codes:
        return scene.unknown(typed)
    errors = [codes.in_picture(one, scene.clauses) for one in scene.known.own]
    known = [one for one in errors if one.known]
    if known:
        return together([codes.told(one, part.text, scene.chinese, scene.budget) for one in known])
    unknown = [one for one in errors if one.codes]
    if unknown:
        serving = codes.without_others(scene.clauses, unknown[0].codes, scene.budget)
        return scene.from_clauses(part, serving) if serving else scene.unknown(unknown[0])
    return _beside_papers(scene, part)


def _beside_papers(scene: Scene, part: Part) -> Reply:
    """The clause, beside what the question's own pictures show."""
    reply = scene.from_clauses(part)
    if not scene.known.own:
        return reply
    is_answered = reply.outcome == "answered"
    if not is_answered and not scene.readable:
        return scene.unread([])
    if part.asks_what_it_says or not (is_answered or part.by_rule):
        least = 1 if part.asks_what_it_says else papers.LEAST
        lines = [
            papers.lines_about(part.text, one, scene.chinese, scene.budget, least)
            for one in scene.readable
        ]
        if any(lines):
            return Reply(" ".join(filter(None, lines)))
    # What another part says of a picture is not said again.
    told = (TOLD if is_answered else KINDS) if len(scene.parts) == 1 else ()
    shown = [one for one in scene.readable if facts.kind_of(one) in told]
    sentences = [Reply(papers.told(one, scene.chinese), "no_clause") for one in shown]
    # Where a parcel is comes first.
    is_parcel = any(facts.kind_of(one) == "waybill" for one in shown)
    return together([*sentences, reply] if is_parcel else [reply, *sentences])
