"""Finds out who calls, before any route. Routes that are not open refuse unknown callers."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.auth.authenticator import Authenticator
from gateway.auth.tokens import VISITOR_COOKIE, VISITOR_SECONDS
from gateway.errors import InvalidAPIKey, InvalidToken
from gateway.server.request_context import Caller, RequestContext, context_of


class Authentication:
    """Sets the context's caller.

    `count_failure` gets the address of a failed attempt and raises after too many. `exists` tells
    whether a path and method have a route: for those that have none everybody gets 404.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticator: Authenticator,
        count_failure: Callable[[str], Awaitable[None]],
        exists: Callable[[Scope], bool],
    ) -> None:
        self.app = app
        self.authenticator = authenticator
        self.count_failure = count_failure
        self.exists = exists

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = context_of(scope)
        try:
            context.caller = self.authenticator.authenticate(scope["path"], context)
        except (InvalidAPIKey, InvalidToken):
            if self.exists(scope):
                await self.count_failure(context.address)
                raise
        if "cookie" in context.request_headers:
            # Cookies have been read. FastAPI would parse them again on every route.
            scope["headers"] = [
                (name, value) for name, value in scope["headers"] if name != b"cookie"
            ]
        if context.caller is not None and context.caller.new_visitor is not None:
            self._set_visitor_cookie(context, context.caller)
        await self.app(scope, receive, send)

    def _set_visitor_cookie(self, context: RequestContext, caller: Caller) -> None:
        signed = self.authenticator.signer.sign_visitor(caller.new_visitor or "")
        secure = "; Secure" if context.scheme == "https" else ""
        attributes = f"Path=/; Max-Age={VISITOR_SECONDS}; HttpOnly; SameSite=Lax{secure}"
        cookie = f"{VISITOR_COOKIE}={signed}; {attributes}"
        context.response.set_visitor_cookie(cookie.encode("ascii"))
