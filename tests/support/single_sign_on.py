"""A provider with a desk behind nginx, and a browser that signs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.nginx import Front, running_front
from tests.support.servers import Running, running

CLIENT_ID, CLIENT_SECRET = "sightdesk", "secret-of-the-desk_~."
DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Desk:
    front: Front
    provider: Running

    @property
    def url(self) -> str:
        return self.front.url

    def control(self, **wanted: Any) -> dict[str, int]:
        """Changes the provider (tests/support/oidc_provider.py). Returns its counts of requests."""
        answer = requests.post(self.provider.url + "/control", json=wanted, timeout=10)
        counts: dict[str, int] = answer.json()
        return counts

    def logout_by_provider(self, **wanted: Any) -> int:
        """Has the provider send a logout token. Returns the desk's status."""
        told = {"url": self.url + "/auth/backchannel-logout", **wanted}
        answer = requests.post(self.provider.url + "/control/logout", json=told, timeout=10)
        return int(answer.json()["status"])


@contextmanager
def running_provider() -> Iterator[Running]:
    with running("tests.support.oidc_provider", {}, health=DISCOVERY) as provider:
        yield provider


def settings_for(provider_url: str, **more: str) -> dict[str, str]:
    return {
        "OIDC_ISSUER": provider_url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_STAFF_GROUPS": "support,leads",
        "STAFF_USERS": "agent,admin",
        "RATE_LIMIT_IP": "1000/minute",  # the tests forge many tokens
        **more,
    }


@contextmanager
def running_desk_with_provider(
    folder: Path, provider: Running, nginx: dict[str, str] | None = None, **more: str
) -> Iterator[Desk]:
    """`nginx` are settings of nginx's container, `more` the gateway's."""
    for_nginx = {"OIDC_ISSUER": provider.url, **(nginx or {})}
    with running_front(folder, for_nginx, **settings_for(provider.url, **more)) as front:
        yield Desk(front, provider)


class Browser:
    """A browser without scripts: it keeps cookies and follows redirects one by one."""

    def __init__(self, desk_url: str) -> None:
        self.http = requests.Session()
        self.http.headers["accept-language"] = "en"
        self.url = desk_url

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.http.get(self.url + path, timeout=10, allow_redirects=False, **more)

    def begin(self, path: str = "/chat.html") -> str:
        """Opens a page without a session. Returns the provider's address."""
        asked = self.get(path)
        assert asked.status_code == 302, asked.text
        assert asked.headers["location"] == f"/auth/login?next={path}"
        sent = self.get(asked.headers["location"])
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    def agree(self, address: str, user: str) -> str:
        """Signs in at the provider. Returns the address that it sends the browser back to."""
        agreed = requests.post(address, data={"sub": user}, timeout=10, allow_redirects=False)
        assert agreed.status_code == 302, agreed.text
        return agreed.headers["location"]

    def sign_in(self, user: str, path: str = "/chat.html") -> requests.Response:
        """Opens a page and signs in. Returns the answer to the last step before the page."""
        return self.finish(self.agree(self.begin(path), user))

    def finish(self, location: str) -> requests.Response:
        return self.http.get(location, timeout=10, allow_redirects=False)
