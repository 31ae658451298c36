"""What `make up` does with images, .env and the end of its wait.

`docker` is a script of the test.
"""

import json
import shutil
import stat
import sys
import time
from pathlib import Path

import pytest
import yaml

from scripts.checks.images import labels, source_digests
from tests.support.fake_host import GOOD, Answers, Host, env_file, make_host
from tests.support.paths import ROOT
from tests.support.servers import free_port

# Waits forever, as Compose does for an engine that is restarted again and again. /readyz says
# what the gateway says meanwhile.
WAITING = """\
#!{python}
import http.server, json, os, sys, time
words = sys.argv[1:]
if "ps" in words and words[-1] == "inference":
    print("0123abcd")
if words[0] == "logs" and words[-1] == "0123abcd":
    print("inference: profile cpu\\ninference: vLLM does not know --nope; correct VLLM_EXTRA_ARGS")
if "config" in words:
    print('{{"services": {{}}}}')
if "up" in words:
    class Gateway(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_): pass
        def do_GET(self):
            since = time.time() + {age} if time.time() - started > 1 else 0
            body = json.dumps({{"engine": {{"phase": "failed", "detail": "a reason", "since": since}}}}).encode()
            self.send_response(503); self.send_header("content-length", str(len(body))); self.end_headers()
            self.wfile.write(body)
    started = time.time()
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["HTTP_PORT"])), Gateway).serve_forever()
"""


def waiting(folder: Path, age: float) -> Host:
    host = make_host(folder)
    (folder / "bin" / "docker").write_text(WAITING.format(python=sys.executable, age=age))
    return host


def test_an_engine_that_cannot_start_ends_the_wait_with_its_one_line(tmp_path: Path) -> None:
    done = waiting(tmp_path, age=0).module(
        "scripts.up", ENGINE="lite", HTTP_PORT=str(free_port()), HTTPS_PORT=str(free_port())
    )
    assert done.returncode == 1
    assert "engine: failed" not in done.stdout
    assert done.stderr.splitlines() == [
        "inference: vLLM does not know --nope; correct VLLM_EXTRA_ARGS",
        "make up: some containers did not start; see the line above, or `make logs`.",
    ]


# Docker restarts nginx at every look. Compose waits.
ENDING = """\
#!{python}
import pathlib, sys, time
words = sys.argv[1:]
looks = pathlib.Path(__file__ + ".looks")
if words[:2] == ["ps", "-aq"] or ("ps" in words and words[-1] == "nginx"):
    print("0123abcd")
if "{{{{.Id}}}} {{{{.RestartCount}}}}" in words:
    looks.open("a").write("x")
    print("0123abcd", 7 + len(looks.read_text()))
if words[0] == "logs":
    print("nginx: no certificate")
if "config" in words:
    print('{{"services": {{}}}}')
if "up" in words:
    time.sleep(90)
"""


def test_a_container_that_ends_again_and_again_ends_the_wait_with_its_one_line(
    tmp_path: Path,
) -> None:
    host = make_host(tmp_path)
    (tmp_path / "bin" / "docker").write_text(ENDING.format(python=sys.executable))
    ports = {"HTTP_PORT": str(free_port()), "HTTPS_PORT": str(free_port())}
    started = time.monotonic()
    done = host.module("scripts.up", ENGINE="lite", **ports)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "nginx: no certificate",
        "make up: some containers did not start; see the line above, or `make logs`.",
    ]
    assert time.monotonic() - started < 60


def test_a_new_env_beside_a_secret_of_the_shell_starts_nothing(tmp_path: Path) -> None:
    services = {
        name: {"image": "nginx:1.28", "environment": {"PROXY_SECRET": f"of-{name}"}}
        for name in ("nginx", "gateway")
    }
    host = make_host(
        tmp_path, (("compose config --format json", json.dumps({"services": services}), 0),)
    )
    ports = {"HTTP_PORT": str(free_port()), "HTTPS_PORT": str(free_port())}
    done = host.module("scripts.up", ENGINE="lite", **ports)
    assert done.returncode == 1
    assert "PROXY_SECRET: one value in gateway, another one in nginx" in done.stderr
    assert done.stderr.splitlines()[-1] == "make up: 1 to mend first, see above."


def test_a_failure_of_an_earlier_start_does_not_end_it(tmp_path: Path) -> None:
    ports = {"HTTP_PORT": str(free_port()), "HTTPS_PORT": str(free_port())}
    host = waiting(tmp_path, age=-1000)
    done = host.run("timeout", "10", "python3", "-m", "scripts.up", ENGINE="lite", **ports)
    assert done.returncode == 124


