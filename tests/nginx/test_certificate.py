"""TLS: given and self-signed certificates, and their renewal while nginx runs."""

import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.x509 import load_der_x509_certificate

from tests.support.nginx import NGINX, rendered, running_nginx
from tests.support.paths import ROOT
from tests.support.servers import free_port, wait_until

SCRIPT = ROOT / "nginx/entrypoint/35-certificate.sh"


def make(folder: Path, name: str, days: int = 30) -> None:
    """A certificate for localhost with this common name, as nginx/certs/ has it."""
    folder.mkdir(exist_ok=True)
    for file in ("tls.crt", "tls.key"):  # a renewal tool writes beside, then renames
        (folder / file).unlink(missing_ok=True)
    dates = ["-days", str(days)] if days > 0 else ["-days", "1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", *dates, "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """nginx with its certificates in `certs`, and what the script says."""

    port: int
    certs: Path
    said: Path

    def name(self, version: ssl.TLSVersion | None = None) -> str:
        """The common name of the certificate that nginx serves; "" for no TLS."""
        return self.shake(version)[0]

    def shake(self, version: ssl.TLSVersion | None = None) -> tuple[str, str | None]:
        """(common name, protocol agreed on)."""
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        if version is not None:
            context.minimum_version = context.maximum_version = version
            context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire,
                context.wrap_socket(wire, server_hostname="localhost") as tls,
            ):
                der, protocol = tls.getpeercert(binary_form=True), tls.selected_alpn_protocol()
        except OSError:
            return "", None
        assert der is not None
        name = load_der_x509_certificate(der).subject.rfc4514_string()
        return name.removeprefix("CN=").replace("\\", ""), protocol


@contextmanager
def serving(folder: Path, made: str = "", **settings: str) -> Iterator[Served]:
    """`made`: the common name of a certificate that is there from the beginning."""
    port, https = free_port(), free_port()
    etc = folder / "etc"
    certs = etc / "certs"
    certs.mkdir(parents=True)
    if made:
        make(certs, made)
    given: dict[str, Any] = {"HTTPS_LISTEN": f"127.0.0.1:{https}", **settings}
    configuration = rendered(folder, port, "http://127.0.0.1:9", **given)
    command = f"{NGINX} -p {folder} -c {configuration}"
    watching = {
        **given,
        "PATH": os.environ["PATH"],
        "NGINX_ETC": str(etc),
        "NGINX_CHECK": f"{command} -t -q",
        "NGINX_RELOAD": f"{command} -s reload",
        "CERTIFICATE_SECONDS": "0.2",
    }
    said = folder / "said"
    with (
        said.open("w") as log,
        running_nginx(folder, configuration, f"http://127.0.0.1:{port}/embed.js"),
    ):
        watcher = subprocess.Popen(["sh", SCRIPT], env=watching, stderr=log, start_new_session=True)
        try:
            watcher.wait(20)  # it goes on in the background
            yield Served(https, certs, said)
        finally:
            os.killpg(watcher.pid, signal.SIGTERM)


def test_a_new_certificate_is_served_without_a_restart_and_a_wrong_one_is_not(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, "first") as served:
        assert served.name() == "first"
        make(served.certs, "second")
        wait_until(lambda: served.name() == "second", 30)
        wait_until(lambda: "a new certificate, valid until" in served.said.read_text(), 30)

        make(tmp_path / "other", "other")
        (served.certs / "tls.key").write_bytes((tmp_path / "other" / "tls.key").read_bytes())
        wait_until(lambda: "do not belong together" in served.said.read_text(), 30)
        assert served.name() == "second"
        (served.certs / "tls.crt").write_text("nonsense")
        wait_until(lambda: served.said.read_text().count("do not belong together") == 2, 30)
        assert served.name() == "second"

        make(served.certs, "third")
        wait_until(lambda: served.name() == "third", 30)


def test_what_nginx_itself_refuses_leaves_the_old_certificate(tmp_path: Path) -> None:
    with serving(tmp_path, "first") as served:
        make(served.certs, "second")
        # A chain whose second part is broken: openssl reads the first part only.
        with (served.certs / "tls.crt").open("a") as chain:
            chain.write("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
        wait_until(lambda: "cannot use the new certificate" in served.said.read_text(), 30)
        assert served.name() == "first"


def test_a_first_certificate_begins_tls_without_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.name() == ""
        make(served.certs, "first")
        wait_until(lambda: served.name() == "first", 30)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_is_12_or_13_with_http2(tmp_path: Path) -> None:
    with serving(tmp_path, "first") as served:
        assert served.shake() == ("first", "h2")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert served.name(version) == "first"
        assert served.name(ssl.TLSVersion.TLSv1_1) == ""


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_browsers_are_told_to_use_tls_only_when_asked_and_over_tls(tmp_path: Path) -> None:
    for seconds, sent in (("31536000", "max-age=31536000"), ("0", None)):
        folder = tmp_path / seconds
        with serving(folder, "first", HSTS_SECONDS=seconds) as served:
            over = f"https://127.0.0.1:{served.port}"
            for path in ("/embed.js", "/assets/js/main.js", "/nope", "/chat.html", "/"):
                answer = requests.get(over + path, verify=False, timeout=10, allow_redirects=False)
                assert answer.headers.get("strict-transport-security") == sent, path
            port = re.search(r"listen 127.0.0.1:(\d+) default", (folder / "nginx.conf").read_text())
            assert port
            plain = requests.get(f"http://127.0.0.1:{port[1]}/embed.js", timeout=10)
            assert "strict-transport-security" not in plain.headers


def run(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "NGINX_ETC": str(folder), "CERTIFICATE_SECONDS": "0"}
    return subprocess.run(
        ["sh", str(SCRIPT)], env={**environ, **settings}, capture_output=True, text=True
    )


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 0
    assert (
        (tmp_path / "generated/tls.conf").read_text()
        == (tmp_path / "generated/hsts.conf").read_text()
        == ""
    )


def test_a_self_signed_certificate_is_made_once_for_the_names_of_this_desk(tmp_path: Path) -> None:
    wanted = {"TLS": "self-signed", "PUBLIC_URL": "https://desk.example.com:8443"}
    made = run(tmp_path, **wanted)
    assert "browsers warn of it" in made.stderr
    first = (tmp_path / "generated/tls/tls.crt").read_bytes()
    assert run(tmp_path, **wanted).stderr == ""
    assert (tmp_path / "generated/tls/tls.crt").read_bytes() == first
    assert (tmp_path / "generated/tls/tls.key").stat().st_mode & 0o077 == 0
    told = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "generated/tls/tls.crt", "-noout", "-ext", "subjectAltName"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in ("DNS:localhost", "IP Address:127.0.0.1", "DNS:desk.example.com"):
        assert name in told.stdout


def test_a_given_certificate_goes_before_a_self_signed_one(tmp_path: Path) -> None:
    make(tmp_path / "certs", "given")
    assert run(tmp_path, TLS="self-signed").stderr == ""
    given = (tmp_path / "certs/tls.crt").read_bytes()
    assert (tmp_path / "generated/tls/tls.crt").read_bytes() == given


def test_a_broken_certificate_at_the_start_is_named_and_the_last_good_one_stays(
    tmp_path: Path,
) -> None:
    make(tmp_path / "certs", "given")
    (tmp_path / "certs/tls.key").write_text("nonsense")
    started = run(tmp_path)
    assert (started.returncode, "no TLS" in started.stderr) == (0, True)
    assert (tmp_path / "generated/tls.conf").read_text() == ""
    make(tmp_path / "certs", "good")
    assert run(tmp_path).stderr == ""
    (tmp_path / "certs/tls.key").write_text("nonsense")
    assert "the former ones are used" in run(tmp_path).stderr
    assert "ssl_certificate" in (tmp_path / "generated/tls.conf").read_text()


@pytest.mark.parametrize(("name", "value"), [("TLS", "on"), ("HSTS_SECONDS", "a year")])
def test_a_wrong_setting_of_tls_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    refused = run(tmp_path, **{name: value})
    assert refused.returncode == 1
    assert f"{name}={value}" in refused.stderr
