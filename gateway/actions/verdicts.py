"""What follows from a tool's outcome: the end of the action, or another try."""

import random
from dataclasses import dataclass

from gateway.actions.masked import masked_arguments
from gateway.actions.sentences import language_of, reason_of, told
from gateway.actions.steps import GATEWAY, Step
from gateway.connectors.reasons import REASONS, WITH_WORDS
from gateway.connectors.tool import Done, Outcome, Refused, Tool, Unsure
from gateway.privacy.redaction import mask
from gateway.storage.action_tables import Action
from gateway.storage.turns import now

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 40.0  # seconds between tries; about doubled with each
# Nothing was sent. After an earlier try that says nothing about that one.
NOT_SENT = frozenset({"unreachable", "circuit_open", "not_sent"})


@dataclass(frozen=True, slots=True)
class Again:
    """Another try with the same key, in `pause` seconds."""

    pause: float
    reason: str

    def step(self) -> Step:
        due = now() + round(1000 * self.pause)
        return Step("running", GATEWAY, self.reason, {"lease_until": None, "due_at": due})


def verdict(
    action: Action, tool: Tool | None, outcome: Outcome, first_pause: float = FIRST_PAUSE
) -> Step | Again:
    """`action`: as it was sent, with `tries` counting this one."""
    if isinstance(outcome, Done):
        return done(action, tool, outcome)
    had_earlier_try = action.tries > 1
    reason = _in_words(action, outcome)
    if isinstance(outcome, Refused) and not had_earlier_try:
        return failed(action, reason, outcome.reason)
    # An earlier try may have had its effect, whatever this one says.
    retries = tool.retries if action.has_key and tool is not None and tool.has_key else 0
    if isinstance(outcome, Refused) and outcome.kind not in NOT_SENT:
        retries = 0
    if action.tries <= retries:
        return Again(pause_after(action.tries, first_pause), outcome.reason)
    return unknown(action, reason, outcome.reason)


def _in_words(action: Action, outcome: Refused | Unsure) -> str:
    """The system's own words, or why there are none in the action's language."""
    known = "" if outcome.kind in WITH_WORDS else REASONS[language_of(action)].get(outcome.kind, "")
    return known or outcome.reason


def done(action: Action, tool: Tool | None, outcome: Done) -> Step:
    said = tool.say(action.arguments, outcome.result, action.language) if tool else ""
    values = {
        "result": {"values": masked_arguments(outcome.result, {}), "text": mask(said)},
        "error": None,
        "finished_at": now(),
    }
    return Step("done", GATEWAY, values=values, turn=said or told(action, "done"))


def failed(action: Action, reason: str, note: str) -> Step:
    """`note`: for the audit."""
    values = {"error": mask(reason), "finished_at": now()}
    return Step("failed", GATEWAY, note, values, turn=told(action, "failed", reason))


def unknown(action: Action, reason: str, note: str) -> Step:
    """`note`: for the audit."""
    values = {"error": mask(reason)}
    return Step("unknown", GATEWAY, note, values, turn=told(action, "unknown", reason))


def not_started(action: Action, name: str, detail: str = "") -> Step:
    """The end of an action that cannot be sent (again). `name`: one of sentences.REASONS."""
    reason = reason_of(action, name)
    end = failed if action.status == "confirmed" else unknown
    return end(action, reason, f"{reason} {detail}".strip())


def pause_after(tries: int, first: float) -> float:
    """Seconds, with jitter so that actions of one outage do not return together."""
    spread = random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    return min(first * 2.0 ** (tries - 1) * spread, LONGEST_PAUSE)
