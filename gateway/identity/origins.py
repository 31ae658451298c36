"""ALLOWED_ORIGINS: which pages may call, and which may frame the page."""

from urllib.parse import urlsplit

from gateway.identity.networks import is_local_host

PRIVATE = "private"
SELF = "'self'"


class Origins:
    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.exact = frozenset(origin.rstrip("/").lower() for origin in allowed if origin != PRIVATE)
        self.private = PRIVATE in allowed

    def allows(self, origin: str, host: str = "") -> bool:
        """`host` is the request's Host header: a page may always call the server it came from."""
        origin = origin.lower()
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return False
        if origin in self.exact or (host and parts.netloc == host.lower()):
            return True
        return self.private and is_local_host(parts.netloc)

    def frame_ancestors(self) -> str:
        """embed.html's CSP source list; CSP knows no networks, so `private` is 'self' and localhost. As 30-users.sh."""
        sources = [SELF, "http://localhost:*", "http://127.0.0.1:*"] if self.private else [SELF]
        return " ".join([*sources, *sorted(self.exact)])
