"""The OpenID Connect provider: its discovery document, its keys, and the exchange of a code.

Nothing here runs while questions are answered: only sign-ins and logouts ask the provider, or use
what was fetched within the last hour.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key
from joserfc.jwt import Token

from gateway.auth.oidc_errors import ProviderDown, WrongToken
from gateway.auth.oidc_http import TIMEOUT, WHOLE_SECONDS, bounded_transport
from gateway.auth.oidc_tokens import KeyUnknown, read_token

DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0  # a document or key set is fetched again after that
REST_SECONDS = 2.0  # after a failure the provider is not asked again
# Fetches of the keys because a token fits none: forged tokens must not turn into a load on the
# provider.
REFETCHES, REFETCH_SECONDS = 5, 60.0
MAX_KEYS = 100

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Client:
    """This desk, as the provider knows it. An empty secret makes it a public client."""

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: str = "openid profile email"
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the discovery document says. `end_session` is empty where the provider has none."""

    authorization: str
    token: str
    jwks: str
    end_session: str
    auth_method: str  # how we tell our secret: none, client_secret_basic or client_secret_post


class _Slot:
    """A value that is fetched by one caller while the others wait, and then kept."""

    def __init__(self) -> None:
        self.value: Any = None
        self.fetched_at = float("-inf")
        self.failed_at = float("-inf")
        self.failure: ProviderDown | None = None
        self.lock = asyncio.Lock()


class Provider:
    """Raises ProviderDown where the provider does not answer or its answer makes no sense."""

    def __init__(self, client: Client) -> None:
        """Raises OSError where the client's `ca_file` cannot be read."""
        self.client = client
        self._metadata, self._keys = _Slot(), _Slot()
        self._refetched: deque[float] = deque(maxlen=REFETCHES)
        self._transport = bounded_transport(client.ca_file)

    async def metadata(self) -> Metadata:
        async def fetch() -> Metadata:
            document = await self._json(self.client.issuer.rstrip("/") + DISCOVERY)
            return read_metadata(document, self.client)

        found: Metadata = await _kept(self._metadata, fetch)
        return found

    async def exchange(self, code: str, redirect_uri: str, verifier: str) -> Mapping[str, Any]:
        """The provider's answer to the code, ID token included. Raises WrongToken where it
        refuses the code."""
        metadata = await self.metadata()
        client = self.oauth(metadata)
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                answer: Mapping[str, Any] = await client.fetch_token(
                    metadata.token,
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                )
        except AuthlibBaseError as error:
            raise WrongToken(f"token endpoint: {error.error}") from None
        except (httpx2.HTTPError, OSError, TimeoutError, ValueError) as error:
            raise ProviderDown(f"token endpoint: {_told(error)}") from None
        if not isinstance(answer.get("id_token"), str):
            raise WrongToken("token endpoint: no ID token")
        return answer

    async def verified(self, token: str) -> Token:
        """The signed token. Where no key fits, the keys are fetched once more: the provider may
        have new ones. Raises WrongToken."""
        try:
            return read_token(token, await self._key_set())
        except KeyUnknown:
            if not await self._refetch():
                raise
        return read_token(token, await self._key_set())

    def oauth(self, metadata: Metadata) -> AsyncOAuth2Client:
        """Authlib's client, for one sign-in: it keeps state."""
        return AsyncOAuth2Client(
            self.client.client_id,
            self.client.client_secret or None,
            token_endpoint_auth_method=metadata.auth_method,
            scope=self.client.scopes,
            code_challenge_method="S256",
            transport=self._transport,
            timeout=TIMEOUT,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._transport.aclose()

    async def _key_set(self) -> KeySet:
        async def fetch() -> KeySet:
            return read_keys(await self._json((await self.metadata()).jwks))

        found: KeySet = await _kept(self._keys, fetch)
        return found

    async def _refetch(self) -> bool:
        """Whether the keys will be fetched again; not after REFETCHES in REFETCH_SECONDS."""
        now = time.monotonic()
        if len(self._refetched) == REFETCHES and now - self._refetched[0] < REFETCH_SECONDS:
            return False
        self._refetched.append(now)
        self._keys.fetched_at = self._keys.failed_at = float("-inf")
        return True

    async def _json(self, url: str) -> Any:
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                client = httpx2.AsyncClient(
                    transport=self._transport, timeout=TIMEOUT, trust_env=False
                )
                answer = await client.get(url, headers={"accept": "application/json"})
                answer.raise_for_status()
                return answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError, ValueError) as error:
            raise ProviderDown(f"{url}: {_told(error)}") from None


async def _kept(slot: _Slot, fetch: Callable[[], Any]) -> Any:
    """The slot's value, fetched at most once at a time and an hour. An older value goes on while
    the provider does not answer. Raises ProviderDown."""
    async with slot.lock:
        now = time.monotonic()
        if now - slot.fetched_at < KEPT_SECONDS:
            return slot.value
        if now - slot.failed_at < REST_SECONDS and slot.failure is not None:
            if slot.value is not None:
                return slot.value
            raise ProviderDown(slot.failure.reason)
        try:
            slot.value = await fetch()
            slot.fetched_at = time.monotonic()
        except ProviderDown as error:
            slot.failed_at, slot.failure = time.monotonic(), error
            if slot.value is None:
                raise
        return slot.value


def read_metadata(document: Any, client: Client) -> Metadata:
    """Raises ProviderDown for a document of another issuer, or without an address that we need."""
    if not isinstance(document, dict):
        raise ProviderDown("discovery: no JSON object")
    if document.get("issuer") != client.issuer:
        raise ProviderDown(
            f"discovery: the issuer is {str(document.get('issuer'))[:200]!r}, and OIDC_ISSUER is "
            f"{client.issuer!r}"
        )
    end = document.get("end_session_endpoint")
    return Metadata(
        authorization=_address(document, "authorization_endpoint", client.issuer),
        token=_address(document, "token_endpoint", client.issuer),
        jwks=_address(document, "jwks_uri", client.issuer),
        end_session=_address(document, "end_session_endpoint", client.issuer) if end else "",
        auth_method=_auth_method(document, client),
    )


def _address(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """An address of the provider; over TLS where the issuer is."""
    value = document.get(name)
    schemes = ("https",) if issuer.startswith("https:") else ("http", "https")
    if not isinstance(value, str) or not _can_be_asked(value, schemes):
        raise ProviderDown(f"discovery: {name} is {str(value)[:200]!r}")
    return value


def _can_be_asked(address: str, schemes: tuple[str, ...]) -> bool:
    """Whether it has such a scheme, a host and a port that exists."""
    try:
        httpx2.URL(address)  # refuses hosts and characters that urlsplit takes
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except (httpx2.InvalidURL, ValueError):
        return False


def _auth_method(document: Mapping[str, Any], client: Client) -> str:
    if not client.client_secret:
        return "none"
    known = document.get("token_endpoint_auth_methods_supported")
    takes_post_only = (
        isinstance(known, list)
        and "client_secret_post" in known
        and "client_secret_basic" not in known
    )
    return "client_secret_post" if takes_post_only else "client_secret_basic"


def read_keys(document: Any) -> KeySet:
    """The keys that we can use; of an unknown kind there may be more. Raises ProviderDown."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ProviderDown("keys: no list of keys")
    keys = []
    for entry in entries[:MAX_KEYS]:
        try:
            if isinstance(entry, dict) and entry.get("kty") != "oct":
                keys.append(import_key(entry))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ProviderDown("keys: none that checks a signature")
    return KeySet(keys)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
