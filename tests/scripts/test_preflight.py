"""The preflight of `make up`, and the same lines in `make doctor`: each red one was red here.

Docker and nvidia-smi are scripts of the tests (tests/support/fake_host.py).
"""

import datetime
import json
import re
import socket
from pathlib import Path

import pytest

from scripts.checks import machine, network
from scripts.checks.plan import Plan
from tests.support.fake_host import CARD, GOOD, Answers, env_file, make_host
from tests.support.servers import free_port

SECRETS = (
    "API_KEYS=shop:sk-shop-key\nBASIC_AUTH_PASSWORD=desk-password\n"
    "PROXY_SECRET=between-us\nEMBED_SECRET=signs-tokens\n"
)
NO_CARD = (("", "No devices were found", 6),)


def services(**more: object) -> str:
    return json.dumps({"services": {"nginx": {"image": "nginx:1.28", **more}}})


def red(text: str) -> list[str]:
    return [line.removeprefix("red").strip() for line in text.splitlines() if line[:4] == "red "]


CASES: dict[str, tuple[Answers | None, Answers | None, dict[str, str], str]] = {
    "no Docker": (None, None, {}, "Docker: not installed"),
    "Docker is down": ((("info", "", 1),), None, {}, "Docker engine. Remedy: it does not answer"),
    "no Compose": ((("compose version", "", 1),), None, {}, "Docker Compose v2: not installed"),
    "an old Compose": ((("compose version", "2.19.1", 0),), None, {},
                       "Docker Compose 2.19.1. Remedy: install 2.24 or newer"),
    "a wrong overlay": ((("compose config", "", 1),), None, {}, "Compose files: "),
    "no driver": ((), None, {"ENGINE": "gpu"},
                  "NVIDIA GPU: the driver is missing. Remedy: install R580 or newer, or use ENGINE=lite"),
    "no card": ((), NO_CARD, {"ENGINE": "gpu"}, "the driver finds no card (No devices were found)"),
    "an old driver": ((), (("", "NVIDIA L4, 23034 MiB, 535.183.01, 8.9", 0),), {"ENGINE": "gpu"},
                      "NVIDIA driver 535.183.01. Remedy: install R580 or newer"),
    "a small card": ((), (("", "RTX 3050, 8192 MiB, 580.95.05, 8.6", 0),), {"ENGINE": "gpu"},
                     "profile for compute capability 8.6, 8.0 GiB: none. Remedy: Qwen3-VL-8B needs"),
    "an old card": ((), (("", "Tesla T4, 15360 MiB, 580.95.05, 7.5", 0),), {"ENGINE": "gpu"},
                    "profile for compute capability 7.5, 15.0 GiB: none"),
    "no toolkit": ((("info .Runtimes", '{"runc": {}}', 0),), CARD, {"ENGINE": "gpu"},
                   "NVIDIA Container Toolkit: missing. Remedy: install it and restart Docker"),
    "no such engine": ((), None, {"ENGINE": "tpu"}, "ENGINE=tpu. Remedy: choose gpu, cpu or lite"),
    "a model's folder": ((), None,
                         {"ENGINE": "cpu", "MODEL_SOURCE": "local", "MODEL_ID": "models/x"},
                         "MODEL_ID=models/x. Remedy: it must be the absolute path"),
    "an unknown source": ((), None, {"MODEL_SOURCE": "ftp"}, "MODEL_SOURCE=ftp"),
    "no port": ((), None, {"HTTP_PORT": "http"}, "HTTP_PORT=http: no port"),
    "one port twice": ((), None, {"HTTP_PORT": "8443"}, "ports: the same one twice"),
    "a wrong subnet": ((), None, {"PRIVATE_SUBNET": "172.30.83.1/24"}, "PRIVATE_SUBNET=172.30.83.1/24"),
    "a subnet in use": (
        (("network ls", "abc", 0),
         ("network inspect", json.dumps([{"Name": "other", "Labels": {}, "IPAM": {
             "Config": [{"Subnet": "172.30.0.0/16"}]}}]), 0)),
        None, {}, "PRIVATE_SUBNET=172.30.83.0/24 overlaps Docker's network other"),
    "an unknown profile": ((), None, {"COMPOSE_PROFILES": "monitorin"},
                           "COMPOSE_PROFILES: no profile monitorin. Remedy: did you mean monitoring?"),
    "scale alone": ((), None, {"COMPOSE_PROFILES": "scale"}, "COMPOSE_PROFILES: scale without shared"),
    "no name server": (
        (("compose config --format json", services(), 0), ("image inspect", "", 1),
         ("IndexServerAddress", "https://images.invalid/v1/", 0)),
        None, {}, "DNS: images.invalid, for the images nginx:1.28. Remedy: "),
    "no name of the model's hub": (
        (("compose config --format json", services(), 0), ("volume inspect", "", 1)),
        None, {"ENGINE": "cpu", "HF_ENDPOINT": "https://hub.invalid"},
        "DNS: hub.invalid, for the model. Remedy: mend /etc/resolv.conf"),
    "another clock": ((("SystemTime", "2026-11-01T00:00:00.123456789Z", 0),), None, {},
                      "clock: Docker's machine is "),
}  # fmt: skip


