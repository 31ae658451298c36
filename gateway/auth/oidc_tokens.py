"""What must hold of an ID token and of a logout token.

OpenID Connect Core 1.0, section 3.1.3.7, and Back-Channel Logout 1.0, section 2.6.
"""

import time
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.auth.oidc_errors import WrongToken

# Signatures by the provider's private key. Never `none`, and no shared secret (HS256): whoever
# knows a public key could sign with it.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
SKEW_SECONDS = 60  # by which the clocks may differ
LOGOUT_SECONDS = 300  # the oldest logout token that is taken
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_TEXT = 255  # characters of `sub` (Core, section 2) and of `sid`


class KeyUnknown(WrongToken):
    """No key of the provider fits: it may have new ones."""


@dataclass(frozen=True, slots=True)
class Logout:
    """Whom the provider has signed out: one session of it, or all of a person's."""

    subject: str | None
    provider_session: str | None
    issued_at: int  # Unix seconds


def read_token(token: str, keys: KeySet) -> jwt.Token:
    """The signed token's header and claims. Raises WrongToken, KeyUnknown."""
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS)
    except JoseError as error:
        fits_no_key = error.error in ("bad_signature", "invalid_key_id")
        raise (KeyUnknown if fits_no_key else WrongToken)(f"token: {error}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise WrongToken(f"token: {type(error).__name__}: {error}") from None


def check_id_token(
    token: jwt.Token, issuer: str, client_id: str, nonce: str, access_token: str | None
) -> dict[str, Any]:
    """The claims of an ID token that is meant for us. Raises WrongToken."""
    params = {"client_id": client_id, "nonce": nonce, "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, _expected(issuer, client_id), params)
    _validate(claims)
    _check_text(claims["sub"], "sub")
    return dict(claims)


def check_logout_token(token: jwt.Token, issuer: str, client_id: str) -> Logout:
    """Raises WrongToken."""
    claims = token.claims
    registry = CodeIDToken.registry_cls(
        int(time.time()), SKEW_SECONDS, **_expected(issuer, client_id)
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise WrongToken(f"logout token: {error}") from None
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise WrongToken("logout token: it tells of no logout")
    if "nonce" in claims:
        raise WrongToken("logout token: it has a nonce, so it may be an ID token")
    if time.time() - claims["iat"] > LOGOUT_SECONDS + SKEW_SECONDS:
        raise WrongToken(f"logout token: it is older than {LOGOUT_SECONDS} s")
    subject, session = claims.get("sub"), claims.get("sid")
    for name, value in (("sub", subject), ("sid", session)):
        if value is not None:
            _check_text(value, name)
    if subject is None and session is None:
        raise WrongToken("logout token: it names neither a person nor a session")
    return Logout(subject, session, int(claims["iat"]))


def _expected(issuer: str, client_id: str) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
        "iat": {"essential": True},
    }


def _validate(claims: CodeIDToken) -> None:
    try:
        claims.validate(now=int(time.time()), leeway=SKEW_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise WrongToken(f"ID token: {error}") from None


def _check_text(value: object, name: str) -> None:
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise WrongToken(f"token: {name} is no text of 1 to {MAX_TEXT} characters")
