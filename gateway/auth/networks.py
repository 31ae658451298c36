"""Addresses: which networks they lie in, and whose address a request really carries."""

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gateway.settings import PRIVATE_NETWORKS, Network, networks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PROXY_SECRET_HEADER = "x-sightdesk-proxy-secret"  # noqa: S105 - a header's name
USER_HEADER = "x-sightdesk-user"
PRIVATE = networks(PRIVATE_NETWORKS)
# What proxies, tunnels and CDNs add: one of them means that the peer's address is not the client's.
FORWARDING_HEADERS = frozenset(
    ("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip",
     "fastly-client-ip", "x-original-forwarded-for", "x-envoy-external-address")
)  # fmt: skip
MAX_ADDRESS = 128  # characters, with a zone
FORWARDING_PREFIX = "x-forwarded-"
# RFC 3986's authority without user information: a user name before an @ only ever serves to deceive.
AUTHORITY = re.compile(
    r"(?:\[(?P<literal>[0-9a-f:.]+)(?:%[\w.%~-]+)?\]|(?P<name>[^\[\]:@/\\?#%\s]+))(?::\d{1,5})?"
)
WITH_PORT = re.compile(
    r"(?:\[([^\]]{1,64})\]|([0-9.]{1,15}))(?::\d{1,5})?"
)  # how some proxies write an address


def parse_address(text: str) -> Address | None:
    """The address in its own family: `::ffff:10.0.0.1` is 10.0.0.1. Its zone (`%eth0`) is left out."""
    return _parsed(text) if len(text) <= MAX_ADDRESS else None


@lru_cache(4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def within(address: str, networks: Iterable[Network]) -> bool:
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def is_private(address: str) -> bool:
    """In a private network or this machine. Python's own `is_private` counts what is reserved, for documentation say, as well."""
    return within(address, PRIVATE)


def is_tunnel(address: Address) -> bool:
    """6to4 or Teredo: reached from everywhere, with an IPv4 address inside."""
    return isinstance(address, ipaddress.IPv6Address) and bool(address.sixtofour or address.teredo)


def is_local_host(host: str) -> bool:
    """Whether a Host header or an origin's host names this machine or a private address: nothing DNS can rebind."""
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    # As wide as Python has it: no name server can move a literal address, and test networks are used as private ones.
    address = parse_address(name)
    return (
        address is not None
        and address.is_private
        and not address.is_unspecified
        and not is_tunnel(address)
    )


def host_name(host: str) -> str:
    """The name or address in a Host header, in lower case; empty where it is none."""
    parts = AUTHORITY.fullmatch(host.strip().lower())
    return (parts["literal"] or parts["name"]) if parts else ""


def is_forwarded(given: Mapping[str, str]) -> bool:
    return any(name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX) for name in given)


def scheme_of(given: Mapping[str, str], own: str, through_proxy: bool) -> str:
    """http or https: how the client came, which only a trusted proxy can say; `own` is how the request came to us."""
    said = given.get("x-forwarded-proto", "").strip().lower() if through_proxy else ""
    return said if said in ("http", "https") else own


class ProxyTrust:
    """Believes forwarded addresses and user names only from TRUSTED_PROXIES, and only with PROXY_SECRET."""

    def __init__(self, proxies: tuple[Network, ...], secret: str) -> None:
        self.proxies = proxies
        self.secret = secret.encode()

    def trusts(self, peer: str, given: Mapping[str, str]) -> bool:
        shown = given.get(PROXY_SECRET_HEADER, "").encode("latin-1")
        return (
            bool(self.secret and shown)
            and within(peer, self.proxies)
            and hmac.compare_digest(shown, self.secret)
        )

    def client_address(self, peer: str, given: Mapping[str, str]) -> tuple[str, bool]:
        """(address of the client, whether it came through a trusted proxy)."""
        if not self.trusts(peer, given):
            return _canonical(peer), False
        # The nearest address that is not a proxy of ours is the client; anything further left is hearsay, and so is what
        # lies beyond an entry that nobody can read. A proxy may append a line of its own instead of lengthening the first.
        for text in reversed(given.get("x-forwarded-for", "").split(",")):
            address = _forwarded(text)
            if address is None:
                break
            if not within(address, self.proxies):
                return address, True
        return _canonical(peer), True


def _forwarded(text: str) -> str | None:
    """An entry of X-Forwarded-For, with or without a port."""
    parts = WITH_PORT.fullmatch(text.strip())
    address = parse_address((parts[1] or parts[2]) if parts else text.strip())
    return str(address) if address else None


@lru_cache(4096)
def _canonical(text: str) -> str:
    address = parse_address(text)
    return str(address) if address else text
