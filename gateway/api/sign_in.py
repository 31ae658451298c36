"""Single sign-on: /auth/login, /auth/callback, /auth/logout, /auth/backchannel-logout, and
/auth/check, which nginx asks before each request of a page."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.api.dependencies import RouteLimits
from gateway.api.sign_in_page import Message, sign_in_page
from gateway.auth.cookies import cookie_of, cookies_that_begin, host_cookie, set_cookie
from gateway.auth.networks import host_name
from gateway.auth.oidc_errors import NotBegun, ProviderDown, SignInError
from gateway.auth.oidc_flow import LOGIN_SECONDS, SIGNED_OUT, SignInFlow
from gateway.auth.proxied_user import headers_for_nginx
from gateway.auth.tokens import SignedIn, Signer
from gateway.errors import InvalidRequest, StoreUnavailable
from gateway.server.request_context import RequestContext, context_of
from gateway.storage.sessions import Sessions

log = structlog.get_logger()
SESSION_COOKIE = "sightdesk_session"
BEGUN_COOKIE = "sightdesk_begun_"  # followed by a part of the state: several tabs may sign in
MAX_BEGUN = 5  # such cookies in one browser; older ones are removed
MAX_FIELDS = 10  # of a logout's form; one is expected
NO_STORE = {"cache-control": "no-store"}
# What providers expect of the answers to a logout token (Back-Channel Logout 1.0, 2.8).
SKEW_MS = 60_000


class SignIn:
    """The handlers' common parts. `public_url` is PUBLIC_URL, `seconds` OIDC_SESSION."""

    def __init__(
        self,
        flow: SignInFlow,
        sessions: Sessions,
        signer: Signer,
        *,
        public_url: str,
        seconds: float,
        has_password: bool,
    ) -> None:
        self.flow = flow
        self.sessions = sessions
        self.signer = signer
        self._public_url = public_url
        self._seconds = int(seconds)
        self._has_password = has_password

    def base(self, context: RequestContext) -> str:
        """This desk's address, as the browser knows it. Raises InvalidRequest."""
        host = context.request_headers.get("host", "")
        if not self._public_url and not host_name(host):
            raise InvalidRequest("The Host header names no host.")
        return self._public_url or f"{context.scheme}://{host}"

    def page(self, request: Request, message: Message, status: int) -> Response:
        languages = request.headers.get("accept-language", "")
        return sign_in_page(message, languages, status, has_password=self._has_password)

    def failed(self, request: Request, error: SignInError) -> Response:
        log.warning("sign_in_failed", kind=error.kind, reason=error.reason)
        return self.page(request, error.kind, error.status)

    async def session(self, context: RequestContext) -> SignedIn | None:
        """Whose session the request's cookie is; None where it is none or has ended. Raises
        StoreUnavailable."""
        cookie = cookie_of(context.request_headers, host_cookie(SESSION_COOKIE, context.scheme))
        signed_in = self.signer.session(cookie)
        if signed_in is None or self.sessions.seen(signed_in.session):
            return signed_in
        lives = await asyncio.to_thread(self.sessions.lives, signed_in.session)
        return signed_in if lives else None

    async def login(self, request: Request) -> Response:
        context = context_of(request.scope)
        page = request.query_params.get("next", "")
        try:
            begun = await self.flow.begin(page, self.base(context))
        except SignInError as error:
            return self.failed(request, error)
        response = RedirectResponse(begun.location, 302, NO_STORE)
        prefix = host_cookie(BEGUN_COOKIE, context.scheme)
        older = cookies_that_begin(context.request_headers, prefix)
        if len(older) >= MAX_BEGUN:
            forget(response, older, context)
        name = prefix + begun.state[:8]
        cookie = set_cookie(name, begun.cookie, LOGIN_SECONDS, context.scheme)
        response.headers.append("set-cookie", cookie)
        return response

    async def callback(self, request: Request) -> Response:
        context = context_of(request.scope)
        query = dict(request.query_params)
        name = host_cookie(BEGUN_COOKIE, context.scheme) + query.get("state", "")[:8]
        cookie = cookie_of(context.request_headers, name)
        try:
            person, page = await self.flow.finish(query, cookie)
            signed_in = SignedIn(secrets.token_urlsafe(24), person.name, person.is_staff)
            await asyncio.to_thread(
                self.sessions.open,
                signed_in.session,
                person.subject,
                person.provider_session,
                self._seconds,
            )
        except NotBegun as error:
            # Gone back to, or signed in by another tab: the session that there is goes on.
            if await self.session(context) is not None:
                return RedirectResponse("/chat.html", 303, NO_STORE)
            return self.failed(request, error)
        except SignInError as error:
            return self.failed(request, error)
        except StoreUnavailable as error:
            return self.page(request, "store", error.status)
        log.info("signed_in", is_staff=person.is_staff)
        response = RedirectResponse(page, 303, NO_STORE)
        forget(response, [name], context)
        session = self.signer.sign_session(signed_in, self._seconds)
        cookie_name = host_cookie(SESSION_COOKIE, context.scheme)
        response.headers.append(
            "set-cookie", set_cookie(cookie_name, session, self._seconds, context.scheme)
        )
        return response

    async def check(self, request: Request) -> Response:
        """204 with the user's name for nginx, or 401."""
        signed_in = await self.session(context_of(request.scope))
        if signed_in is None:
            return Response(status_code=401, headers=NO_STORE)
        named = headers_for_nginx(signed_in.name, signed_in.is_staff)
        return Response(status_code=204, headers=NO_STORE | named)

    async def logout(self, request: Request) -> Response:
        """{location}: where the browser goes to end its session at the provider too."""
        context = context_of(request.scope)
        signed_in = await self.session(context)
        if signed_in is not None:
            await asyncio.to_thread(self.sessions.close, signed_in.session)
        try:
            location = await self.flow.leave(self.base(context))
        except SignInError as error:
            log.warning("provider_logout_failed", reason=error.reason)
            location = SIGNED_OUT
        response = JSONResponse({"location": location}, headers=NO_STORE)
        forget(response, [host_cookie(SESSION_COOKIE, context.scheme)], context)
        return response

    async def backchannel_logout(
        self, request: Request, count_failure: Callable[[str], Awaitable[None]]
    ) -> Response:
        """200 when the sessions have ended, 400 for a token that does not hold. `count_failure`
        gets the address that sent it, and raises after too many."""
        body = (await request.body()).decode("utf-8", "replace")
        try:
            token = parse_qs(body, max_num_fields=MAX_FIELDS).get("logout_token", [""])[0]
            logout = await self.flow.logout_of(token)
        except (SignInError, ValueError) as error:
            log.warning("backchannel_logout_refused", reason=str(error))
            if not isinstance(error, ProviderDown):
                await count_failure(context_of(request.scope).address)
            return JSONResponse({"error": "invalid_request"}, 400, headers=NO_STORE)
        before = logout.issued_at * 1000 + SKEW_MS
        ended = await asyncio.to_thread(
            self.sessions.close_all, logout.subject, logout.provider_session, before
        )
        log.info("backchannel_logout", sessions=ended)
        return Response(status_code=200, headers=NO_STORE)


