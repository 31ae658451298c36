"""A sign-in from its beginning to its end: authorization code with PKCE, state and nonce.

What belongs to one sign-in travels in a signed cookie of its own, so any gateway can finish what
another began, and nobody can finish a sign-in that another browser began (login CSRF).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.common.security import generate_token

from gateway.auth.oidc_errors import NotBegun, ProviderRefused
from gateway.auth.oidc_people import ClaimNames, Person, person_of
from gateway.auth.oidc_provider import Client, Provider
from gateway.auth.oidc_tokens import Logout, check_id_token, check_logout_token
from gateway.auth.tokens import Begun, Signer

CALLBACK = "/auth/callback"
SIGNED_OUT = "/auth/signed-out"
# Where a sign-in may lead. A list, so that no address can be made that leads elsewhere.
PAGES = ("/chat.html", "/desk.html")
LOGIN_SECONDS = 600  # from the first redirect to the last


@dataclass(frozen=True, slots=True)
class Beginning:
    location: str  # the provider's page
    state: str
    cookie: str


def page_of(wanted: str) -> str:
    """`wanted` if it is a page of this desk, else the chat."""
    return wanted if wanted in PAGES else PAGES[0]


class SignInFlow:
    """All raise SignInError."""

    def __init__(self, provider: Provider, names: ClaimNames, signer: Signer) -> None:
        self.provider = provider
        self._names = names
        self._signer = signer

    @property
    def _client(self) -> Client:
        return self.provider.client

    async def begin(self, page: str, base: str) -> Beginning:
        """`base`: this desk's address, as the browser knows it."""
        metadata = await self.provider.metadata()
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        verifier, redirect_uri = generate_token(64), base + CALLBACK
        location, _ = self.provider.oauth(metadata).create_authorization_url(
            metadata.authorization,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            nonce=nonce,
        )
        begun = Begun(state, nonce, verifier, page_of(page), redirect_uri)
        return Beginning(location, state, self._signer.sign_begun(begun, LOGIN_SECONDS))

    async def finish(self, query: Mapping[str, str], cookie: str) -> tuple[Person, str]:
        """(who has signed in, the page that they wanted). `cookie`: that of the state."""
        begun = self._signer.begun(cookie)
        if begun is None or not hmac.compare_digest(
            begun.state.encode(), query.get("state", "").encode()
        ):
            raise NotBegun("no sign-in of this browser has this state")
        # RFC 9207: another provider's answer is not this one's.
        if query.get("iss", self._client.issuer) != self._client.issuer:
            raise ProviderRefused("the answer is another provider's")
        if "error" in query or not query.get("code"):
            raise ProviderRefused(f"the provider answered {query.get('error', 'no code')[:100]!r}")
        answer = await self.provider.exchange(query["code"], begun.redirect_uri, begun.verifier)
        token = await self.provider.verified(answer["id_token"])
        access = answer.get("access_token")
        claims = check_id_token(
            token,
            self._client.issuer,
            self._client.client_id,
            begun.nonce,
            access if isinstance(access, str) else None,
        )
        return person_of(claims, self._names), page_of(begun.page)

    async def logout_of(self, token: str) -> Logout:
        """Whom a logout token of the provider signs out."""
        verified = await self.provider.verified(token)
        return check_logout_token(verified, self._client.issuer, self._client.client_id)

    async def leave(self, base: str) -> str:
        """Where a browser goes to end its session at the provider too."""
        end = (await self.provider.metadata()).end_session
        if not end:
            return SIGNED_OUT
        query = {
            "client_id": self._client.client_id,
            "post_logout_redirect_uri": base + SIGNED_OUT,
        }
        return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}"
