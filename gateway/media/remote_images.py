"""Remote pictures, for ALLOW_REMOTE_IMAGES: only public addresses, resolved once and pinned, at every redirect again.

The host is resolved here and the connection goes to that very address, so that a name cannot point elsewhere a moment later
(DNS rebinding); every address that the name has must be public, so that a mixed answer cannot smuggle a private one in.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import httpx

from gateway.auth.networks import Address, is_tunnel, parse_address
from gateway.errors import InvalidImage
from gateway.media.sniff import too_large

MAX_REDIRECTS = 3
FETCH_SECONDS = 15.0
CONNECT_SECONDS = 2.0
WEB_PORTS = {"http": 80, "https": 443}
RESOLVERS = 4
# One message for a name that is not there, one that lies within and one that does not answer: the network is not to be explored.
NOT_FETCHED = "The picture's address could not be fetched; it must be public."
FIRST_USER_PORT = (
    1024  # below it listen mail, shells and databases' elders, which a request could talk to
)

# What Python's registry of special addresses leaves out: NAT64 (RFC 6052, 8215), site-local addresses (RFC 3879), 6to4 relays
# (RFC 7526), documentation (RFC 9637).
NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24", "3fff::/20")
)

Resolve = Callable[[str, int], Awaitable[list[Address]]]
Allow = Callable[[Address], bool]


class Resolver:
    """The system's, in threads of its own: a name server that does not answer holds up nothing but other remote pictures."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(RESOLVERS, "resolver")

    async def __call__(self, host: str, port: int) -> list[Address]:
        """Every address of a name. Raises OSError."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        return [
            address for entry in found if (address := parse_address(str(entry[4][0]))) is not None
        ]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def is_public(address: Address) -> bool:
    """Globally reachable and no tunnel into somewhere else, as NAT64 is one too."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not is_tunnel(address) and not any(address in network for network in NOT_PUBLIC)


class RemoteImages:
    def __init__(
        self, max_bytes: int, resolve: Resolve | None = None, allow: Allow = is_public
    ) -> None:
        # No connection is used again: HTTPX keeps them by address, and what one host proved by its certificate another has not.
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )
        # The hosts of pictures leave nothing here.
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._max_bytes = max_bytes
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._allow = allow

    async def aclose(self) -> None:
        await self._http.aclose()
        self._resolver.close()

    async def fetch(self, url: str) -> bytes:
        """The bytes behind an http(s) URL. Raises InvalidImage or ImageTooLarge; neither says what was found inside."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                for _ in range(MAX_REDIRECTS + 1):
                    got = await self._once(url)
                    if isinstance(got, bytes):
                        return got
                    url = urljoin(url, got)
        except TimeoutError:
            raise InvalidImage(
                f"The picture's address did not answer within {FETCH_SECONDS:g} s.",
                details={"limit": FETCH_SECONDS, "name": "seconds"},
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            raise InvalidImage(NOT_FETCHED, details={"name": "not_fetched"}) from None
        raise InvalidImage(
            f"The picture's address redirects more than {MAX_REDIRECTS} times.",
            details={"limit": MAX_REDIRECTS, "name": "redirects"},
        )

    async def _once(self, url: str) -> bytes | str:
        """The body, or where a redirect points."""
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username is not None
        ):
            raise InvalidImage(
                "Pictures are fetched from http:// and https:// addresses without a user name only.",
                details={"name": "scheme", "accepted": sorted(WEB_PORTS)},
            )
        port = parts.port or WEB_PORTS[parts.scheme]
        if port < FIRST_USER_PORT and port not in WEB_PORTS.values():
            raise InvalidImage(
                f"Pictures are not fetched from port {port}, where other services listen.",
                details={"name": "port", "port": port},
            )
        address = await self._pinned(parts.hostname, port)
        literal = f"[{address}]" if address.version == 6 else str(address)
        pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
        request = self._http.build_request(
            "GET",
            pinned,
            headers={
                "host": parts.netloc,
                "accept": "image/*,application/pdf",
                "accept-encoding": "identity",
            },
            extensions={"sni_hostname": parts.hostname},
        )
        response = await self._http.send(request, stream=True)
        try:
            if response.has_redirect_location:
                return response.headers["location"]
            if response.status_code != httpx.codes.OK:
                raise InvalidImage(
                    f"The picture's address answered with status {response.status_code}.",
                    details={"name": "status", "status": response.status_code},
                )
            return await self._body(response)
        finally:
            await response.aclose()

    async def _pinned(self, host: str, port: int) -> Address:
        literal = parse_address(host)
        addresses = [literal] if literal is not None else await self._resolve(host, port)
        if not addresses or not all(map(self._allow, addresses)):
            raise InvalidImage(NOT_FETCHED, details={"name": "not_fetched"})
        return addresses[0]

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._max_bytes:
                raise too_large(body, len(body), self._max_bytes)
        return bytes(body)