# A program that remembers what it was asked.
IMAGES = {
    "gateway": {
        "image": "sightdesk/gateway:0.1.0",
        "build": {"dockerfile": "gateway/Dockerfile", "args": {"BASE": "python:3.13-slim"}},
    },
    "gateway-replica": {"image": "sightdesk/gateway:0.1.0"},
    "nginx": {"image": "nginx:1.28"},
}
SOURCE = source_digests(ROOT)["GATEWAY_SOURCE"]


def asked(host: Host, answers: Answers) -> list[str]:
    """What `make up` asked of Docker that changes something."""
    config: Answers = (("compose config --format json", json.dumps({"services": IMAGES}), 0),)
    host.answers("docker", (*answers, *config, *GOOD))
    program = host.folder / "bin" / "docker"
    text = program.read_text()
    program.write_text(
        text.replace("for words,", "open(__file__ + '.log', 'a').write(asked + '\\n')\nfor words,")
    )
    host.module("scripts.up", ENGINE="lite", HTTP_PORT=str(free_port()))
    lines = Path(f"{program}.log").read_text().splitlines()
    return [line for line in lines if line.split()[1:2] in (["pull"], ["build"], ["up"])]


@pytest.mark.parametrize(
    ("answers", "commands"),
    [
        ((("image inspect .Config.Labels", SOURCE, 0),), []),
        ((("image inspect .Config.Labels", "0123456789abcdef", 0),), ["compose build gateway"]),
        ((("image inspect sightdesk/gateway:0.1.0", "", 1),), ["compose build gateway"]),
        ((("image inspect .Config.Labels", SOURCE, 0), ("image inspect nginx:1.28", "", 1)),
         ["compose pull --policy missing nginx"]),
    ],
    ids=["all are here", "made of other sources", "none is built", "one has to be fetched"],
)  # fmt: skip
def test_only_images_that_are_missing_or_old_are_built_or_fetched(
    tmp_path: Path, answers: Answers, commands: list[str]
) -> None:
    last = "compose up -d --no-build --wait"
    assert asked(make_host(tmp_path), answers) == [*commands, last]


@pytest.mark.parametrize("name", ["frontend/chat.html", "nginx/entrypoint/36-page.sh"])
def test_nginxs_container_is_made_anew_when_a_file_that_it_mounts_has_changed(
    tmp_path: Path, name: str
) -> None:
    """Compose makes a container anew whose label is another one."""
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert composed["services"]["nginx"]["labels"] == {"sightdesk.source": "${NGINX_SOURCE:-}"}
    for folder in ("frontend", "nginx"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    before = labels(tmp_path)["NGINX_SOURCE"]
    assert labels(ROOT)["NGINX_SOURCE"] == before
    with (tmp_path / name).open("a") as file:
        file.write("\n")
    assert labels(tmp_path)["NGINX_SOURCE"] != before


def test_secrets_are_written_once_for_this_user_alone_and_never_changed(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    settings = {"ENGINE": "lite", "HTTP_PORT": str(free_port()), "COMPOSE_PROFILES": "shared"}
    done = host.module("scripts.up", **settings)
    assert done.returncode == 0, done.stderr
    path = host.project / ".env"
    written = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = dict(line.split("=", 1) for line in written.splitlines() if line[:1].isalpha())
    assert (values["ENGINE"], values["COMPOSE_PROFILES"]) == ("lite", "shared")
    secrets = [values[name] for name in values if name.endswith(("PASSWORD", "SECRET", "KEYS"))]
    assert len(set(secrets)) == 7
    assert min(map(len, secrets)) >= 20
    assert not any(secret in done.stdout for secret in secrets)
    again = host.module("scripts.up", **settings)
    assert again.returncode == 0, again.stderr
    assert path.read_text() == written
    assert again.stdout.splitlines()[-8].startswith("SightDesk is ready: ")


def test_a_later_part_gets_its_password_and_the_rest_stays(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    old = "# mine\nENGINE=lite\nAPI_KEYS=a:sk-12345\nBASIC_AUTH_PASSWORD=x\nPROXY_SECRET=y\n"
    old += "EMBED_SECRET=zzzzzz\nREDIS_PASSWORD=mine\nPOSTGRES_PASSWORD=\n"
    env_file(host, old)
    done = host.module("scripts.up", HTTP_PORT=str(free_port()))
    assert done.returncode == 0, done.stderr
    before, _, password = (host.project / ".env").read_text().rpartition("POSTGRES_PASSWORD=")
    assert before + "POSTGRES_PASSWORD=\n" == old
    assert len(password.strip()) >= 20
    assert stat.S_IMODE((host.project / ".env").stat().st_mode) == 0o600
