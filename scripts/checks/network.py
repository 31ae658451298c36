"""Ports, Docker's networks, and names that have to be resolved."""

import errno
import ipaddress
import json
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

from scripts.checks.images import Images, model_missing
from scripts.checks.plan import Plan, info, output
from scripts.findings import Finding

SUBNET = "172.30.83.0/24"  # docker-compose.yml
PORTS = {"HTTP_PORT": "8080", "HTTPS_PORT": "8443"}
HUBS = {
    "huggingface": ("HF_ENDPOINT", "https://huggingface.co"),
    "modelscope": ("MODELSCOPE_ENDPOINT", "https://modelscope.cn"),
}
DNS_SECONDS = 5.0
ROUTES = Path("/proc/net/route")
MAX_PORT = 65_535


def ports(plan: Plan) -> list[Finding]:
    wanted = published(plan)
    twice = len(set(wanted.values())) < len(wanted)
    found = [port(plan, name, number) for name, number in wanted.items()]
    if twice:
        names = ", ".join(f"{name}={number}" for name, number in wanted.items())
        found.append(Finding(False, f"ports: the same one twice ({names})", remedy="change one"))
    return found


def published(plan: Plan) -> dict[str, str]:
    """{setting or service: port of this host}."""
    found = {name: plan.settings.get(name) or default for name, default in PORTS.items()}
    for name, service in plan.services.items():
        if name != "nginx":
            for one in service.get("ports", ()):
                found[f"{name}:{one.get('target')}"] = str(one.get("published"))
    return found


def port(plan: Plan, name: str, number: str) -> Finding:
    if not number.isdecimal() or not 1 <= int(number) <= MAX_PORT:
        return Finding(False, f"{name}={number}: no port", remedy="choose 1 to 65535")
    if not is_taken(int(number)) or number in ports_of(plan.project):
        return Finding(True, f"port {number} ({name}): free, or SightDesk's own")
    return Finding(
        False,
        f"port {number} ({name}): another program listens there",
        remedy=f"set {name} in .env, or end that program (ss -ltnp 'sport = :{number}')"
        if name in PORTS
        else f"end that program (ss -ltnp 'sport = :{number}')",
    )


def is_taken(number: int) -> bool:
    """A port below 1024 may be refused to this user and still be free for Docker."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", number))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def ports_of(project: str) -> set[str]:
    """Ports that containers of this Compose project publish."""
    listed = output(
        *("docker", "ps", "--filter", f"label=com.docker.compose.project={project}"),
        *("--format", "{{.Ports}}"),
    ).stdout
    found = (part.split("->")[0].rpartition(":")[2] for part in listed.replace(",", " ").split())
    return {number for number in found if number.isdecimal()}


def subnet(plan: Plan) -> Finding:
    text = plan.settings.get("PRIVATE_SUBNET") or SUBNET
    remedy = "set PRIVATE_SUBNET in .env to a private /24 that nobody uses, such as 172.30.90.0/24"
    try:
        wanted = ipaddress.IPv4Network(text)
    except ValueError as error:
        return Finding(False, f"PRIVATE_SUBNET={text}: {error}", remedy=remedy)
    for name, other in (*networks_of_others(plan.project), *routes()):
        if wanted.overlaps(other):
            return Finding(False, f"PRIVATE_SUBNET={text} overlaps {name} ({other})", remedy=remedy)
    return Finding(True, f"PRIVATE_SUBNET={text}: free, or SightDesk's own")


def networks_of_others(project: str) -> list[tuple[str, ipaddress.IPv4Network]]:
    identities = output("docker", "network", "ls", "-q").stdout.split()
    shown = output("docker", "network", "inspect", *identities).stdout if identities else ""
    try:
        listed = json.loads(shown or "[]")
    except ValueError:
        return []
    found = []
    for one in listed:
        if (one.get("Labels") or {}).get("com.docker.compose.project") == project:
            continue
        for config in (one.get("IPAM") or {}).get("Config") or ():
            network = network_of(config.get("Subnet", ""))
            if network:
                found.append((f"Docker's network {one.get('Name')}", network))
    return found


def network_of(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        return None  # IPv6, or none


def routes(file: Path = ROUTES) -> list[tuple[str, ipaddress.IPv4Network]]:
    """Networks that this host reaches, without the default route and Docker's bridges."""
    try:
        rows = [row.split() for row in file.read_text().splitlines()[1:]]
    except OSError:
        return []
    found = []
    for row in rows:
        interface, destination, mask = row[0], row[1], row[7]
        if mask != "00000000" and not interface.startswith(("br-", "docker")):
            address = ipaddress.IPv4Address(int.from_bytes(bytes.fromhex(destination), "little"))
            length = bin(int(mask, 16)).count("1")
            network = ipaddress.IPv4Network(f"{address}/{length}", strict=False)
            found.append((f"the route of {interface}", network))
    return found


def dns(plan: Plan, images: Images) -> list[Finding]:
    """Only hosts that something has to be fetched from. None with a proxy, which resolves them."""
    if plan.settings.get("HTTPS_PROXY"):
        return []
    found = []
    for host, what in hosts(plan, images):
        found.append(
            Finding(
                resolves(host),
                f"DNS: {host}, for {what}",
                remedy="mend /etc/resolv.conf, or bring what is missing: make bundle (where there "
                "is a network), make up BUNDLE=… (here)",
            )
        )
    return found


def hosts(plan: Plan, images: Images) -> list[tuple[str, str]]:
    found = []
    fetched = (*images.pulled_missing, *images.bases_missing)
    index = urlsplit(info("{{.IndexServerAddress}}")).hostname
    if fetched and index:
        found.append((index, "the images " + ", ".join(fetched)))
    name, default = HUBS.get(plan.settings.get("MODEL_SOURCE") or "huggingface", ("", ""))
    hub = urlsplit(plan.settings.get(name) or default).hostname
    if hub and model_missing(plan):
        found.append((hub, "the model"))
    return found


def resolves(host: str) -> bool:
    """A resolver that does not answer may take half a minute to say so."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(bool(socket.getaddrinfo(host, 443)))
        except OSError:
            answers.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DNS_SECONDS)
    return bool(answers and answers[0])
