"""IP addresses and host names: which are private, and which address a client really has."""

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gateway.setting_values import PRIVATE_NETWORKS, Network, networks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PROXY_SECRET_HEADER = "x-sightdesk-proxy-secret"  # noqa: S105 - a header's name
USER_HEADER = "x-sightdesk-user"
PRIVATE = networks(PRIVATE_NETWORKS)
# Proxies, tunnels and CDNs add these. With one of them, the peer's address is not the client's.
FORWARDING_HEADERS = frozenset(
    (
        *("forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip"),
        *("true-client-ip", "cf-connecting-ip", "fastly-client-ip"),
        *("x-original-forwarded-for", "x-envoy-external-address"),
    )
)
MAX_ADDRESS = 128  # characters, zone included
FORWARDING_PREFIX = "x-forwarded-"
# RFC 3986's authority without user information: a user name before an @ only serves deception.
AUTHORITY = re.compile(
    r"(?:\[(?P<literal>[0-9a-f:.]+)(?:%[\w.%~-]+)?\]|(?P<name>[^\[\]:@/\\?#%\s]+))(?::\d{1,5})?"
)
# An address as some proxies write it.
WITH_PORT = re.compile(r"(?:\[([^\]]{1,64})\]|([0-9.]{1,15}))(?::\d{1,5})?")


def parse_address(text: str) -> Address | None:
    """The address in its own family: `::ffff:10.0.0.1` is 10.0.0.1. A zone (`%eth0`) is dropped.
    None for anything else."""
    return _parsed(text) if len(text) <= MAX_ADDRESS else None


@lru_cache(4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def within(address: str, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks; False for text that is no address."""
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def is_private(address: str) -> bool:
    """In a private network or on this machine. Python's `is_private` also counts reserved networks,
    such as those for documentation."""
    return within(address, PRIVATE)


def is_tunnel(address: Address) -> bool:
    """6to4 or Teredo: reachable from everywhere, with an IPv4 address inside."""
    return isinstance(address, ipaddress.IPv6Address) and bool(address.sixtofour or address.teredo)


def is_local_host(host: str) -> bool:
    """Whether a Host header or an origin's host names this machine or a private address, which DNS
    cannot rebind."""
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    # Python's wide `is_private` is right here: DNS cannot move a literal address, and some people
    # use test networks as private ones.
    address = parse_address(name)
    return (
        address is not None
        and address.is_private
        and not address.is_unspecified
        and not is_tunnel(address)
    )


def host_name(host: str) -> str:
    """The name or address in a Host header, in lower case; empty for anything else."""
    parts = AUTHORITY.fullmatch(host.strip().lower())
    return (parts["literal"] or parts["name"]) if parts else ""


def is_forwarded(headers: Mapping[str, str]) -> bool:
    """Whether a proxy has handled the request. `headers` by lower-case name."""
    return any(name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX) for name in headers)


def scheme_of(headers: Mapping[str, str], own: str, through_proxy: bool) -> str:
    """http or https, as the client sent the request. Only a trusted proxy can say; else it is
    `own`, the scheme of our connection."""
    forwarded = headers.get("x-forwarded-proto", "").strip().lower() if through_proxy else ""
    return forwarded if forwarded in ("http", "https") else own


class ProxyTrust:
    """Accepts forwarded addresses and user names only from TRUSTED_PROXIES with PROXY_SECRET."""

    def __init__(self, proxies: tuple[Network, ...], secret: str) -> None:
        self.proxies = proxies
        self.secret = secret.encode()

    def trusts(self, peer: str, headers: Mapping[str, str]) -> bool:
        sent = headers.get(PROXY_SECRET_HEADER, "").encode("latin-1")
        return (
            bool(self.secret and sent)
            and within(peer, self.proxies)
            and hmac.compare_digest(sent, self.secret)
        )

    def client_address(self, peer: str, headers: Mapping[str, str]) -> tuple[str, bool]:
        """(address of the client, whether it came through a trusted proxy). `peer` is the other
        end of our connection."""
        if not self.trusts(peer, headers):
            return _canonical(peer), False
        # From the right, the first address that is not a proxy of ours is the client. Everything
        # further left may be forged, and so may everything beyond an unreadable entry.
        for text in reversed(headers.get("x-forwarded-for", "").split(",")):
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
