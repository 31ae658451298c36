"""Fetches remote pictures, for ALLOW_REMOTE_IMAGES, from public addresses only.

The host is resolved here, and the connection goes to that address, so that the name cannot point
elsewhere a moment later (DNS rebinding). All addresses of the name must be public, so that a mixed
answer cannot smuggle in a private one. Every redirect is checked again.
"""

import asyncio
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from gateway.auth.networks import Address, parse_address
from gateway.errors import InvalidImage
from gateway.media.public_addresses import Resolve, Resolver, is_public
from gateway.media.sniff import too_large

MAX_REDIRECTS = 3
FETCH_SECONDS = 15.0
CONNECT_SECONDS = 2.0
WEB_PORTS = {"http": 80, "https": 443}
# One message for a name that does not exist, a private address and a host that does not answer, so
# that nobody explores the network by it.
NOT_FETCHED = "The picture's address could not be fetched; it must be public."
# Below it listen mail servers, shells and other services that might understand a request.
FIRST_USER_PORT = 1024

Allow = Callable[[Address], bool]


class RemoteImages:
    def __init__(
        self, max_bytes: int, resolve: Resolve | None = None, allow: Allow = is_public
    ) -> None:
        # Connections are not reused: HTTPX keeps them by address, and the certificate of one host
        # proves nothing about another at the same address.
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._max_bytes = max_bytes
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._allow = allow

    async def aclose(self) -> None:
        await self._http.aclose()
        self._resolver.close()

    async def fetch(self, url: str) -> bytes:
        """The bytes behind an http(s) URL. Raises InvalidImage or ImageTooLarge; neither tells what
        was found in a private network."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                for _ in range(MAX_REDIRECTS + 1):
                    result = await self._request(url)
                    if isinstance(result, bytes):
                        return result
                    url = urljoin(url, result)
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

    async def _request(self, url: str) -> bytes | str:
        """The body, or the location of a redirect."""
        parts = urlsplit(url)
        host, port = _target(parts)
        address = await self._public_address(host, port)
        literal = f"[{address}]" if address.version == 6 else str(address)
        request = self._http.build_request(
            "GET",
            parts._replace(netloc=f"{literal}:{port}", fragment="").geturl(),
            headers={
                "host": parts.netloc,
                "accept": "image/*,application/pdf",
                "accept-encoding": "identity",
            },
            extensions={"sni_hostname": host},
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

    async def _public_address(self, host: str, port: int) -> Address:
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


def _target(parts: SplitResult) -> tuple[str, int]:
    """(host, port) of a URL that may be fetched. Raises InvalidImage, ValueError."""
    if parts.scheme not in WEB_PORTS or not parts.hostname or parts.username is not None:
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
    return parts.hostname, port
