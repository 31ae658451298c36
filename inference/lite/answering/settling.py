"""What a question's own pictures settle: who did something, whether money has arrived, and that
they lack what is asked for."""

from inference.lite.answering import absent, arrivals, parties
from inference.lite.answering.questions import REFUNDED, Part
from inference.lite.answering.reply import Reply, together
from inference.lite.answering.scene import Scene


def reply(scene: Scene, part: Part) -> Reply | None:
    """None where they do not settle it."""
    return parties.reply(scene, part) or _arrival(scene, part) or absent.reply(scene, part)


def _arrival(scene: Scene, part: Part) -> Reply | None:
    """Whether money has arrived. The company's rule stands beside it where the paper tells no
    time."""
    if not scene.known.own:
        return None
    arrived = arrivals.told(part.text, scene.readable, scene.chinese)
    if not arrived:
        return None
    has_rule = bool(scene.clauses) and REFUNDED.search(part.text) is not None
    if not has_rule or arrivals.is_whole(arrived):
        return Reply(arrived)
    return together([Reply(arrived), scene.from_clauses(part)])
