"""The reply to a question for what the company says: clauses, beside what pictures show."""

from inference.lite.answering import codes, facts, papers, states, talk
from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import say
from inference.lite.answering.questions import WHICH, Part
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.answering.values import WRITTEN
from inference.lite.reading import KINDS, Reading

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
    if not scene.known.own:
        return scene.from_clauses(part)
    written = [one for one in scene.readable if facts.kind_of(one) in WRITTEN and not one.partial]
    if said := _written(scene, part, written):
        return said
    named = [papers.line_naming(part.text, one, scene.chinese) for one in scene.readable]
    if any(named) and not part.by_rule:
        return Reply(" ".join(filter(None, named)))
    troubled = [one for one in scene.readable if _has_trouble(one)]
    # The clause of a code that is not shown explains another failure.
    about = "\n".join(line.text for one in troubled for line in one.lines)
    serving = codes.without_others(scene.clauses, [], scene.budget, about) if troubled else None
    reply = scene.from_clauses(part, serving)
    is_answered = reply.outcome == "answered"
    if not scene.readable and not (is_answered and (part.by_rule or not WHICH.search(part.text))):
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
    shown = [one for one in scene.readable if facts.kind_of(one) in told and one not in troubled]
    sentences = [Reply(papers.told(one, scene.chinese), "no_clause") for one in shown]
    failed = [
        Reply(say("error_shown", scene.chinese, text=plain(papers.failure(one))), "no_clause")
        for one in troubled
    ]
    # What has failed, and where a parcel is, comes first.
    is_parcel = any(facts.kind_of(one) == "waybill" for one in shown)
    return together([*failed, *([*sentences, reply] if is_parcel else [reply, *sentences])])


def _written(scene: Scene, part: Part, readings: list[Reading]) -> Reply | None:
    """What a chat or a contract says to a question; the company's rule stands beside a chat."""
    lines = [
        papers.reply_in_chat(part.text, one, scene.chinese, scene.budget, talk.SAME)
        or papers.lines_about(part.text, one, scene.chinese, scene.budget)
        or papers.reply_in_chat(part.text, one, scene.chinese, scene.budget)
        for one in readings
    ]
    if not any(lines):
        return None
    told = Reply(" ".join(filter(None, lines)))
    is_chat = any(facts.kind_of(one) == "chat" for one in readings)
    asks_side = any(talk.asks_who_said(one.text) for one in scene.parts)
    asks_rule = is_chat and part.by_rule and not asks_side
    rule = scene.from_clauses(part) if asks_rule and scene.clauses else None
    return together([told, rule]) if rule and rule.outcome == "answered" else told


def _has_trouble(reading: Reading) -> bool:
    """Whether the picture shows a failed payment, order or page, without a code."""
    kind = facts.kind_of(reading)
    return kind == "error" or (kind in ("payment", "order") and states.has_problem(reading))
