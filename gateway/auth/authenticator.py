"""The one path by which a request becomes a Caller (contract, section 3)."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from gateway.auth.api_keys import APIKeyStore
from gateway.auth.networks import USER_HEADER, is_forwarded, is_local_host, within
from gateway.auth.origins import is_own
from gateway.auth.tokens import VISITOR_COOKIE, Signer, new_visitor
from gateway.errors import InvalidAPIKey, InvalidToken, OriginNotAllowed
from gateway.server.request_context import Caller, RequestContext, context_of
from gateway.settings import Network

KEYS_ONLY = "/v1/embed-tokens"
# What anybody may ask for. A route that is neither here nor under /v1/ or /api/ needs an API key.
OPEN = frozenset(("/healthz", "/readyz", "/metrics", "/", "/chat.html", "/embed.html", "/embed.js"))
OPEN_FOLDER = "/assets/"


@dataclass(frozen=True, slots=True)
class Authenticator:
    keys: APIKeyStore
    signer: Signer
    anonymous_networks: tuple[Network, ...]

    def by_path(self, connection: HTTPConnection) -> Caller | None:
        """Who calls, by the path's row in the contract's table; None where anybody may. Raises InvalidAPIKey or InvalidToken
        where nobody known does."""
        path = connection.scope["path"]
        if path in OPEN or path.startswith(OPEN_FOLDER):
            return None
        if path.startswith("/api/"):
            return self._for_page(connection)
        if path.startswith("/v1/") and path != KEYS_ONLY:
            return self._for_api(connection)
        return self._for_key(connection)

    def _for_api(self, connection: HTTPConnection) -> Caller:
        """`/v1`: an API key, or an anonymous network."""
        context = context_of(connection.scope)
        bearer = _bearer(connection)
        if bearer is not None and not self._key_means_nothing(connection, context):
            return self._key(bearer)
        if self._may_be_anonymous(connection, context):
            return Caller("anonymous", "anonymous", f"address:{context.address}")
        raise InvalidAPIKey("Send an API key as `Authorization: Bearer <key>`.")

    def _for_key(self, connection: HTTPConnection) -> Caller:
        """Routes that only an API key opens."""
        bearer = _bearer(connection)
        if bearer is not None:
            return self._key(bearer)
        raise InvalidAPIKey("This route needs an API key.")

    def _for_page(self, connection: HTTPConnection) -> Caller:
        """`/api`: an embed token or an API key, nginx's user, or an anonymous network."""
        context = context_of(connection.scope)
        bearer = _bearer(connection)
        if bearer is not None:
            is_token = bearer.count(".") == 2 and self.keys.find(bearer) is None
            return self._token(bearer, connection) if is_token else self._key(bearer)
        user = context.request_headers.get(USER_HEADER, "") if context.through_proxy else ""
        if user:
            return self._visitor(connection, Caller("user", "page", f"user:{user}"))
        if self._may_be_anonymous(connection, context):
            return self._visitor(connection, Caller("anonymous", "page", "visitor"))
        raise InvalidAPIKey("Sign in, or send an API key or an embed token.")

    def _key(self, key: str) -> Caller:
        known = self.keys.find(key)
        if known is None:
            raise InvalidAPIKey("This API key is not known here.")
        return Caller("key", known.name, f"key:{known.name}", limit=known.limit)

    def _token(self, text: str, connection: HTTPConnection) -> Caller:
        token = self.signer.embed(text)
        if token is None or not self.keys.has(token.issuer):
            raise InvalidToken("The embed token is wrong or has expired; ask for a new one.")
        check_token_origin(token.origin, connection)
        return Caller(
            "token", "embed", f"token:{token.issuer}:{token.user}", embed_origin=token.origin
        )

    def _key_means_nothing(self, connection: HTTPConnection, context: RequestContext) -> bool:
        """SDKs always send some key. Where no key exists and none is needed, theirs is not held against them."""
        return self.keys.empty and self._may_be_anonymous(connection, context)

    def _may_be_anonymous(self, connection: HTTPConnection, context: RequestContext) -> bool:
        """In an anonymous network, by a local name (no DNS rebinding), with no proxy in between."""
        return (
            within(context.address, self.anonymous_networks)
            and is_local_host(context.request_headers.get("host", ""))
            and not is_forwarded(context.request_headers)
        )

    def _visitor(self, connection: HTTPConnection, caller: Caller) -> Caller:
        """A person at the page is told apart by a signed cookie, made at the first visit."""
        visitor = self.signer.visitor(
            cookie_of(context_of(connection.scope).request_headers.get("cookie", ""))
        )
        made = None if visitor else new_visitor()
        return Caller(
            caller.kind, caller.name, f"{caller.owner}:{visitor or made}", new_visitor=made
        )


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, value = (
        context_of(connection.scope).request_headers.get("authorization", "").partition(" ")
    )
    return value.strip() if scheme.lower() == "bearer" else None


def cookie_of(header: str) -> str:
    """The visitor's cookie in a Cookie header, the last of several. Python's own parser takes 18 s for 60 KB of backslashes
    (CVE-2024-7592)."""
    pairs = (pair.strip().partition("=") for pair in reversed(header.split(";")))
    return next((value for name, _, value in pairs if name == VISITOR_COOKIE), "")


def check_token_origin(origin: str, connection: HTTPConnection) -> None:
    """A token works on the desk's own page and on the page it was made for; who carries it off to another gets nothing."""
    context = context_of(connection.scope)
    sent = context.request_headers.get("origin", "").lower()
    own = is_own(sent, context.request_headers.get("host", ""), context.scheme)
    if sent and not own and sent != origin.rstrip("/").lower():
        raise OriginNotAllowed("This embed token was made for another page's origin.")


def check_embed_origin(origin: str, allowed: bool) -> None:
    if not allowed:
        raise OriginNotAllowed(f"{origin} is not in ALLOWED_ORIGINS.", param="origin")
