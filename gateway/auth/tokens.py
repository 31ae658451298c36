"""Signed tokens: cookies of visitors and of single sign-on, embed tokens for pages on other
origins, and links to files. JWT with HMAC-SHA256 (RFC 7519)."""

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import jwt

ALGORITHM = "HS256"
VISITOR_COOKIE = "sightdesk_visitor"
VISITOR_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie
MAX_COOKIE = 512  # characters; our own have about 120
MAX_TOKEN = 4096  # characters; our own have at most 2,000


@dataclass(frozen=True, slots=True)
class EmbedToken:
    issuer: str  # the name of the API key that it was made with
    user: str
    origin: str
    expires_at: int  # Unix seconds


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun in one browser (auth/oidc_flow.py)."""

    state: str
    nonce: str
    verifier: str
    page: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has signed in through the provider."""

    session: str  # random; whether it has ended stands in the database
    name: str
    is_staff: bool


class Signer:
    def __init__(self, secret: str) -> None:
        # RFC 7518, 3.2: a key for HS256 has at least 256 bits, however short the secret is.
        self._secret = hashlib.sha256(secret.encode()).digest()
        self.cache_salt = lru_cache(1024)(self._cache_salt)
        self.pseudonym = lru_cache(1024)(self._pseudonym)
        # A cookie does not expire, and PyJWT's check is a twentieth of a question's cost.
        self._known_visitor = lru_cache(1024)(self._visitor)

    def sign_visitor(self, visitor: str) -> str:
        return self._sign({"sub": visitor, "aud": "visitor"})

    def visitor(self, cookie: str) -> str | None:
        """The visitor's id; None for a cookie that is not ours."""
        return self._known_visitor(cookie) if len(cookie) <= MAX_COOKIE else None

    def _visitor(self, cookie: str) -> str | None:
        claims = self._verify(cookie, "visitor", ["sub"])
        return str(claims["sub"]) if claims else None

    def sign_embed(self, issuer: str, user: str, origin: str, ttl: int) -> tuple[str, int]:
        """(token, Unix time at which it expires); `ttl` in seconds."""
        expires_at = int(time.time()) + ttl
        claims = {"iss": issuer, "sub": user, "aud": "embed", "origin": origin, "exp": expires_at}
        return self._sign(claims), expires_at

    def embed(self, token: str) -> EmbedToken | None:
        """None for a token that is not ours or has expired."""
        claims = self._verify(token, "embed", ["exp", "iss", "sub", "origin"])
        if claims is None:
            return None
        return EmbedToken(
            str(claims["iss"]), str(claims["sub"]), str(claims["origin"]), int(claims["exp"])
        )

    def sign_file(self, conversation_id: str, file_id: str, expires_at: int) -> str:
        """A token that lets anyone read one file of a conversation. `expires_at`: Unix seconds."""
        claims = {"sub": file_id, "aud": "file", "conversation": conversation_id, "exp": expires_at}
        return self._sign(claims)

    def file(self, token: str) -> tuple[str, str] | None:
        """(conversation, file); None for a token that is not ours or has expired."""
        claims = self._verify(token, "file", ["exp", "sub", "conversation"])
        return (str(claims["conversation"]), str(claims["sub"])) if claims else None

    def sign_begun(self, begun: Begun, seconds: int) -> str:
        claims = {**asdict(begun), "aud": "begun", "exp": int(time.time()) + seconds}
        return self._sign(claims)

    def begun(self, cookie: str) -> Begun | None:
        """None for a cookie that is not ours or has expired."""
        names = [field.name for field in fields(Begun)]
        claims = self._verify(cookie, "begun", ["exp", *names])
        return Begun(*(str(claims[name]) for name in names)) if claims else None

    def sign_session(self, signed_in: SignedIn, seconds: int) -> str:
        claims = {**asdict(signed_in), "aud": "session", "exp": int(time.time()) + seconds}
        return self._sign(claims)

    def session(self, cookie: str) -> SignedIn | None:
        """None for a cookie that is not ours or has expired."""
        claims = self._verify(cookie, "session", ["exp", "session", "name", "is_staff"])
        if claims is None:
            return None
        return SignedIn(str(claims["session"]), str(claims["name"]), claims["is_staff"] is True)

    def _cache_salt(self, tenant: str) -> str:
        """Keeps the prefix caches of tenants apart inside the engine."""
        # BLAKE2's own keyed mode: OpenSSL's HMAC takes 47 µs a call, and every question needs one.
        return hashlib.blake2b(
            tenant.encode(), key=self._secret, person=b"cache salt", digest_size=16
        ).hexdigest()

    def _pseudonym(self, owner: str) -> str:
        """The same for the same owner; the owner cannot be found from it."""
        return hashlib.blake2b(
            owner.encode(), key=self._secret, person=b"pseudonym", digest_size=16
        ).hexdigest()

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def _verify(self, token: str, audience: str, require: list[str]) -> dict[str, Any] | None:
        if len(token) > MAX_TOKEN:
            return None
        try:
            return jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=audience,
                options={"require": require},
            )
        except jwt.InvalidTokenError:
            return None


def new_visitor() -> str:
    """A random visitor id."""
    return secrets.token_urlsafe(12)
