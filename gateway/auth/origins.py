"""ALLOWED_ORIGINS: which pages may call, and which may frame the page."""

import re

from gateway.auth.networks import AUTHORITY, host_name, is_local_host
from gateway.settings import PRIVATE_ORIGINS, exact_origin

ORIGIN = re.compile(r"https?://(?P<authority>[^/?#\s]+)")
SELF = "'self'"


class Origins:
    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.exact = frozenset(
            exact_origin(origin) for origin in allowed if origin != PRIVATE_ORIGINS
        )
        self.private = PRIVATE_ORIGINS in allowed
        self._hosts = frozenset(host_name(origin.partition("://")[2]) for origin in self.exact)

    def allows(self, origin: str, host: str = "", scheme: str = "http") -> bool:
        """`host` and `scheme` are the request's: a page may always call the server it came from."""
        parts = ORIGIN.fullmatch(origin.lower())
        if parts is None or not AUTHORITY.fullmatch(parts["authority"]):
            return False
        if origin.lower() in self.exact or is_own(origin.lower(), host, scheme):
            return True
        return self.private and is_local_host(parts["authority"])

    def has_host(self, host: str) -> bool:
        """Whether a Host header names the host of an origin in the list."""
        return host_name(host) in self._hosts

    def frame_ancestors(self) -> str:
        """embed.html's CSP source list; CSP knows no networks, so `private` is 'self' and localhost. As 30-users.sh."""
        sources = [SELF, "http://localhost:*", "http://127.0.0.1:*"] if self.private else [SELF]
        return " ".join([*sources, *sorted(self.exact)])


def is_own(origin: str, host: str, scheme: str) -> bool:
    """Whether a page came from the server that it calls. One that came by TLS counts where TLS ended before us unsaid; one that came
    without, on the wire for anybody to change, does not speak for the server behind TLS."""
    sent, _, authority = origin.partition("://")
    return bool(host) and authority == host.lower() and sent in ("https", scheme)
