"""Keys that change without a restart, addresses in every spelling, origins and hosts that deceive."""

import errno
import hashlib
import json
import os
import time
from pathlib import Path

import hypothesis
import pytest
import requests
from hypothesis import strategies as st

from benchmarks.servers import Running, running_gateway, wait_for
from gateway.app import create_app
from gateway.auth import api_keys
from gateway.auth.api_keys import APIKeyStore
from gateway.auth.networks import ProxyTrust, is_local_host, within
from gateway.auth.origins import Origins
from gateway.auth.secret_file import load_secret
from gateway.server.request_context import headers_of
from gateway.setting_values import networks
from gateway.settings import WrongSettings, load_settings


def entry(name: str, key: str, **more: str) -> dict[str, str]:
    return {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), **more}


def write(path: Path, *entries: dict[str, str]) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"keys": entries}))
    new.replace(path)


def models(gateway: Running, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    return requests.get(gateway.url + "/v1/models", headers=headers, timeout=10).status_code


def ask(gateway: Running, key: str) -> requests.Response:
    question = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {key}"}
    return requests.post(
        gateway.url + "/v1/chat/completions", json=question, headers=headers, timeout=10
    )


def test_keys_change_without_a_restart_and_without_a_gap(engine: Running, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write(path, entry("shop", "sk-old"))
    settings = {
        "API_KEYS_FILE": str(path),
        "ENGINE": "cpu",
        "READER_URL": "",
        "ANONYMOUS_NETWORKS": "",
    }
    with running_gateway(engine.url, tmp_path, **settings) as gateway:
        assert (models(gateway, "sk-old"), models(gateway, "sk-new")) == (200, 401)
        write(path, entry("shop", "sk-old"), entry("shop", "sk-new"))
        time.sleep(1.1)
        assert (models(gateway, "sk-old"), models(gateway, "sk-new")) == (200, 200)
        write(path, entry("shop", "sk-new"))
        time.sleep(1.1)
        assert (models(gateway, "sk-old"), models(gateway, "sk-new")) == (401, 200)
        path.write_text('{"keys": [')  # half written
        time.sleep(1.1)
        assert models(gateway, "sk-new") == 200


def test_a_key_with_its_own_limit_is_held_to_that(engine: Running, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write(
        path,
        entry("big", "sk-big", limit="5/minute"),
        entry("big", "sk-next", limit="5/minute"),
        entry("usual", "sk-u"),
    )
    settings = {
        "API_KEYS_FILE": str(path),
        "ENGINE": "cpu",
        "READER_URL": "",
        "RATE_LIMIT_KEY": "2/minute",
    }
    with running_gateway(engine.url, tmp_path, **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        assert [ask(gateway, "sk-u").status_code for _ in range(3)] == [200, 200, 429]
        answers = [
            ask(gateway, key)
            for key in ("sk-big", "sk-big", "sk-big", "sk-next", "sk-next", "sk-next")
        ]
        assert [answer.status_code for answer in answers] == [200] * 5 + [
            429
        ]  # both keys of one name share its limit
        assert answers[0].headers["x-ratelimit-limit-requests"] == "5"


def ring(path: Path, *entries: object) -> APIKeyStore:
    path.write_text(json.dumps({"keys": entries}))
    return APIKeyStore((), path)


def test_only_digests_are_keys(tmp_path: Path) -> None:
    assert (
        ring(tmp_path / "k", {"name": "a", "sha256": "sk-written-in-plain"}).find(
            "sk-written-in-plain"
        )
        is None
    )
    good = entry("a", "sk-a")
    assert ring(tmp_path / "k", good).find(good["sha256"]) is None
    assert ring(tmp_path / "k", {**good, "limit": "many"}).empty
    assert ring(tmp_path / "k", {**good, "sha256": good["sha256"].upper()}).find("sk-a") is not None


def test_an_empty_key_is_nobodys(tmp_path: Path) -> None:
    """`API_KEYS=shop:$UNSET` used to let in whoever sent an empty Bearer."""
    assert ring(tmp_path / "k", entry("a", "")).empty
    assert APIKeyStore((("a", ""),), None).find("") is None
    for name in ("", "shop:li"):
        assert ring(tmp_path / "k", entry(name, "sk-good")).empty


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("api_keys", value)
        for value in ("shop:", "shop: ", "shop", "shop:sk-12", "shop:sk-good,other:", ":sk-good")
    ]
    + [
        (setting, value)
        for setting in ("proxy_secret", "embed_secret")
        for value in ("x", "12345", "        ")
    ],
)
def test_a_key_or_secret_that_anybody_could_guess_stops_the_start(setting: str, value: str) -> None:
    with pytest.raises(
        WrongSettings, match=rf"{setting.upper()}=.hidden.: .* characters|a name before"
    ) as raised:
        load_settings(**{setting: value})
    assert "sk-" not in str(raised.value)


def test_keys_and_secrets_at_the_bound_are_taken() -> None:
    settings = load_settings(api_keys="shop:sk-123, sk-456", proxy_secret="123456", embed_secret="")
    assert settings.named_api_keys == (("shop", "sk-123"), ("default", "sk-456"))


def test_a_key_file_that_is_broken_at_the_start_opens_nothing_and_is_told(
    engine: Running, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(
        json.dumps({"keys": [entry("shop", "sk-shop"), {"name": "a", "sha256": "sk-plain"}]})
    )
    settings = {
        "API_KEYS_FILE": str(path),
        "API_KEYS": "other:sk-other",
        "ENGINE": "cpu",
        "ANONYMOUS_NETWORKS": "",
    }
    with running_gateway(engine.url, tmp_path, **settings) as gateway:
        assert [models(gateway, key) for key in ("sk-other", "sk-shop", "sk-plain")] == [
            200,
            401,
            401,
        ]
        assert '"keys_file_unreadable"' in gateway.log.read_text()
        write(path, entry("shop", "sk-shop"))
        time.sleep(1.1)
        assert models(gateway, "sk-shop") == 200


@pytest.mark.parametrize(
    "broken",
    [
        b'{"keys": [',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"keys": 5}',
        b'{"keys": ["x"]}',
        b'{"keys": [{}]}',
        None,
    ],
)
def test_a_key_file_that_breaks_is_named_and_the_keys_stay_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes | None
) -> None:
    monkeypatch.setattr(api_keys, "RECHECK_SECONDS", 0.0)
    path = tmp_path / "keys.json"
    known = ring(path, entry("a", "sk-a"))
    assert known.find("sk-a")
    assert known.problem is None
    path.unlink()
    if broken is None:
        os.mkfifo(path)  # to open it would wait for a writer
    else:
        path.write_bytes(broken)
    assert known.find("sk-a")
    assert str(path) in (known.problem or "")
    path.unlink()
    write(path, entry("a", "sk-b"))
    assert (known.find("sk-a"), known.find("sk-b") is not None, known.problem) == (None, True, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["keys", "name", "sha256", "limit"]), below, max_size=4)
    ),
    max_leaves=12,
)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    st.binary(max_size=200) | JSON.map(lambda value: json.dumps({"keys": value}).encode())
)
def test_no_key_file_raises(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("keys") / "k.json"
    path.write_bytes(data)
    known = APIKeyStore((("fixed", "sk-fixed"),), path)
    assert known.find("sk-fixed")
    assert known.empty is False
    assert known.problem is None or str(path) in known.problem


def test_keys_of_a_file_that_was_removed_are_revoked_and_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "RECHECK_SECONDS", 0.0)
    assert APIKeyStore((), tmp_path / "never.json").problem is None
    known = ring(tmp_path / "k", entry("a", "sk-a"))
    assert known.find("sk-a")
    (tmp_path / "k").unlink()
    assert [known.find("sk-a"), known.find("sk-a")] == [None, None]
    assert "removed" in (known.problem or "")


