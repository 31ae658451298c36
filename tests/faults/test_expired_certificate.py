"""The certificate ends while people ask, and is renewed while nginx runs."""

import datetime
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.faults.conftest import Tell
from tests.support.crowd import ANSWERED, GATEWAY, NGINX, Open, asking, people
from tests.support.nginx import NGINX as PROGRAM
from tests.support.nginx import nginx_before
from tests.support.paths import ROOT
from tests.support.prometheus import quick_config, running_prometheus
from tests.support.prometheus_alerts import seen_by_alert
from tests.support.servers import free_port, running, running_gateway, wait_for, wait_until

pytestmark = [pytest.mark.calm, pytest.mark.long]

LASTS_SECONDS = 12
EXPIRED = "certificate has expired"


@dataclass(frozen=True)
class Authority:
    """Signs the certificates of this desk; browsers know it by `ca.pem`."""

    folder: Path

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def establish(self) -> None:
        self.file.write_bytes(self._signed("a desk's authority", self.key, 3600, is_ca=True))

    def certify(self, certs: Path, seconds: float) -> float:
        """Writes tls.crt and tls.key for 127.0.0.1. Returns the Unix time of its end."""
        certs.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
        files = {
            "tls.key": key.private_bytes(*form, serialization.NoEncryption()),
            "tls.crt": self._signed("127.0.0.1", key, seconds, is_ca=False),
        }
        for name, content in files.items():  # a renewal tool writes beside, then renames
            new = certs / (name + ".new")
            new.write_bytes(content)
            new.rename(certs / name)
        return x509.load_pem_x509_certificate(files["tls.crt"]).not_valid_after_utc.timestamp()

    def _signed(
        self, name: str, key: ec.EllipticCurvePrivateKey, seconds: float, *, is_ca: bool
    ) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a desk's authority")])
        host = x509.IPAddress(ip_address("127.0.0.1"))
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=1))
            .not_valid_after(now + datetime.timedelta(seconds=seconds))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


def careful(authority: Authority) -> Open:
    """People whose browsers check the certificate at each question."""
    signed_in = people(connection="close")

    def session() -> requests.Session:
        made = signed_in()
        made.verify = str(authority.file)
        made.trust_env = False  # a bundle named there would go first
        return made

    return session


@contextmanager
def watching_certificate(front: Path, **settings: str) -> Iterator[Path]:
    """nginx's own script, which looks for a new certificate. Yields what it says."""
    command = f"{PROGRAM} -p {front} -c {front}/nginx.conf"
    environ = {
        **settings,
        "PATH": os.environ["PATH"],
        "NGINX_ETC": str(front / "etc"),
        "NGINX_CHECK": f"{command} -t -q",
        "NGINX_RELOAD": f"{command} -s reload",
        "CERTIFICATE_SECONDS": "0.2",
    }
    said = front / "said"
    with said.open("w") as log:
        script = ["sh", str(ROOT / "nginx/entrypoint/35-certificate.sh")]
        watcher = subprocess.Popen(script, env=environ, stderr=log, start_new_session=True)
        try:
            watcher.wait(20)  # it goes on in the background
            yield said
        finally:
            os.killpg(watcher.pid, signal.SIGTERM)


def test_browsers_refuse_an_expired_certificate_until_it_is_renewed(
    tmp_path: Path, tell: Tell
) -> None:
    front, watch, https = tmp_path / "front", tmp_path / "watch", free_port()
    for folder in (front / "etc", watch):
        folder.mkdir(parents=True)
    authority = Authority(tmp_path)
    authority.establish()
    secure = f"https://127.0.0.1:{https}"
    tls = {"HTTPS_LISTEN": f"127.0.0.1:{https}", **NGINX}
    authority.certify(front / "etc/certs", 3600 * 48)
    with (
        running("tests.support.fake_engine", {}) as engine,
        running_gateway(engine.url, tmp_path, **GATEWAY, CERTIFICATE_URL=secure) as gateway,
        nginx_before(gateway.url, front, **tls),
        watching_certificate(front, **tls) as said,
        asking(secure, careful(authority)) as crowd,
        running_prometheus(
            quick_config(watch, {"gateway": [gateway.url.removeprefix("http://")]})
        ) as prometheus,
    ):
        wait_for(gateway.url + "/readyz")
        crowd.all_saw(ANSWERED)
        ends_at = authority.certify(front / "etc/certs", LASTS_SECONDS)
        seen_by_alert(prometheus, "CertificateExpired")  # in earnest a day before the end
        time.sleep(max(0.0, ends_at - time.time()))
        crowd.breaks()
        crowd.saw(EXPIRED)
        crowd.all_saw(EXPIRED)

        authority.certify(front / "etc/certs", -30)
        wait_until(lambda: "the certificate has expired" in said.read_text(), 20)
        crowd.all_saw(EXPIRED)

        authority.certify(front / "etc/certs", 3600)
        crowd.all_saw(ANSWERED)
        tell("expired certificate", crowd)
        assert set(crowd.report()) == {ANSWERED, EXPIRED}
