"""Addresses: which networks they lie in, and whose address a request really carries."""

import hmac
import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers

from gateway.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PROXY_SECRET_HEADER = "x-sightdesk-proxy-secret"  # noqa: S105 - a header's name
USER_HEADER = "x-sightdesk-user"
FORWARDING_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


def parse_address(text: str) -> Address | None:
    """The address in its own family: `::ffff:10.0.0.1` is 10.0.0.1."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def within(address: str, networks: Iterable[Network]) -> bool:
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def is_local_host(host: str) -> bool:
    """Whether a Host header or an origin's host names this machine or a private address: nothing DNS can rebind."""
    name = host.strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = parse_address(name)
    return address is not None and address.is_private


class ProxyTrust:
    """Believes forwarded addresses and user names only from TRUSTED_PROXIES, and only with PROXY_SECRET."""

    def __init__(self, proxies: tuple[Network, ...], secret: str) -> None:
        self.proxies = proxies
        self.secret = secret.encode()

    def trusts(self, peer: str, headers: Headers) -> bool:
        shown = headers.get(PROXY_SECRET_HEADER, "").encode("latin-1")
        return bool(self.secret) and within(peer, self.proxies) and hmac.compare_digest(shown, self.secret)

    def client_address(self, peer: str, headers: Headers) -> tuple[str, bool]:
        """(address of the client, whether it came through a trusted proxy)."""
        if not self.trusts(peer, headers):
            return _canonical(peer), False
        # The nearest address that is not a proxy of ours is the client; anything further left is hearsay.
        for text in reversed(headers.get("x-forwarded-for", "").split(",")):
            if parse_address(text.strip()) and not within(text.strip(), self.proxies):
                return _canonical(text.strip()), True
        return _canonical(peer), True


def _canonical(text: str) -> str:
    address = parse_address(text)
    return str(address) if address else text
