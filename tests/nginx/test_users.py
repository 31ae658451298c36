"""The script that the nginx container runs at its start: password file and secret."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from gateway.auth.origins import Origins
from gateway.setting_values import PRIVATE_NETWORKS
from tests.support.paths import ROOT

SCRIPT = ROOT / "nginx" / "entrypoint" / "30-users.sh"
SETTINGS = {
    "BASIC_AUTH_USER": "li",
    "BASIC_AUTH_PASSWORD": "geheim",
    "PROXY_SECRET": "between",
    "ALLOWED_ORIGINS": "https://crm.example.com,private",
}


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "NGINX_ETC": str(folder), **settings}
    return subprocess.run(["sh", str(SCRIPT)], env=environ, capture_output=True, text=True)


def test_passwords_are_kept_as_hashes(tmp_path: Path) -> None:
    assert run(tmp_path, **SETTINGS).returncode == 0
    kept = (tmp_path / "generated" / "htpasswd").read_text()
    assert kept.startswith("li:$6$rounds=1000$")
    assert "geheim" not in kept
    assert '"between"' in (tmp_path / "generated" / "proxy-secret.conf").read_text()


def test_the_pages_that_may_frame_us_are_the_allowed_origins_in_the_gateways_words(
    tmp_path: Path,
) -> None:
    assert (
        run(
            tmp_path, **{**SETTINGS, "ALLOWED_ORIGINS": "https://CRM.example.com/,private"}
        ).returncode
        == 0
    )
    rendered = re.search(
        r'^set \$desk_ancestors "(.*)";$',
        (tmp_path / "generated" / "embed-ancestors.conf").read_text(),
    )
    assert rendered
    gateways = Origins(("https://CRM.example.com/", "private")).frame_ancestors()
    assert sorted(rendered[1].split()) == sorted(gateways.split())
    assert "https://crm.example.com" in rendered[1]


@pytest.mark.parametrize(
    "secret",
    ['be"tween', "$host-secret", "be;tween", "be tween", "be\\tween", "be\ntween", "zwischen-ü"],
)
def test_a_secret_that_means_something_to_nginx_stops_the_start(
    tmp_path: Path, secret: str
) -> None:
    finished = run(tmp_path, **{**SETTINGS, "PROXY_SECRET": secret})
    assert finished.returncode == 1
    assert "PROXY_SECRET has other characters" in finished.stderr
    assert not (tmp_path / "generated" / "proxy-secret.conf").exists()


def test_who_may_connect_is_by_default_whom_the_gateway_lets_in(tmp_path: Path) -> None:
    def allowed(**settings: str) -> list[str]:
        assert run(tmp_path, **SETTINGS, **settings).returncode == 0
        return (tmp_path / "generated" / "allowed-ips.conf").read_text().splitlines()

    assert allowed() == [
        *(f"allow {network};" for network in PRIVATE_NETWORKS.split(",")),
        "deny all;",
    ]
    assert allowed(ALLOWED_IPS="") == allowed()
    assert allowed(ALLOWED_IPS="10.1.0.0/16, 2001:db8::/32") == [
        "allow 10.1.0.0/16;",
        "allow 2001:db8::/32;",
        "deny all;",
    ]
    assert allowed(ALLOWED_IPS="*") == []


def test_the_pages_that_may_read_errors_are_those_that_the_gateway_lets_call(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, **SETTINGS).returncode == 0
    written = re.findall(
        r'^"(~?)(.*)" \$http_origin;$',
        (tmp_path / "generated" / "cors-origins.conf").read_text(),
        re.MULTILINE,
    )
    gateway = Origins(("https://crm.example.com", "private"))
    hosts = ("crm.example.com", "localhost", "localhost:90", "a.localhost", "127.0.0.1",
             "10.0.0.5:8", "172.16.0.1", "172.32.0.1",
             "172.31.9.9:1", "192.168.1.1", "192.169.1.1", "169.254.0.1", "[::1]:9", "[fd00::1]",
             "8.8.8.8", "evil.example",
             "10.0.0.5.evil.example", "localhost.evil.example", "xlocalhost", "100.64.0.1",
             "[2606:4700::1]")  # fmt: skip
    for origin in (f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts):
        here = any(
            re.search(text, origin) if is_regex else text == origin for is_regex, text in written
        )
        assert here is gateway.allows(origin), origin


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BASIC_AUTH": "off"}, "OIDC_ISSUER is empty"),
        ({"BASIC_AUTH": "maybe"}, "BASIC_AUTH=maybe: on or off"),
        ({"BASIC_AUTH": "on", "BASIC_AUTH_PASSWORD": "", "OIDC_ISSUER": "https://id.example"},
         "make up"),
    ],
)  # fmt: skip
def test_nobody_is_let_in_without_a_way_to_sign_in(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    finished = run(tmp_path, **{**SETTINGS, **settings})
    assert finished.returncode == 1
    assert told in finished.stderr


def test_without_secrets_nginx_does_not_start(tmp_path: Path) -> None:
    finished = run(tmp_path, BASIC_AUTH_PASSWORD="", PROXY_SECRET="")
    assert finished.returncode == 1
    assert "make up" in finished.stderr
