"""Helpers for tests of embedded desks: host pages, tokens, and requests by postMessage."""

import contextlib
import uuid
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import FrameLocator, Page

from tests.support.chromium import Axe
from tests.support.paths import SCREENS
from tests.support.screens import data_url
from tests.support.servers import Running, running_host

KEY = "sk-tickets"
STAFF_KEY = "sk-staff"  # of the staff member Li
PAGES = str(Path(__file__).parent / "pages")
PICTURE = data_url((SCREENS / "browser-error.png").read_bytes())
BYTES = PICTURE.partition(",")[2]
# A sound payload for every request of the protocol.
GOOD = {
    "set-user": {"name": "Ann", "avatar": PICTURE},
    "set-context": {
        "messages": [{"role": "user", "text": "早上好"}, {"role": "assistant", "text": "您好"}]
    },
    "set-locale": {"locale": "en"},
    "set-theme": {"theme": "dark"},
    "prefill": {"text": "多少钱包邮"},
    "attach-image": {"name": "error.png", "data": PICTURE},
    "new-conversation": {},
    "open-menu": {},
    "ask": {"text": "多少钱包邮"},
}


def hosting(
    gateway: Running, *module: str, **settings: str
) -> contextlib.AbstractContextManager[str]:
    """Runs an example's server with our key, unless the settings name another; gives its origin."""
    return running_host(gateway, *module, **{"SIGHTDESK_API_KEY": KEY, **settings})


def mint(gateway: Running, origin: str, user: str = "", ttl: int = 600) -> str:
    """A token. By default its user is new, since the desk remembers earlier conversations."""
    wanted: dict[str, Any] = {"user": user or f"user-{uuid.uuid4()}", "origin": origin, "ttl": ttl}
    answer = requests.post(
        gateway.url + "/v1/embed-tokens",
        json=wanted,
        headers={"authorization": f"Bearer {KEY}"},
        timeout=5,
    )
    return str(answer.json()["token"])


def axe_finds_nothing(page: Page, axe: Axe) -> None:
    """Checks the host page and the desk inside it."""
    page.emulate_media(reduced_motion="reduce")  # fading text has too little contrast
    for one in page.frames:
        assert axe(one) == [], one.url


def frame(page: Page, host: str, gateway: Running, fragment: str = "") -> FrameLocator:
    """The desk in a frame of `host`, which has heard that it is ready."""
    page.goto(host + "/")
    page.evaluate("url => frameAt(url)", f"{gateway.url}/embed.html{fragment}")
    assert page.evaluate("event('ready')") is not None
    return page.frame_locator("iframe")


def request(page: Page, type: str, payload: object, **options: object) -> str:
    return str(
        page.evaluate(
            "([type, payload, options]) => request(type, payload, options)",
            [type, payload, options],
        )
    )


def event(page: Page, type: str, skip: int = 0) -> dict[str, object]:
    payload = page.evaluate("([type, skip]) => event(type, skip)", [type, skip])
    assert payload is not None, f"no {type}"
    return dict(payload)


def entered(page: Page, host: str, gateway: Running) -> FrameLocator:
    desk = frame(page, host, gateway)
    assert request(page, "init", {"token": mint(gateway, host)}) == "ack"
    return desk
