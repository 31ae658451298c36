"""Authentication: the one path by which a request becomes a Caller (contract, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.auth.api_keys import APIKeyStore
from gateway.auth.cookies import cookie_of
from gateway.auth.networks import is_forwarded, is_local_host, within
from gateway.auth.origins import is_own
from gateway.auth.proxied_user import SIGN_IN_FOLDER, proxied_user
from gateway.auth.staff import STAFF_ROLE, Staff
from gateway.auth.tokens import VISITOR_COOKIE, Signer, new_visitor
from gateway.errors import InvalidAPIKey, InvalidToken, OriginNotAllowed
from gateway.server.request_context import Caller, RequestContext
from gateway.setting_values import Network

KEYS_ONLY = "/v1/embed-tokens"
# Open to everyone. A route that is neither here nor under /v1/ or /api/ needs an API key.
OPEN = frozenset(("/healthz", "/readyz", "/metrics", "/", "/chat.html", "/embed.html", "/embed.js"))
OPEN_FOLDER = "/assets/"
STAFF_FOLDER = "/api/desk/"
SIGNED_FOLDER = "/signed/files/"  # the rest of the path is the permission
STAFF_PAGE = "/desk.html"


@dataclass(frozen=True, slots=True)
class Authenticator:
    keys: APIKeyStore
    signer: Signer
    anonymous_networks: tuple[Network, ...]
    staff: Staff = field(default_factory=Staff)

    def authenticate(self, path: str, context: RequestContext) -> Caller | None:
        """The caller, by the path's row in the contract's table; None for an open path. Raises
        InvalidAPIKey, InvalidToken or OriginNotAllowed."""
        if path in OPEN or path.startswith((OPEN_FOLDER, SIGN_IN_FOLDER)):
            return None
        if path.startswith(SIGNED_FOLDER):
            self._check_link(path.removeprefix(SIGNED_FOLDER))
            return None
        if path == STAFF_PAGE or path.startswith(STAFF_FOLDER):
            return _acting(self._for_page(context))
        if path.startswith("/api/"):
            return self._for_page(context)
        if path.startswith("/v1/") and path != KEYS_ONLY:
            return self._for_api(context)
        return self._for_key(context)

    def _check_link(self, token: str) -> None:
        """Raises InvalidToken."""
        if self.signer.file(token) is None:
            raise InvalidToken("This link is wrong or has expired.")

    def _for_api(self, context: RequestContext) -> Caller:
        """`/v1`: an API key, or an anonymous network."""
        bearer = bearer_of(context.request_headers)
        if bearer is not None and not self._ignores_keys(context):
            return self._key(bearer)
        if self._may_be_anonymous(context):
            demo = self.staff.anonymous(context.address)
            owner = f"address:{context.address}"
            return Caller("anonymous", "anonymous", owner, subject=demo)
        raise InvalidAPIKey("Send an API key as `Authorization: Bearer <key>`.")

    def _for_key(self, context: RequestContext) -> Caller:
        """Routes that need an API key."""
        bearer = bearer_of(context.request_headers)
        if bearer is not None:
            return self._key(bearer)
        raise InvalidAPIKey("This route needs an API key.")

    def _for_page(self, context: RequestContext) -> Caller:
        """`/api`: an embed token or an API key, nginx's user, or an anonymous network."""
        bearer = bearer_of(context.request_headers)
        if bearer is not None:
            is_token = bearer.count(".") == 2 and self.keys.find(bearer) is None
            return self._token(bearer, context) if is_token else self._key(bearer)
        user = proxied_user(context)
        if user is not None:
            staff = self.staff.user(user.name) if user.is_staff is None else ""
            caller = Caller(
                "user",
                "page",
                f"user:{user.name}",
                staff=user.name if user.is_staff else staff,
                subject=user.name,
                by_provider=user.is_staff is not None,
            )
            return self._visitor(caller, context)
        if self._may_be_anonymous(context):
            staff = self.staff.anonymous(context.address)
            caller = Caller("anonymous", "page", "visitor", staff=staff, subject=staff)
            return self._visitor(caller, context)
        raise InvalidAPIKey("Sign in, or send an API key or an embed token.")

    def _key(self, text: str) -> Caller:
        key = self.keys.find(text)
        if key is None:
            raise InvalidAPIKey("This API key is not known here.")
        staff = key.name if key.role == STAFF_ROLE else ""
        owner = f"key:{key.name}"
        return Caller("key", key.name, owner, limit=key.limit, staff=staff, tenant=key.name)

    def _token(self, text: str, context: RequestContext) -> Caller:
        token = self.signer.embed(text)
        if token is None or not self.keys.has(token.issuer):
            raise InvalidToken("The embed token is wrong or has expired; ask for a new one.")
        check_token_origin(token.origin, context)
        owner = f"token:{token.issuer}:{token.user}"
        return Caller(
            "token",
            "embed",
            owner,
            embed_origin=token.origin,
            subject=token.user,
            tenant=token.issuer,
        )

    def _ignores_keys(self, context: RequestContext) -> bool:
        """SDKs always send some key. Where no key exists and none is needed, theirs is ignored."""
        return self.keys.empty and self._may_be_anonymous(context)

    def _may_be_anonymous(self, context: RequestContext) -> bool:
        """In an anonymous network, under a local host name (against DNS rebinding), and without a
        proxy in between."""
        return (
            within(context.address, self.anonymous_networks)
            and is_local_host(context.request_headers.get("host", ""))
            and not is_forwarded(context.request_headers)
        )

    def _visitor(self, caller: Caller, context: RequestContext) -> Caller:
        """People at the page are told apart by a signed cookie, set on the first visit."""
        cookie = cookie_of(context.request_headers, VISITOR_COOKIE)
        visitor = self.signer.visitor(cookie)
        created = None if visitor else new_visitor()
        return replace(caller, owner=f"{caller.owner}:{visitor or created}", new_visitor=created)


def _acting(caller: Caller) -> Caller:
    """Staff act and are counted under their name, whatever browser they use."""
    if not caller.staff:
        return caller
    return replace(caller, owner=f"staff:{caller.staff}", new_visitor=None)


def bearer_of(given: Mapping[str, str]) -> str | None:
    """The key or token in the headers of a request."""
    scheme, _, value = given.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def check_token_origin(token_origin: str, context: RequestContext) -> None:
    """A token works on the desk's own page and on the page it was made for. A page that took it
    elsewhere gets OriginNotAllowed."""
    sent = context.request_headers.get("origin", "").lower()
    is_own_page = is_own(sent, context.request_headers.get("host", ""), context.scheme)
    if sent and not is_own_page and sent != token_origin.rstrip("/").lower():
        raise OriginNotAllowed("This embed token was made for another page's origin.")


def check_embed_origin(origin: str, allowed: bool) -> None:
    """Raises OriginNotAllowed for an origin that no embed token may name."""
    if not allowed:
        raise OriginNotAllowed(f"{origin} is not in ALLOWED_ORIGINS.", param="origin")
