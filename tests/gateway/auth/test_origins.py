"""Origins and host names that look allowed and are not."""

import pytest

from gateway.auth.networks import is_local_host
from gateway.auth.origins import Origins
from gateway.settings import WrongSettings, load_settings

LOCAL_HOSTS = (
    "localhost", "LOCALHOST:8000", "desk.localhost", "127.0.0.1", "127.0.0.1:8000", "10.0.0.5:80",
    "192.168.1.9", "[::1]", "[::1]:8000", "[fe80::1%25eth0]:80", "[::ffff:10.0.0.1]", "[fd00::1]",
    "192.0.2.1", "198.51.100.1", "203.0.113.5:80", "240.0.0.1", "198.18.0.1", "[2001:db8::1]",
    "192.0.0.1",
)  # fmt: skip
OTHER_HOSTS = (
    "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
    "localhost:x@evil.example", "localhost@evil.example", "evil.example:80@localhost", "localhost.",
    "127.0.0.1.", "8.8.8.8", "[::1]evil.example", "[::1", "::1", "[2606:4700::1]",
    "[::ffff:8.8.8.8]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost:port",
    "localhost:80:80", "localhost/", "localhost#", "local host", "localhost\\@evil.example",
    "[64:ff9b::7f00:1]", "[localhost]", "localhosts", "xlocalhost", "127.0.0.1%00.evil.example",
    "0.0.0.0", "100.64.0.1", "[::]", "[2001:0:1:2::3]", "[2002:808:808::1]",
)  # fmt: skip


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_a_local_host_is_one_that_no_name_server_can_move(host: str) -> None:
    assert is_local_host(host)
    assert Origins(("private",)).allows(f"http://{host}".lower()) is True


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_any_other_host_is_not_local(host: str) -> None:
    assert not is_local_host(host)
    assert Origins(("private",)).allows(f"http://{host}") is False


@pytest.mark.parametrize(
    "origin",
    ["null", "", "http://", "https:", "file://", "ftp://localhost", "javascript://localhost",
     "http://[", "http://℀.example", "http://localhost/path", "http://localhost?x",
     "http://user:pw@localhost", "chrome-extension://abc", "http://a b", "*",
     "https://shop.example.evil.example", "https://shop.example@evil.example",
     "https://shop.example.", "http://shop.example", "https://shop.example:444",
     "https://xshop.example", "https://shop.example,https://evil.example"],
)  # fmt: skip
def test_an_origin_that_only_looks_allowed_is_not(origin: str) -> None:
    assert Origins(("private", "https://shop.example")).allows(origin) is False


def test_exact_origins_are_compared_as_browsers_send_them() -> None:
    origins = Origins(("https://Shop.Example:443/", "https://客服.example", "http://10.0.0.5:8080"))
    assert origins.allows("https://shop.example")
    assert origins.allows("https://" + "客服.example".encode("idna").decode())
    assert origins.allows("http://10.0.0.5:8080")
    assert not origins.allows("http://localhost")
    assert origins.allows("https://desk.example:8443", host="desk.example:8443")
    assert "https://shop.example" in origins.frame_ancestors()
    assert ":443" not in origins.frame_ancestors()


@pytest.mark.parametrize(
    ("origin", "scheme", "own"),
    [
        ("https://desk.example", "https", True),
        ("http://desk.example", "http", True),
        ("https://desk.example", "http", True),  # TLS ended before us, and nobody said so
        ("http://desk.example", "https", False),  # anybody on the wire may have written that page
        ("ftp://desk.example", "ftp", False),
        ("https://desk.example:8443", "https", False),
    ],
)
def test_a_page_speaks_for_the_server_that_it_came_from(
    origin: str, scheme: str, own: bool
) -> None:
    assert Origins(()).allows(origin, "desk.example", scheme) is own


def test_private_addresses_are_not_named() -> None:
    origins = Origins(("private", "https://shop.example"))
    assert not any(origins.names(f"http://{host}") for host in ("10.9.9.9", "localhost", "[::1]"))
    assert origins.names("https://shop.example")
    assert origins.names("http://10.0.0.5:8080", "10.0.0.5:8080")
    assert not origins.names("null")


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example; script-src *",
        "https://*.example",
        "*",
        "shop.example",
        "https://a/b",
        "https://u@a",
        "null",
    ],
)
def test_a_setting_that_is_no_origin_stops_the_start(value: str) -> None:
    with pytest.raises(WrongSettings, match="ALLOWED_ORIGINS"):
        load_settings(allowed_origins=value)
