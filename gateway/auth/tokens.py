"""Signed tokens: visitor cookies, and embed tokens for pages on other origins. JWT, HMAC-SHA256 (RFC 7519)."""

import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt

from gateway.server.regular_files import read_whole
from gateway.settings import MIN_SECRET, WrongSettings

ALGORITHM = "HS256"
MAX_SECRET_BYTES = 64 * 1024
VISITOR_COOKIE = "sightdesk_visitor"
VISITOR_SECONDS = 400 * 24 * 3600  # as long as browsers keep a cookie at most
MAX_TOKEN = 4096  # characters; one of ours has at most 2,000


@dataclass(frozen=True, slots=True)
class EmbedToken:
    issuer: str  # the name of the API key that it was made with
    user: str
    origin: str
    expires_at: int


class Signer:
    def __init__(self, secret: str) -> None:
        # RFC 7518, 3.2: a key for HS256 has at least 256 bits, however short the secret that was set.
        self._secret = hashlib.sha256(secret.encode()).digest()
        self.cache_salt = lru_cache(1024)(self._cache_salt)
        self.pseudonym = lru_cache(1024)(self._pseudonym)

    def sign_visitor(self, visitor: str) -> str:
        return self._sign({"sub": visitor, "aud": "visitor"})

    def visitor(self, cookie: str) -> str | None:
        claims = self._verify(cookie, "visitor")
        return str(claims["sub"]) if claims else None

    def sign_embed(self, issuer: str, user: str, origin: str, ttl: int) -> tuple[str, int]:
        """(token, Unix time at which it expires); `ttl` in seconds."""
        expires_at = int(time.time()) + ttl
        claims = {"iss": issuer, "sub": user, "aud": "embed", "origin": origin, "exp": expires_at}
        return self._sign(claims), expires_at

    def embed(self, token: str) -> EmbedToken | None:
        claims = self._verify(token, "embed", require=["exp", "iss", "sub", "origin"])
        if claims is None:
            return None
        return EmbedToken(
            str(claims["iss"]), str(claims["sub"]), str(claims["origin"]), int(claims["exp"])
        )

    def _cache_salt(self, tenant: str) -> str:
        """What keeps one tenant's prefix cache apart from another's inside the engine."""
        # BLAKE2's own keyed mode: OpenSSL's HMAC costs 47 µs a call, and every question needs one.
        return hashlib.blake2b(
            tenant.encode(), key=self._secret, person=b"cache salt", digest_size=16
        ).hexdigest()

    def _pseudonym(self, owner: str) -> str:
        """The same for the same owner, and nothing that the owner can be found by."""
        return hashlib.blake2b(
            owner.encode(), key=self._secret, person=b"pseudonym", digest_size=16
        ).hexdigest()

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def _verify(
        self, token: str, audience: str, require: list[str] | None = None
    ) -> dict[str, Any] | None:
        if len(token) > MAX_TOKEN:
            return None
        try:
            return jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=audience,
                options={"require": require or ["sub"]},
            )
        except jwt.InvalidTokenError:
            return None


def new_visitor() -> str:
    return secrets.token_urlsafe(12)


def load_secret(given: str, data_dir: Path) -> str:
    """EMBED_SECRET, or one that was made once and is kept in DATA_DIR, so that visitors survive a restart. Raises WrongSettings."""
    if given:
        return given
    path = data_dir / "embed_secret"
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            _write_whole(path, secrets.token_urlsafe(48))
        kept = read_whole(path, MAX_SECRET_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise WrongSettings(
            f"DATA_DIR={str(data_dir)!r}: embed_secret in it: {error.strerror or error}"
        ) from None
    if len(kept) < MIN_SECRET or not kept.isascii():
        raise WrongSettings(
            f"EMBED_SECRET: {path} holds no secret; delete it, and a new one is made"
        )
    return kept


def _write_whole(path: Path, text: str) -> None:
    """There with all of its text or not at all, whatever happens meanwhile."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    with new.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