def forget(response: Response, names: list[str], context: RequestContext) -> None:
    for name in names:
        response.headers.append("set-cookie", set_cookie(name, "", 0, context.scheme))


def sign_in_router(
    sign_in: SignIn,
    limits: RouteLimits,
    count_failure: Callable[[str], Awaitable[None]],
) -> APIRouter:
    """`count_failure` counts a failed sign-in of an address, and raises after too many."""
    router = APIRouter(include_in_schema=False)
    charged = [limits.charged]

    @router.get("/auth/login", dependencies=charged)
    async def login(request: Request) -> Response:
        return await sign_in.login(request)

    @router.get("/auth/callback", dependencies=charged)
    async def callback(request: Request) -> Response:
        return await sign_in.callback(request)

    @router.get("/auth/check")
    async def check(request: Request) -> Response:
        return await sign_in.check(request)

    @router.post("/auth/logout", dependencies=charged)
    async def logout(request: Request) -> Response:
        return await sign_in.logout(request)

    @router.post("/auth/backchannel-logout")
    async def backchannel_logout(request: Request) -> Response:
        return await sign_in.backchannel_logout(request, count_failure)

    @router.get(SIGNED_OUT)
    async def signed_out(request: Request) -> Response:
        return sign_in.page(request, "signed_out", 200)

    return router
