"""make up: looks at the machine, then starts SightDesk in Docker and says where it is.

1. Preflight. Everything that is wrong is listed, and nothing is changed.
2. `.env` with generated secrets, where there is none.
3. Images: loaded from BUNDLE, or those that are missing or older than the sources are built.
4. The containers, in order: each one waits until what it needs is healthy. The model is downloaded
   meanwhile, with its progress.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts import bundle, follow, preflight, write_env
from scripts.checks import images, settings
from scripts.checks.plan import Plan, make_plan, output
from scripts.env_file import ROOT, secrets_of
from scripts.findings import Finding, line, masked

COMPOSE = ("docker", "compose")
# Programs that tell in one line why they did not start: `<name>: …`.
TELLING = ("fetch", "inference", "lite", "postgres", "redis", "gateway", "nginx")
WAITED_FOR = ("fetch", "inference")  # Compose may be ended before it knows their end
MONITORING = {"grafana": "Grafana", "prometheus": "Prometheus", "alertmanager": "Alertmanager"}


class Refused(Exception):
    """One line: why `make up` ends, and the remedy."""


def main() -> int:
    try:
        up(os.environ.get("BUNDLE", ""))
    except (Refused, bundle.BadBundle) as error:
        print(f"make up: {error}", file=sys.stderr)
        return 1
    return 0


def up(bundle_file: str) -> None:
    plan = make_plan()
    os.environ["ENGINE"] = plan.engine
    looked = bundle.check(plan, Path(bundle_file)) if bundle_file else None
    refuse_red(plan, with_bundle=looked is not None)
    if write_env.main():
        raise Refused("no .env could be written")
    plan = make_plan()
    os.environ["ENGINE"] = plan.engine
    # A new .env may have another secret than the shell.
    refuse(plan, settings.same_secrets(plan), "see above.")
    os.environ.update(images.labels(plan.root))
    if looked is not None:
        looked.load()
    get_images(plan, may_build=looked is None)
    start(plan)
    print(closing(plan))


def refuse_red(plan: Plan, with_bundle: bool) -> None:
    found = preflight.findings(plan, with_bundle)
    refuse(plan, found, "see above; nothing was changed.")
    for one in found:
        if not one.good:
            print(masked(line(one), secrets_of(plan.settings)))


def refuse(plan: Plan, found: Iterable[Finding], told: str) -> None:
    red = [one for one in found if one.is_red]
    for one in red:
        print(masked(line(one), secrets_of(plan.settings)), file=sys.stderr)
    if red:
        raise Refused(f"{len(red)} to mend first, {told}")


def get_images(plan: Plan, may_build: bool) -> None:
    """An image that is here and made of these sources is left alone: no network is needed."""
    looked = images.look(plan)
    if looked.pulled_missing and may_build:
        run(plan, "pull", "--policy", "missing", *services_of(plan, looked.pulled_missing),
            failed="some images could not be fetched; see above. Without a network: make bundle "
            "elsewhere, make up BUNDLE=… here.")  # fmt: skip
    if looked.to_build and may_build:
        run(plan, "build", *services_of(plan, looked.to_build),
            failed="the images could not be built; see above. Without a network: make bundle "
            "elsewhere, make up BUNDLE=… here.")  # fmt: skip
    if not may_build and (looked.pulled_missing or looked.to_build):
        names = ", ".join((*looked.pulled_missing, *looked.to_build))
        raise Refused(f"the bundle lacks {names}; make it with this ENGINE and COMPOSE_PROFILES.")


def services_of(plan: Plan, names: tuple[str, ...]) -> list[str]:
    """One service for each image; for a built one, a service that builds it."""
    found: dict[str, str] = {}
    for name, service in plan.services.items():
        if service["image"] in names and ("build" in service or service["image"] not in found):
            found[service["image"]] = name
    return list(found.values())


def run(plan: Plan, *command: str, failed: str) -> None:
    """Raises Refused with `failed`."""
    if subprocess.run([*COMPOSE, *command], cwd=plan.root).returncode:
        raise Refused(failed)


def start(plan: Plan) -> None:
    """Raises Refused."""
    command = [*COMPOSE, "up", "-d", "--no-build", "--wait"]
    if follow.main(http_port(plan.settings), plan.project, command) == 0:
        return
    for reason in reasons(plan):
        print(reason, file=sys.stderr)
    raise Refused("some containers did not start; see the line above, or `make logs`.")


def reasons(plan: Plan) -> list[str]:
    """The line in which a program that does not run said why."""
    found = []
    for service in TELLING:
        identity = output(*COMPOSE, "ps", "-aq", service, cwd=plan.root).stdout.split()[-1:]
        if not identity or (service not in WAITED_FOR and is_healthy(identity[0])):
            continue
        # `docker logs`, since Compose puts control characters in front of each line.
        told = output("docker", "logs", "--tail", "400", identity[0])
        lines = map(message_of, (told.stdout + told.stderr).splitlines())
        said = [one for one in lines if one.startswith(f"{service}: ")]
        found += said[-1:]
    return found


def message_of(log_line: str) -> str:
    """The text of a line: its `message` where it is JSON."""
    try:
        return str(json.loads(log_line)["message"])
    except (ValueError, LookupError, TypeError):
        return log_line


def is_healthy(identity: str) -> bool:
    form = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
    return output("docker", "inspect", "-f", form, identity).stdout.strip() == "running healthy"


def http_port(settings: Mapping[str, str]) -> str:
    return settings.get("HTTP_PORT") or "8080"


def closing(plan: Plan) -> str:
    url = f"http://127.0.0.1:{http_port(plan.settings)}"
    user = plan.settings.get("BASIC_AUTH_USER") or "admin"
    body = '{"model": "sightdesk", "messages": [{"role": "user", "content": "退货流程是什么？"}]}'
    return f"""\
SightDesk is ready: {url}/chat.html
User: {user}. .env has the password, BASIC_AUTH_PASSWORD, and the key, API_KEYS.
Try it:
  KEY=$(sed -n 's/^API_KEYS=[^:]*:\\([^,]*\\).*/\\1/p' .env)
  curl -s {url}/v1/chat/completions -H "Authorization: Bearer $KEY" \\
    -H 'Content-Type: application/json' -d '{body}'
Monitoring: {monitoring(plan)}
`make doctor` says how it is, `make help` lists all commands."""


def monitoring(plan: Plan) -> str:
    found = [
        f"{title} http://127.0.0.1:{port['published']}"
        for name, title in MONITORING.items()
        for port in plan.services.get(name, {}).get("ports", ())
    ]
    return ", ".join(found) or "off; COMPOSE_PROFILES=monitoring in .env and `make up` add it."


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