def test_a_key_in_any_script_is_found_by_the_bytes_of_its_header() -> None:
    known = APIKeyStore((("a", "钥匙"),), None)
    assert known.find("钥匙".encode().decode("latin-1")) is not None


def test_the_file_is_looked_at_once_a_second_and_not_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ring(tmp_path / "k", entry("a", "sk-a"))
    assert known.find("sk-a")
    (tmp_path / "k").unlink()
    assert known.find("sk-a")
    monkeypatch.setattr(api_keys, "RECHECK_SECONDS", 0.0)
    assert known.find("sk-a") is None


def test_a_new_key_file_of_the_same_size_and_age_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "RECHECK_SECONDS", 0.0)
    path = tmp_path / "k.json"
    known = ring(path, entry("a", "sk-a"))
    os.utime(path, (1, 1))
    assert known.find("sk-a")
    write(path, entry("a", "sk-b"))
    os.utime(path, (1, 1))
    assert known.find("sk-b") is not None
    assert known.find("sk-a") is None


# -- addresses ----------------------------------------------------------------------------------------------------------


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
    assert within(address, networks(list_)) is inside  # type: ignore[arg-type]


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
    trust = ProxyTrust(networks("172.20.0.0/16"), "between-us")  # type: ignore[arg-type]
    raw = [(b"x-forwarded-for", text.encode()) for text in chain]
    secret = [(b"x-sightdesk-proxy-secret", b"between-us")]
    with_secret, without = headers_of({"headers": raw + secret}), headers_of({"headers": raw})
    assert trust.client_address("172.20.0.2", with_secret) == (client, True)
    assert trust.client_address("172.20.0.2", without) == ("172.20.0.2", False)
    assert trust.client_address("10.0.0.1", with_secret) == ("10.0.0.1", False)


