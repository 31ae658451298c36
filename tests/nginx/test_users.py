"""nginx's start: the password file and the secret, by the script that the container runs."""

import os
import re
import subprocess
from pathlib import Path

from gateway.identity.origins import Origins

SCRIPT = Path(__file__).parents[2] / "nginx" / "entrypoint" / "30-users.sh"
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
    kept = (tmp_path / "htpasswd").read_text()
    assert kept.startswith("li:$6$rounds=1000$")
    assert "geheim" not in kept
    assert '"between"' in (tmp_path / "proxy-secret.conf").read_text()


def test_the_pages_that_may_frame_us_are_the_allowed_origins_in_the_gateways_words(tmp_path: Path) -> None:
    assert run(tmp_path, **{**SETTINGS, "ALLOWED_ORIGINS": "https://CRM.example.com/,private"}).returncode == 0
    rendered = re.search(r'^set \$desk_ancestors "(.*)";$', (tmp_path / "embed-ancestors.conf").read_text())
    assert rendered
    gateways = Origins(("https://CRM.example.com/", "private")).frame_ancestors()
    assert sorted(rendered[1].split()) == sorted(gateways.split())
    assert "https://crm.example.com" in rendered[1]


def test_tls_is_served_only_with_a_certificate(tmp_path: Path) -> None:
    assert run(tmp_path, **SETTINGS).returncode == 0
    assert (tmp_path / "tls.conf").read_text() == ""
    (tmp_path / "certs").mkdir()
    for name in ("tls.crt", "tls.key"):
        (tmp_path / "certs" / name).touch()
    assert run(tmp_path, **SETTINGS).returncode == 0
    assert "listen 443 ssl;" in (tmp_path / "tls.conf").read_text()


def test_without_secrets_nginx_does_not_start(tmp_path: Path) -> None:
    finished = run(tmp_path, BASIC_AUTH_PASSWORD="", PROXY_SECRET="")
    assert finished.returncode == 1
    assert "make up" in finished.stderr
