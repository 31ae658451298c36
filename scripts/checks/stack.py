"""The stack that runs: containers, engine, database, files, knowledge, background tasks, backup.

Asked through nginx, as a client would.
"""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.checks.plan import Plan, output
from scripts.findings import Finding

ANSWER_SECONDS = 20
TOKEN_SECONDS = 120  # a busy CPU engine takes long for its first token
MODELS = {"gpu": "Qwen3-VL-8B", "cpu": "Qwen3-VL-2B", "lite": "sightdesk-lite"}
MAX_PROBLEMS = 5  # shown of each kind
DAY = 86_400
OLD_DAYS = 7  # of a backup by hand
LATE_HOURS = 2  # of a scheduled one, as the alert BackupTooOld has it
LAST_BACKUP = "sightdesk_backup_last_success_timestamp_seconds"
OVERDUE = "sightdesk_backup_overdue_seconds"
READ_METRICS = (
    "import urllib.request as u; "
    "print(u.urlopen('http://127.0.0.1:8000/metrics', timeout=10).read().decode())"
)

State = dict[str, Any]


def stack(plan: Plan) -> list[Finding]:
    rows = containers(plan)
    if not rows:
        return [Finding(False, "stack: not started", needed=False, remedy="make up")]
    found = [verdict for name in sorted(plan.services) for verdict in container(plan, name, rows)]
    url = f"http://127.0.0.1:{plan.settings.get('HTTP_PORT') or '8080'}"
    try:
        ready = ask(url + "/readyz")
    except (OSError, ValueError) as error:
        remedy = "see the containers above, and make logs"
        return [*found, Finding(False, f"gateway: no answer at {url}: {error}", remedy=remedy)]
    found += [database(ready), uploads(ready), token(plan, url), *status_files(ready)]
    return [*found, *knowledge(ready), *tasks(ready), *backup(plan)]


def containers(plan: Plan) -> list[State]:
    """A line of JSON for each; older versions of Compose print one array."""
    told = output(
        *("docker", "compose", "ps", "-a", "--format", "json"), cwd=plan.root, ENGINE=plan.engine
    )
    try:
        rows = [json.loads(row) for row in told.stdout.splitlines() if row.strip()]
    except ValueError:
        return []
    return rows[0] if rows and isinstance(rows[0], list) else rows


def container(plan: Plan, service: str, rows: Iterable[State]) -> list[Finding]:
    """One finding for each container of the service, or that there is none."""
    found = [verdict(service, row) for row in rows if row.get("Service") == service]
    return found or [
        Finding(False, f"container {service}: there is none", remedy="make up starts it")
    ]


def verdict(service: str, row: State) -> Finding:
    name, state, health = (str(row.get(key, "")) for key in ("Name", "State", "Health"))
    once = service == "fetch"
    good = (
        state == "exited" and row.get("ExitCode") == 0
        if once
        else state == "running" and health in ("healthy", "")
    )
    told = f"{state} {health}".strip() + (f", ended with {row.get('ExitCode')}" * (not good))
    starting = health == "starting" or (once and state == "running")
    return Finding(
        good,
        f"container {name}: {told}",
        needed=not starting,
        remedy="it is starting; look again in a minute" if starting else f"docker logs {name}",
    )


