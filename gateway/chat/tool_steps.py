"""What follows a round that called tools, unless the answer is complete."""

from dataclasses import dataclass

from gateway.assistant.handoff_offers import Reason
from gateway.assistant.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Again:
    """The engine is asked once more. `text`: what the answer gets from the gateway before that."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer ends with this text of the gateway's. `reason`: why it offers a person."""

    text: str
    outcome: Outcome
    reason: Reason | None = None