@pytest.mark.parametrize(("docker", "nvidia", "settings", "said"), CASES.values(), ids=CASES.keys())
def test_each_red_line(
    tmp_path: Path,
    docker: Answers | None,
    nvidia: Answers | None,
    settings: dict[str, str],
    said: str,
) -> None:
    """And `make up` changes nothing: it writes no .env, and Docker starts nothing."""
    host = make_host(tmp_path, docker, nvidia)
    settings = {"ENGINE": "lite", "HTTP_PORT": str(free_port()), **settings}
    done = host.module("scripts.up", **settings)
    assert done.returncode == 1, done.stdout
    assert [line for line in red(done.stderr) if said in line], done.stderr
    assert done.stderr.splitlines()[-1].endswith("to mend first, see above; nothing was changed.")
    assert not (host.project / ".env").exists()
    assert "Traceback" not in done.stderr


def test_everything_that_is_wrong_is_listed_at_once_with_its_remedy(tmp_path: Path) -> None:
    host = make_host(tmp_path, (("compose version", "", 1),))
    env_file(
        host, SECRETS + "HTTP_PROT=80\nRATE_LIMIT_IP=5/minute\nRATE_LIMIT_IP=6/minute\nFOO=1\n"
    )
    done = host.module("scripts.up", ENGINE="gpu", PRIVATE_SUBNET="x", HTTP_PORT="0")
    lines = red(done.stderr)
    assert all(". Remedy: " in line for line in lines), lines
    text = "\n".join(lines)
    for said in (
        "Docker Compose v2: not installed",
        "the driver is missing",
        ".env:5: nothing reads HTTP_PROT. Remedy: did you mean HTTP_PORT?",
        ".env: RATE_LIMIT_IP stands in lines 6, 7",
        ".env:8: nothing reads FOO. Remedy: remove it",
        "HTTP_PORT=0: no port",
        "PRIVATE_SUBNET=x",
    ):
        assert said in text, text
    assert f"make up: {len(lines)} to mend first" in done.stderr


