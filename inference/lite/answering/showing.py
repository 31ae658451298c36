"""The reply to a picture beside which nothing in particular is asked."""

from inference.lite.answering import clauses, codes, facts, papers, states
from inference.lite.answering.clauses import Clause
from inference.lite.answering.extracts import shared
from inference.lite.answering.markdown import plain
from inference.lite.answering.phrases import say
from inference.lite.answering.questions import Part
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene
from inference.lite.reading import Reading

SERVES = 3  # words that a clause shares with a picture that it serves


def reply(scene: Scene, part: Part) -> Reply:
    """What each picture shows; without one, what is missing."""
    if scene.readable:
        return together([_shown(scene, one) for one in scene.readable])
    if scene.known.pictures:
        return scene.unread([])
    if scene.clauses:
        return scene.from_clauses(part)
    if scene.desk.suggestions:
        return scene.asking.suggestions()
    return scene.asking.for_("ask_picture" if part.wants_picture else "ask_question")


def _shown(scene: Scene, reading: Reading) -> Reply:
    """An error with its remedy, any other picture in a sentence with the clause that serves it."""
    found = codes.in_picture(reading, scene.clauses)
    about = "\n".join(line.text for line in reading.lines)
    if found.known:
        return codes.told(found, about, scene.chinese, scene.budget)
    if found.codes:
        return scene.unknown(found)
    serving = [one for one in scene.clauses if _serves(scene, one, reading, about)][:1]
    if facts.kind_of(reading) == "error":
        if serving:
            return clauses.answered(about, serving, scene.chinese, scene.budget)
        text = plain(facts.first(reading, "error_text") or papers.headline(reading))
        return scene.refused(say("error_shown", scene.chinese, text=text))
    replies = [Reply(papers.told(reading, scene.chinese))]
    if serving:
        replies.append(clauses.answered(about, serving, scene.chinese, scene.budget))
    return together(replies)


def _serves(scene: Scene, clause: Clause, reading: Reading, about: str) -> bool:
    kind = facts.kind_of(reading)
    if not codes.without_others([clause], [], scene.budget, about):
        return False  # the clause of a code that is not shown explains another failure
    if kind == "error":
        return True
    if kind in ("chat", "other") or states.has_problem(reading):
        return len(shared(about, clauses.whole(clause))) >= SERVES
    return False