def ask(url: str, body: object = None, key: str = "", seconds: float = ANSWER_SECONDS) -> State:
    """The JSON of an answer, whatever its status. Raises OSError, ValueError."""
    headers = {"content-type": "application/json"} if body is not None else {}
    if key:
        headers["authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = direct.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        told = json.load(answer)
    if not isinstance(told, dict):
        raise ValueError("no JSON object")
    return told


def database(ready: State) -> Finding:
    good = ready.get("database", {}).get("writable") is True
    return Finding(
        good,
        "database: takes writes" if good else "database: takes no write",
        remedy="disk full, volume read-only, or PostgreSQL gone: see disk above, and make logs",
    )


def uploads(ready: State) -> Finding:
    good = ready.get("uploads", {}).get("available") is True
    return Finding(
        good,
        "uploaded files: can be read and kept" if good else "uploaded files: cannot be kept",
        remedy="the store of FILES_URL is gone, or DATA_DIR cannot be written: make logs; the event "
        "file_store_failed says why",
    )


def status_files(ready: State) -> list[Finding]:
    """Key and status files that the gateway cannot read."""
    remedy = "correct the file, or make it readable for the gateway (user 10001)"
    return [Finding(False, f"file: {one}", remedy=remedy) for one in ready.get("files", ())]


def token(plan: Plan, url: str) -> Finding:
    """Whether the engine itself writes something. Nothing of it is stored."""
    key = plan.settings.get("API_KEYS", "").split(",")[0].partition(":")[2]
    model = plan.settings.get("MODEL_NAME") or MODELS.get(plan.engine, "")
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 1 if plan.engine != "lite" else 16,
    }
    started = time.monotonic()
    try:
        told = ask(f"{url}/v1/chat/completions", body, key, TOKEN_SECONDS)
    except (OSError, ValueError) as error:
        told = {"error": {"message": str(error)}}
    took = time.monotonic() - started
    if told.get("usage", {}).get("completion_tokens", 0) > 0:
        return Finding(True, f"engine: {told.get('model')} wrote a token in {took:.1f} s")
    reason = told.get("error", {}).get("message", "an answer without a token")
    return Finding(
        False,
        f"engine: {model} wrote no token: {reason}",
        remedy="make logs; the line `inference: …` or `lite: …` says why it does not run",
    )


def knowledge(ready: State) -> list[Finding]:
    problems = ready.get("knowledge", {}).get("problems", [])
    if not problems:
        return [Finding(True, f"knowledge: {ready.get('knowledge', {}).get('clauses')} clauses")]
    return [
        Finding(False, f"knowledge: {problem}", remedy="correct the file; make knowledge-check")
        for problem in problems[:MAX_PROBLEMS]
    ]


def tasks(ready: State) -> list[Finding]:
    """The gateway's background tasks."""
    broken = {
        name: task
        for name, task in ready.get("tasks", {}).items()
        if task.get("state") == "restarting"
    }
    return [
        Finding(
            False,
            f"task {name}: restarting ({task.get('reason') or 'see the log'})",
            remedy="make logs",
        )
        for name, task in list(broken.items())[:MAX_PROBLEMS]
    ]


def backup(plan: Plan) -> list[Finding]:
    """Scheduled backups by the gateway's metrics; others by the files in this folder."""
    if plan.settings.get("BACKUP_SCHEDULE"):
        return [scheduled_backup(gateway_metrics(plan))]
    last = max((file.stat().st_mtime for file in backups_here(plan)), default=0.0)
    days = (time.time() - last) / DAY
    told = f"backup: {days:.1f} days old" if last else "backup: none yet"
    return [Finding(days <= OLD_DAYS, told, needed=False, remedy="make backup")]


def backups_here(plan: Plan) -> list[Path]:
    return [file for file in plan.root.glob("backup-*") if file.is_file()]


def scheduled_backup(metrics: dict[str, float]) -> Finding:
    last, late = metrics.get(LAST_BACKUP, 0.0), metrics.get(OVERDUE, 0.0) / 3600
    told = f"backup: {(time.time() - last) / DAY:.1f} days old" if last else "backup: none yet"
    is_late = late > LATE_HOURS
    return Finding(
        bool(last) and not is_late,
        told + f", and one has been due for {late:.0f} h" * is_late,
        remedy="make logs; the event backup_failed says why",
    )


def gateway_metrics(plan: Plan) -> dict[str, float]:
    """{name: value} of those without labels; none where the gateway cannot be asked."""
    inside = ("docker", "compose", "exec", "-T", "gateway", "/venv/bin/python", "-c")
    text = output(*inside, READ_METRICS, cwd=plan.root, ENGINE=plan.engine).stdout
    rows = [row.split() for row in text.splitlines() if row.startswith("sightdesk_")]
    with contextlib.suppress(ValueError):
        return {row[0]: float(row[1]) for row in rows if len(row) == 2 and "{" not in row[0]}
    return {}
