"""Files that containers read: they run as other users than the one who made the files."""

import datetime
import os
import re
import ssl
import stat
import time
from pathlib import Path

from scripts.checks.plan import Plan
from scripts.findings import Finding

FOLDERS = ("knowledge", "connectors", "frontend", "nginx/templates", "nginx/snippets",
           "nginx/errors", "nginx/entrypoint", "compose/entrypoint")  # fmt: skip
SOON_DAYS = 14
NGINX_ID = "101"
PEM_BEGINS, PEM_ENDS = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# X.509 has two times, notBefore and notAfter: UTCTime (YYMMDD…Z) or GeneralizedTime (YYYYMMDD…Z).
TIMES = re.compile(rb"\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z")


def readable(plan: Plan) -> Finding:
    hidden = [
        path.relative_to(plan.root).as_posix()
        for folder in FOLDERS
        for path in [plan.root / folder, *sorted((plan.root / folder).rglob("*"))]
        if path.exists() and not others_read(path)
    ]
    shown = ", ".join(hidden[:3]) + (" …" if len(hidden) > 3 else "")
    return Finding(
        not hidden,
        "files: the containers can read all" if not hidden else f"files: not readable: {shown}",
        remedy=f"chmod -R o+rX {' '.join(sorted({name.split('/')[0] for name in hidden}))}",
    )


def others_read(path: Path) -> bool:
    mode = path.stat().st_mode
    return bool(mode & stat.S_IROTH) and (not path.is_dir() or bool(mode & stat.S_IXOTH))


def certificate(plan: Plan, now: float | None = None) -> list[Finding]:
    """nginx/certs, where there is a certificate."""
    folder = plan.root / "nginx" / "certs"
    crt, key = folder / "tls.crt", folder / "tls.key"
    if not crt.exists() and not key.exists():
        return []
    if not crt.exists() or not key.exists():
        one = "tls.key" if crt.exists() else "tls.crt"
        return [
            Finding(False, f"TLS: nginx/certs/{one} is missing", remedy="add it, or remove both")
        ]
    return [key_rights(plan, key), expiry(crt, time.time() if now is None else now)]


def key_rights(plan: Plan, key: Path) -> Finding:
    told = key.stat()
    uid = plan.settings.get("NGINX_UID") or NGINX_ID
    gid = plan.settings.get("NGINX_GID") or NGINX_ID
    mode = told.st_mode
    good = (
        (str(told.st_uid) == uid and bool(mode & stat.S_IRUSR))
        or (str(told.st_gid) == gid and bool(mode & stat.S_IRGRP))
        or bool(mode & stat.S_IROTH)
    )
    return Finding(
        good,
        "TLS: nginx can read its key" if good else f"TLS: user {uid} cannot read nginx's key",
        remedy=f"chown {uid} nginx/certs/tls.key, or set NGINX_UID={os.getuid()}",
    )


def expiry(crt: Path, now: float) -> Finding:
    try:
        end = end_of(crt.read_text("ascii", "replace"))
    except (OSError, ValueError) as error:
        return Finding(False, f"TLS: no certificate: {error}", remedy="put a PEM file there")
    days = (end - now) / 86_400
    date = datetime.datetime.fromtimestamp(end, datetime.UTC).strftime("%Y-%m-%d")
    return Finding(
        days > SOON_DAYS,
        f"TLS: the certificate ends on {date}, in {days:.0f} days",
        needed=days <= 0,
        remedy="renew it and put the new files into nginx/certs",
    )


def end_of(pem: str) -> float:
    """Seconds since 1970 until which the first certificate of `pem` is valid. Raises ValueError."""
    start = pem.find(PEM_BEGINS)
    end = pem.find(PEM_ENDS, start)
    if start < 0 or end < 0:
        raise ValueError("no CERTIFICATE in it")
    times = TIMES.findall(ssl.PEM_cert_to_DER_cert(pem[start : end + len(PEM_ENDS)]))
    if len(times) < 2:
        raise ValueError("no end in it")
    short, long = (part.decode() for part in times[1])
    text = long or ("20" if int(short[:2]) < 50 else "19") + short  # RFC 5280, 4.1.2.5.1
    ends = datetime.datetime.strptime(text, "%Y%m%d%H%M%S")
    return ends.replace(tzinfo=datetime.UTC).timestamp()