def test_without_a_secret_no_proxy_is_believed() -> None:
    trust = ProxyTrust(networks("172.20.0.0/16"), "")  # type: ignore[arg-type]
    headers = {"x-forwarded-for": "8.8.8.8", "x-sightdesk-proxy-secret": ""}
    assert trust.client_address("172.20.0.2", headers) == ("172.20.0.2", False)


# -- hosts and origins --------------------------------------------------------------------------------------------------

LOCAL_HOSTS = (
    "localhost", "LOCALHOST:8000", "desk.localhost", "127.0.0.1", "127.0.0.1:8000", "10.0.0.5:80", "192.168.1.9", "[::1]",
    "[::1]:8000", "[fe80::1%25eth0]:80", "[::ffff:10.0.0.1]", "[fd00::1]",
    "192.0.2.1", "198.51.100.1", "203.0.113.5:80", "240.0.0.1", "198.18.0.1", "[2001:db8::1]", "192.0.0.1",
)  # fmt: skip
OTHER_HOSTS = (
    "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:x@evil.example", "localhost@evil.example",
    "evil.example:80@localhost", "localhost.", "127.0.0.1.", "8.8.8.8", "[::1]evil.example", "[::1", "::1", "[2606:4700::1]",
    "[::ffff:8.8.8.8]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost:port", "localhost:80:80", "localhost/",
    "localhost#", "local host", "localhost\\@evil.example", "[64:ff9b::7f00:1]", "[localhost]", "localhosts", "xlocalhost",
    "127.0.0.1%00.evil.example", "0.0.0.0", "100.64.0.1", "[::]", "[2001:0:1:2::3]", "[2002:808:808::1]",
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
    ["null", "", "http://", "https:", "file://", "ftp://localhost", "javascript://localhost", "http://[", "http://℀.example",
     "http://localhost/path", "http://localhost?x", "http://user:pw@localhost", "chrome-extension://abc", "http://a b", "*",
     "https://shop.example.evil.example", "https://shop.example@evil.example", "https://shop.example.", "http://shop.example",
     "https://shop.example:444", "https://xshop.example", "https://shop.example,https://evil.example"],
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


# -- the secret that is made ---------------------------------------------------------------------------------------------


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    made = load_secret("", tmp_path / "data")
    assert len(made) >= 48
    assert load_secret("", tmp_path / "data") == made
    assert (tmp_path / "data/embed_secret").stat().st_mode & 0o077 == 0
    assert load_secret("given", tmp_path) == "given"


def test_a_full_disk_leaves_no_empty_secret_to_sign_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(WrongSettings, match=r"DATA_DIR.*No space"):
        patch.setattr(os, "fsync", full)
        load_secret("", tmp_path)
    assert not (tmp_path / "embed_secret").exists()
    assert len(load_secret("", tmp_path)) >= 48


@pytest.mark.parametrize("kind", ["folder", "FIFO", "binary", "huge"])
def test_a_secret_that_cannot_be_read_stops_the_start_with_one_line(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "embed_secret"
    if kind == "folder":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)  # to open it would wait for a writer
    else:
        path.write_bytes(b"\xff\x00" * (50 if kind == "binary" else 100_000))
    with pytest.raises(WrongSettings, match="embed_secret") as raised:
        load_secret("", tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n", "half"])
def test_a_secret_of_nothing_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "embed_secret").write_text(text)
    with pytest.raises(WrongSettings, match=r"EMBED_SECRET.*holds no secret"):
        create_app(load_settings(data_dir=tmp_path))


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
