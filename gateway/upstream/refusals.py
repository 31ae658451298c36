"""An engine's refusal of a request, in the words that the gateway tells its own clients."""

from typing import Any

import orjson

from gateway.errors import ContextLengthExceeded, GatewayError, InvalidRequest

CALLERS_FAULTS = (400, 413, 422)  # statuses by which an engine says what is wrong with a request
# What vLLM says of a prompt that does not fit. The last one is a prompt that leaves no token for
# the answer: vLLM cuts max_tokens to what is left, and the gateway sends none below 1.
TOO_LONG = (
    "context length",
    "longer than the maximum model length",
    "max_tokens must be at least 1, got 0",
)
MAX_MESSAGE = 2000  # characters of the engine's words


def refusal_from(body: bytes) -> GatewayError:
    """Returns the error for a response of one of CALLERS_FAULTS with this body."""
    try:
        told: Any = orjson.loads(body)
        message = str(told.get("error", told).get("message") or "")[:MAX_MESSAGE]
    except (ValueError, AttributeError):
        message = ""
    message = message or "The engine refused the request."
    if any(words in message.lower() for words in TOO_LONG):
        return ContextLengthExceeded(message, param="messages")
    return InvalidRequest(message)


def refusal_in(event: dict[str, Any]) -> GatewayError | None:
    """Returns the error that an event inside a stream refuses the request with, or None.

    vLLM answers 200 before it has looked at everything in a request.
    """
    error = event.get("error")
    is_refusal = isinstance(error, dict) and error.get("code") in CALLERS_FAULTS
    return refusal_from(orjson.dumps(event)) if is_refusal else None
