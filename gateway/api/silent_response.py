"""The response of `POST /api/chat` in a conversation that a person has claimed."""

from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.chat.silence import silent_completion, silent_events, silent_extras
from gateway.chat.sse_response import SSEResponse, send_json
from gateway.openai.chat_request import PageRequest
from gateway.server.request_context import RequestContext


class SilentResponse(Response):
    """Says that the message was passed on, and to whom; nothing else."""

    def __init__(
        self,
        request: PageRequest,
        conversation: dict[str, Any],
        handoff: dict[str, Any],
        answer_id: str,
        context: RequestContext,
    ) -> None:
        """`conversation`: {id, turn} of the message. `handoff`: {id, number, status, assignee}."""
        extras = silent_extras(conversation, handoff)
        made = silent_events if request.stream else silent_completion
        self.data = made(extras, answer_id, request.model)
        self.is_streamed = request.stream
        self.context = context
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.is_streamed:
            await send_json(self.context, self.data)
            return
        response = SSEResponse(self.context)
        await response.send(self.data)
        await response.end()
