"""ALLOWED_ORIGINS: which pages may call the gateway, and which may frame its page."""

import re

from gateway.auth.networks import AUTHORITY, host_name, is_local_host
from gateway.setting_values import PRIVATE_ORIGINS, exact_origin

ORIGIN = re.compile(r"https?://(?P<authority>[^/?#\s]+)")
SELF = "'self'"


class Origins:
    def __init__(self, allowed: tuple[str, ...]) -> None:
        """`allowed`: exact origins, and `private` for localhost and private addresses."""
        self.exact = frozenset(
            exact_origin(origin) for origin in allowed if origin != PRIVATE_ORIGINS
        )
        self.private = PRIVATE_ORIGINS in allowed
        self._hosts = frozenset(host_name(origin.partition("://")[2]) for origin in self.exact)

    def allows(self, origin: str, host: str = "", scheme: str = "http") -> bool:
        """`host` and `scheme` are the request's: a page may always call the server it came from."""
        return self.names(origin, host, scheme) or (
            self.private and is_local_host(_authority(origin) or "")
        )

    def names(self, origin: str, host: str = "", scheme: str = "http") -> bool:
        """The same without `private`: other pages on private addresses do not count."""
        if _authority(origin) is None:
            return False
        return origin.lower() in self.exact or is_own(origin.lower(), host, scheme)

    def has_host(self, host: str) -> bool:
        """Whether a Host header names the host of a listed origin."""
        return host_name(host) in self._hosts

    def frame_ancestors(self) -> str:
        """The CSP source list of embed.html. CSP knows no networks, so `private` means 'self' and
        localhost. nginx's 30-users.sh writes the same."""
        sources = [SELF, "http://localhost:*", "http://127.0.0.1:*"] if self.private else [SELF]
        return " ".join([*sources, *sorted(self.exact)])


def _authority(origin: str) -> str | None:
    """Host and port, in lower case; None for what is no origin of a web page."""
    parts = ORIGIN.fullmatch(origin.lower())
    return parts["authority"] if parts and AUTHORITY.fullmatch(parts["authority"]) else None


def is_own(origin: str, host: str, scheme: str) -> bool:
    """Whether a page came from the server that it calls.

    An https page counts where the request arrived as http: a proxy may have ended TLS without a
    header. An http page does not count for an https server: anyone on the wire could change it.
    """
    sent, _, authority = origin.partition("://")
    return bool(host) and authority == host.lower() and sent in ("https", scheme)
