"""API keys: read from the key file, changed without a restart, refused when they are weak."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from hypothesis import strategies as st

from gateway.auth import api_keys
from gateway.auth.api_keys import APIKeyStore
from gateway.settings import WrongSettings, load_settings
from tests.support.servers import Running, running_gateway, wait_for


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
    question: dict[str, Any] = {"model": "fake-vl", "messages": [{"role": "user", "content": "hi"}]}
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
def test_no_content_of_a_key_file_raises(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
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
