"""What follows from a tool's outcome: the end of the action, or another try."""

import random
from dataclasses import dataclass

from gateway.actions.masked import masked_arguments
from gateway.actions.sentences import reason_of, told
from gateway.actions.steps import GATEWAY, Step
from gateway.connectors.tool import Done, Outcome, Refused, Tool
from gateway.privacy.redaction import mask
from gateway.storage.models import Action
from gateway.storage.turns import now

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 40.0  # seconds between tries; about doubled with each
# Nothing was sent. After an earlier try that says nothing about that one.
NOT_SENT = frozenset({"unreachable", "circuit_open"})


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
    if isinstance(outcome, Refused) and not had_earlier_try:
        return failed(action, outcome.reason)
    # An earlier try may have had its effect, whatever this one says.
    retries = tool.retries if action.has_key and tool is not None and tool.has_key else 0
    if isinstance(outcome, Refused) and outcome.kind not in NOT_SENT:
        retries = 0
    if action.tries <= retries:
        return Again(pause_after(action.tries, first_pause), outcome.reason)
    return unknown(action, outcome.reason)


def done(action: Action, tool: Tool | None, outcome: Done) -> Step:
    said = tool.say(action.arguments, outcome.result, action.language) if tool else ""
    values = {
        "result": {"values": masked_arguments(outcome.result, {}), "text": mask(said)},
        "error": None,
        "finished_at": now(),
    }
    return Step("done", GATEWAY, values=values, turn=said or told(action, "done"))


def failed(action: Action, reason: str) -> Step:
    values = {"error": mask(reason), "finished_at": now()}
    return Step("failed", GATEWAY, reason, values, turn=told(action, "failed", reason))


def unknown(action: Action, reason: str) -> Step:
    values = {"error": mask(reason)}
    return Step("unknown", GATEWAY, reason, values, turn=told(action, "unknown", reason))


def not_started(action: Action, name: str, detail: str = "") -> Step:
    """The end of an action that cannot be sent (again). `name`: one of sentences.REASONS."""
    reason = reason_of(action, name)
    step = failed(action, reason) if action.status == "confirmed" else unknown(action, reason)
    return Step(step.now, GATEWAY, f"{reason} {detail}".strip(), step.values, step.turn)


def pause_after(tries: int, first: float) -> float:
    """Seconds, with jitter so that actions of one outage do not return together."""
    spread = random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    return min(first * 2.0 ** (tries - 1) * spread, LONGEST_PAUSE)
