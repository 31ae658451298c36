"""A container beside the desk tries every TCP port of every container, and finds what is meant."""

import json
from collections.abc import Iterable

import pytest

from tests.support.monitored_stack import PROJECT, Watched, addresses, gateway_of, run

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

# docs/security.md, "Networks": who is reached where.
PRIVATE = {
    "nginx": {80, 8081},  # and 443 with a certificate
    "gateway": {8000},
    "lite": {3002},
    "redis": {6379},
    "postgres": {5432},
    "prometheus": {9090},
    "node-exporter": {9100},
    "nginx-exporter": {9113},
    "redis-exporter": {9121},
    "postgres-exporter": {9187},
}
MONITORING = {"prometheus": {9090}, "alertmanager": {9093}}
SCAN = """
import contextlib, json, select, socket, sys, time
AT_ONCE, SECONDS = 4000, 0.5  # a port that has not answered by then is silent
def open_ports(host, ports):
    with contextlib.ExitStack() as stack:
        looking, waits = select.epoll(), {}
        for port in ports:
            wire = stack.enter_context(socket.socket())
            wire.setblocking(False)
            wire.connect_ex((host, port))
            waits[wire.fileno()] = (wire, port)
            looking.register(wire, select.EPOLLOUT)
        found, until = [], time.monotonic() + SECONDS
        while waits and (left := until - time.monotonic()) > 0:
            for number, _ in looking.poll(left):
                wire, port = waits.pop(number)
                looking.unregister(number)
                if wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.append(port)
        return found
def scan(host):
    first = range(1, 65536, AT_ONCE)
    return [port for one in first for port in open_ports(host, range(one, min(one + AT_ONCE, 65536)))]
print(json.dumps({host: scan(host) for host in sys.argv[1:]}))
"""
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as wire:
    wire.sendall(sys.argv[3].encode())
    print(wire.recv(200).decode())
"""
SIGN_IN = """
import socket, struct, sys
words = b"user\\0sightdesk\\0database\\0sightdesk\\0\\0"
with socket.create_connection((sys.argv[1], 5432), 5) as wire:
    wire.sendall(struct.pack("!II", 8 + len(words), 196608) + words)
    print(wire.recv(200))
"""


def beside(network: str, program: str, *arguments: str) -> str:
    """Runs a Python program in a container of that network. Returns what it prints."""
    limits = ("--ulimit", "nofile=16384", "--network", network)
    return run("run", "--rm", *limits, "python:3.13-slim", "python3", "-c", program, *arguments)


def scanned(network: str, hosts: Iterable[str]) -> dict[str, set[int]]:
    found: dict[str, list[int]] = json.loads(beside(network, SCAN, *hosts))
    return {host: set(ports) for host, ports in found.items()}


@pytest.mark.parametrize(("network", "meant"), [("private", PRIVATE), ("monitoring", MONITORING)])
def test_inside_a_network_each_container_has_its_one_service(
    watched: Watched, network: str, meant: dict[str, set[int]]
) -> None:
    hosts = addresses(network)
    found = scanned(f"{PROJECT}_{network}", hosts.values())
    assert {service: found[address] for service, address in hosts.items()} == meant


def test_from_a_strangers_container_only_the_published_ports_are_there(watched: Watched) -> None:
    inside = [*addresses("private").values(), *addresses("edge").values()]
    found = scanned("bridge", inside)
    assert {host: ports for host, ports in found.items() if ports} == {}
    host = gateway_of("bridge")
    published = {int(watched.environ[name]) for name in ("HTTP_PORT", "HTTPS_PORT")}
    hidden = int(watched.environ["PROMETHEUS_PORT"])
    assert scanned("bridge", [host])[host] & {*published, hidden} == published


def test_databases_ask_a_neighbour_for_a_password(watched: Watched) -> None:
    hosts = addresses("private")
    network = f"{PROJECT}_private"
    assert beside(network, ASK, hosts["redis"], "6379", "PING\r\n").startswith("-NOAUTH")
    told = beside(network, SIGN_IN, hosts["postgres"])
    assert "SCRAM-SHA-256" in told
