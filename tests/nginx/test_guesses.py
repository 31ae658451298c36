"""Guesses at a password: nginx slows them by address and user."""

import base64
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.support.nginx import running_front

LI = ("li", "li's own")
AGENT = "agent:desk"


def front_with_li(folder: Path) -> None:
    users = folder / "etc" / "users"
    users.mkdir(parents=True)
    command = ["openssl", "passwd", "-6", LI[1]]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (users / "htpasswd").write_text(f"{LI[0]}:{made}\n")


def at_once(url: str, guesses: Iterable[tuple[str, str]]) -> list[bytes]:
    """Sends (credentials, address in X-Forwarded-For) at once, each by a connection of its own.
    Returns how the answers to the last twenty begin: all others may still wait."""
    where = urlsplit(url)
    wires = []
    for credentials, address in guesses:
        wire = socket.create_connection((str(where.hostname), where.port or 80), timeout=30)
        basic = base64.b64encode(credentials.encode()).decode()
        head = f"Host: a\r\nX-Forwarded-For: {address}\r\nAuthorization: Basic {basic}\r\n\r\n"
        wire.sendall(b"GET /chat.html HTTP/1.1\r\n" + head.encode())
        wires.append(wire)
    try:
        return [wire.recv(13) for wire in wires[-20:]]
    finally:
        for wire in wires:
            wire.close()


REFUSED = [b"HTTP/1.1 429 "] * 20


def test_guesses_at_a_password_are_slowed_and_other_users_are_not(tmp_path: Path) -> None:
    """A hundred at once, then five a second: 1,000 take three minutes, the right one included."""
    front_with_li(tmp_path)
    with running_front(tmp_path) as front, requests.Session() as session:

        def guess(password: str, user: str = "agent") -> int:
            answer = session.get(front.url + "/chat.html", auth=(user, password), timeout=60)
            return answer.status_code

        started = time.monotonic()
        assert {guess(f"guess-{number}") for number in range(120)} == {401}
        assert time.monotonic() - started > 3.4
        # Of 250 at once a hundred wait. The others are refused, whatever their password.
        assert at_once(front.url, [(AGENT, "")] * 250) == REFUSED
        assert guess(LI[1], LI[0]) == 200


def test_long_names_are_counted_by_their_beginning(tmp_path: Path) -> None:
    """Else 1,300 names of 7,000 characters would push every other user out of nginx's memory."""
    with running_front(tmp_path) as front:
        names = [f"{'x' * 32}-{number}:guess" for number in range(250)]
        assert at_once(front.url, [(name, "") for name in names]) == REFUSED


def test_addresses_of_one_ipv6_network_count_as_one(tmp_path: Path) -> None:
    front_with_li(tmp_path)
    allowed = "127.0.0.0/8,2001:db8::/32,10.0.0.0/8,::ffff:10.0.0.0/104"
    settings = {"FRONT_PROXIES": "127.0.0.1", "ALLOWED_IPS": allowed}
    with running_front(tmp_path, settings, ALLOWED_IPS=allowed) as front:
        one_network = [(AGENT, f"2001:db8::{number:x}") for number in range(1, 251)]
        assert at_once(front.url, one_network) == REFUSED
        elsewhere = {"x-forwarded-for": "2001:db8:0:1::1"}
        page = front.url + "/chat.html"
        answer = requests.get(page, auth=("agent", "desk"), headers=elsewhere, timeout=30)
        assert answer.status_code == 200
        by_ipv4 = [(AGENT, f"::ffff:10.0.0.{number}") for number in range(1, 251)]
        assert at_once(front.url, by_ipv4) == [b"HTTP/1.1 200 "] * 20