def test_a_port_that_another_program_holds_is_red_and_our_own_is_not(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        number = taken.getsockname()[1]
        host = make_host(tmp_path)
        done = host.module("scripts.preflight", ENGINE="lite", HTTP_PORT=str(number))
        assert f"port {number} (HTTP_PORT): another program listens there" in red(done.stdout)[0]
        host.answers("docker", (("ps", f"0.0.0.0:{number}->80/tcp, :::9->443/tcp", 0), *GOOD))
        own = host.module("scripts.preflight", ENGINE="lite", HTTP_PORT=str(number))
        assert red(own.stdout) == []


ROUTES = """\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010110AC 0003 0 0 0 00000000 0 0 0
br-1 00531EAC 00000000 0001 0 0 0 00FFFFFF 0 0 0
tun0 00501EAC 00000000 0001 0 0 0 00F0FFFF 0 0 0
"""


def test_a_subnet_that_this_host_reaches_elsewhere_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """172.30.80.0/20 behind a tunnel. The default route and Docker's bridges take nothing."""
    (tmp_path / "route").write_text(ROUTES)
    found = network.routes(tmp_path / "route")
    assert [(name, str(one)) for name, one in found] == [("the route of tun0", "172.30.80.0/20")]
    monkeypatch.setattr(network, "routes", lambda: found)
    taken, free = (network.subnet(Plan("lite", {"PRIVATE_SUBNET": one})) for one in
                   ("172.30.83.0/24", "172.30.96.0/24"))  # fmt: skip
    assert taken.is_red
    assert "overlaps the route of tun0 (172.30.80.0/20)" in taken.text
    assert "PRIVATE_SUBNET" in taken.remedy
    assert free.good


def test_files_that_containers_cannot_read_are_named(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    (host.project / "nginx" / "templates" / "default.conf.template").chmod(0o600)
    done = host.module("scripts.preflight", ENGINE="lite")
    assert red(done.stdout) == [
        "files: not readable: nginx/templates/default.conf.template. Remedy: chmod -R o+rX nginx"
    ]


def test_empty_secrets_are_red(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    env_file(host, "API_KEYS=\nPROXY_SECRET=between-us\nEMBED_SECRET=signs-it\n")
    done = host.module("scripts.preflight", ENGINE="lite")
    assert red(done.stdout)[0].startswith("secrets: API_KEYS, BASIC_AUTH_PASSWORD empty. Remedy: ")


def test_two_values_of_one_secret_are_red_and_not_shown(tmp_path: Path) -> None:
    """The shell's value reaches nginx, and the file's the gateway."""
    given = {"nginx": "of-the-shell", "gateway": "between-us", "gateway-replica": "between-us"}
    config = {
        name: {"image": "nginx:1.28", "environment": {"PROXY_SECRET": value}}
        for name, value in given.items()
    }
    told = json.dumps({"services": config})
    host = make_host(tmp_path, (("compose config --format json", told, 0),))
    env_file(host, SECRETS)
    done = host.module("scripts.preflight", ENGINE="lite", PROXY_SECRET="of-the-shell")
    assert [line for line in red(done.stdout) if "SECRET" in line] == [
        "PROXY_SECRET: one value in gateway, gateway-replica, another one in nginx. "
        "Remedy: set it in .env alone, neither in the shell nor in ENV_FILE"
    ]
    assert "of-the-shell" not in done.stdout


def test_a_secret_that_nginx_cannot_send_is_red(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    env_file(host, SECRETS.replace("between-us", "'between \"us\"'"))
    done = host.module("scripts.preflight", ENGINE="lite")
    assert [line for line in red(done.stdout) if line.startswith("PROXY_SECRET: ")]


def test_names_of_overlays_and_connectors_are_known(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    (host.project / "ours.yml").write_text("services: {x: {image: '${OUR_IMAGE}'}}\n")
    env_file(
        host,
        SECRETS
        + "COMPOSE_FILE=docker-compose.yml:ours.yml\nOUR_IMAGE=a:1\nCONNECTOR_X_URL=http://x\n",
    )
    done = host.module("scripts.preflight", ENGINE="lite")
    assert red(done.stdout) == []
    assert "ok      .env: every name is known" in done.stdout


def test_an_env_file_that_others_can_read_is_a_note(tmp_path: Path) -> None:
    host = make_host(tmp_path)
    env_file(host, SECRETS)
    (host.project / ".env").chmod(0o644)
    done = host.module("scripts.preflight", ENGINE="lite")
    assert "note    .env: mode 0644. Remedy: other users of this machine" in done.stdout


@pytest.mark.parametrize("toolkit", ["runtime", "hook"])
def test_a_host_with_a_card_lacks_nothing(tmp_path: Path, toolkit: str) -> None:
    """The toolkit is found by its runtime or, where that is not set up, by its hook for Docker."""
    docker: Answers = () if toolkit == "runtime" else (("info .Runtimes", '{"runc": {}}', 0),)
    host = make_host(tmp_path, docker, CARD)
    if toolkit == "hook":
        host.answers("nvidia-container-runtime-hook", ())
    done = host.module("scripts.preflight", ENGINE="gpu")
    lines = done.stdout.splitlines()
    assert "ok      NVIDIA GPU: NVIDIA L4, 22 GiB, driver 580.95.05" in lines
    assert "ok      profile for compute capability 8.9, 22.5 GiB: gpu-24gb-fp8" in lines
    assert "ok      NVIDIA Container Toolkit" in lines
    assert [line for line in red(done.stdout) if not line.startswith("memory")] == []


def test_memory_architecture_and_disk_are_compared_with_the_need(tmp_path: Path) -> None:
    cpu = Plan("cpu", {})
    assert not machine.memory(cpu, there=8.0).good
    assert machine.memory(cpu, there=15.4).good, "a machine of 16 GB shows less than 16 GiB"
    assert not machine.architecture(cpu, "aarch64").good
    assert machine.architecture(Plan("gpu", {}), "arm64").good
    assert not machine.architecture(Plan("lite", {}), "riscv64").good
    host = make_host(
        tmp_path,
        (("compose config --format json", services(), 0), ("image inspect", "", 1),
         ("volume inspect", "", 1), ("DockerRootDir", str(tmp_path), 0)),
    )  # fmt: skip
    (host.project / "scripts" / "checks" / "images.py").write_text(
        re.sub(r"SPARE_GIB = 1\b", "SPARE_GIB = 10**9",
               (host.project / "scripts" / "checks" / "images.py").read_text())
    )  # fmt: skip
    done = host.module("scripts.preflight", ENGINE="cpu")
    assert [line for line in red(done.stdout) if line.startswith("disk: ")], done.stdout


@pytest.mark.parametrize(("kept", "said"), [(True, " UTC"), (False, "nothing keeps it right")])
def test_a_clock_that_nothing_keeps_right_is_a_note(
    kept: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "is_synchronised", lambda: kept)
    monkeypatch.setattr(machine, "docker_offset", lambda now: 0.0)
    [found] = machine.clock()
    assert (found.is_red, found.text.endswith(said)) == (False, True)


def test_a_clock_before_the_release_is_red() -> None:
    early = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC).timestamp()
    found = machine.clock(early)
    assert [one.is_red for one in found] == [True]
    assert "2020-01-01 00:00 UTC is before this release" in found[0].text
