"""Cookies of a request, and those that we set.

Python's own parser takes 18 s for 60 KB of backslashes (CVE-2024-7592).
"""

from collections.abc import Mapping

SECURE_PREFIX = "__Host-"  # such a cookie can be set only over TLS, by this very host


def cookie_of(headers: Mapping[str, str], name: str) -> str:
    """The cookie's value, the last of several; empty if there is none."""
    pairs = (pair.strip().partition("=") for pair in reversed(headers.get("cookie", "").split(";")))
    return next((value for found, _, value in pairs if found == name), "")


def cookies_that_begin(headers: Mapping[str, str], prefix: str) -> list[str]:
    """The names of all cookies that begin so, in the order of the header."""
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return [name for name, _, _ in pairs if name.startswith(prefix)]


def host_cookie(name: str, scheme: str) -> str:
    """The name under which a cookie is set and read that no other host may set."""
    return SECURE_PREFIX + name if scheme == "https" else name


def set_cookie(name: str, value: str, seconds: int, scheme: str) -> str:
    """A Set-Cookie header. With 0 seconds the browser forgets the cookie."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
