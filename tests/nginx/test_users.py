"""nginx's start: the password file and the secret, by the script that the container runs."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "nginx" / "entrypoint" / "30-users.sh"
SETTINGS = {
    "BASIC_AUTH_USER": "li",
    "BASIC_AUTH_PASSWORD": "geheim",
    "PROXY_SECRET": "between",
    "FRAME_ANCESTORS": "'self'",
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


def test_without_secrets_nginx_does_not_start(tmp_path: Path) -> None:
    finished = run(tmp_path, BASIC_AUTH_PASSWORD="", PROXY_SECRET="")
    assert finished.returncode == 1
    assert "make up" in finished.stderr
