"""The provider's keys: fetched again where a token fits none, for all sign-ins that wait."""

import asyncio
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gateway.auth.oidc_errors import WrongToken
from gateway.auth.oidc_provider import REFETCHES, Client, Provider

ISSUER = "https://id.example"
OLD, NEW = (RSAKey.generate_key(2048, {"use": "sig", "kid": name}) for name in ("old", "new"))


class RotatingProvider(Provider):
    """Publishes the old key first, then the new one. `fetches` counts its key sets."""

    fetches = 0

    async def _json(self, url: str) -> Any:
        await asyncio.sleep(0)
        if url.endswith("/keys"):
            self.fetches += 1
            key = OLD if self.fetches == 1 else NEW
            return KeySet([key]).as_dict(private=False)
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return {"issuer": ISSUER, **dict.fromkeys(names, f"{ISSUER}/keys")}


def token_by(key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {"exp": time.time() + 60}, key)


async def test_many_sign_ins_at_once_after_a_new_key_fetch_it_once_and_all_succeed() -> None:
    provider = RotatingProvider(Client(ISSUER, "desk"))
    await provider.verified(token_by(OLD))
    many = [provider.verified(token_by(NEW)) for _ in range(4 * REFETCHES)]
    await asyncio.gather(*many)
    assert provider.fetches == 2
    await provider.close()


async def test_forged_tokens_one_after_the_other_fetch_the_keys_a_few_times_only() -> None:
    provider = RotatingProvider(Client(ISSUER, "desk"))
    forged = token_by(RSAKey.generate_key(2048, {"kid": "forged"}))
    for _ in range(4 * REFETCHES):
        with pytest.raises(WrongToken):
            await provider.verified(forged)
    assert provider.fetches == 1 + REFETCHES
    await provider.close()
