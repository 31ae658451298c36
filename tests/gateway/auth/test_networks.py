"""Addresses and networks in every spelling, and which proxies are trusted."""

import pytest

from gateway.auth.networks import ProxyTrust, within
from gateway.server.request_context import headers_of
from gateway.setting_values import networks


@pytest.mark.parametrize(
    ("address", "list_", "inside"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("::ffff:a01:203", "10.0.0.0/8", True),
        ("10.1.2.3", "::ffff:10.0.0.0/104", True),
        ("::ffff:10.1.2.3", "::ffff:0:0/96", True),
        ("2001:db8::1", "::ffff:0:0/96", False),
        ("8.8.8.8", "::ffff:0:0/96", True),
        ("10.1.2.3", "::/0", False),
        ("::ffff:10.1.2.3", "::/0", False),
        ("fe80::1%eth0", "fe80::/10", True),
        ("fe80::1%25eth0", "fe80::/10", True),
        ("2001:db8::1", "2001:db8::/32", True),
        ("2001:0DB8:0:0::1", "2001:db8::/32", True),
        ("::1", "127.0.0.0/8", False),
        ("64:ff9b::7f00:1", "127.0.0.0/8,::1/128", False),  # NAT64 is somebody far away
        ("2002:7f00:1::", "127.0.0.0/8", False),
        ("::127.0.0.1", "127.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.99/24", True),
        ("010.1.2.3", "10.0.0.0/8", False),
        ("167838211", "10.0.0.0/8", False),
        ("0x0a.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3 ", "10.0.0.0/8", False),
        ("10.1", "10.0.0.0/8", False),
        ("", "*", False),
        ("unix:", "*", False),
        ("8.8.8.8", "*", True),
        ("2001:db8::1", "*", True),
    ],
)
def test_an_address_lies_in_a_network_or_not(address: str, list_: str, inside: bool) -> None:
    assert within(address, networks(list_)) is inside


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (["8.8.8.8"], "8.8.8.8"),
        (["1.1.1.1, 8.8.8.8"], "8.8.8.8"),
        (["127.0.0.1, 8.8.8.8, 172.20.0.9"], "8.8.8.8"),
        (["127.0.0.1", "8.8.8.8"], "8.8.8.8"),  # a proxy that adds a line of its own
        (["8.8.8.8:51234"], "8.8.8.8"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        (["::ffff:8.8.8.8"], "8.8.8.8"),
        (["127.0.0.1, unknown"], "172.20.0.2"),  # what nobody can read ends the chain
        (["127.0.0.1, "], "172.20.0.2"),
        (["127.0.0.1, <script>"], "172.20.0.2"),
        ([], "172.20.0.2"),
        (["172.20.0.9"], "172.20.0.2"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_proxy(chain: list[str], client: str) -> None:
    trust = ProxyTrust(networks("172.20.0.0/16"), "between-us")
    raw = [(b"x-forwarded-for", text.encode()) for text in chain]
    secret = [(b"x-sightdesk-proxy-secret", b"between-us")]
    with_secret, without = headers_of({"headers": raw + secret}), headers_of({"headers": raw})
    assert trust.client_address("172.20.0.2", with_secret) == (client, True)
    assert trust.client_address("172.20.0.2", without) == ("172.20.0.2", False)
    assert trust.client_address("10.0.0.1", with_secret) == ("10.0.0.1", False)


def test_without_a_secret_no_proxy_is_believed() -> None:
    trust = ProxyTrust(networks("172.20.0.0/16"), "")
    headers = {"x-forwarded-for": "8.8.8.8", "x-sightdesk-proxy-secret": ""}
    assert trust.client_address("172.20.0.2", headers) == ("172.20.0.2", False)
