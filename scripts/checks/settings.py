"""`.env`: names that nothing reads, values that cannot be right, secrets, profiles."""

import difflib
import re
import stat
from pathlib import Path

from scripts.checks.plan import Plan, output
from scripts.env_file import REQUIRED, assignments, known_names
from scripts.findings import Finding

ENGINES = ("gpu", "cpu", "lite")
SOURCES = ("huggingface", "modelscope", "local")
PROFILES = ("monitoring", "shared", "scale")
PASSWORDS = {
    "shared": ("POSTGRES_PASSWORD", "REDIS_PASSWORD"),
    "monitoring": ("GRAFANA_PASSWORD",),
}
# Secrets that several containers must have in common.
SHARED = ("PROXY_SECRET", "EMBED_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
SENDABLE = re.compile(r"[A-Za-z0-9._~+/=-]*")
# Read by Docker, Compose and the programs in the containers.
OTHERS = re.compile(
    r"^(COMPOSE_\w+|DOCKER_\w+|CONNECTOR_\w+|OTEL_\w+|BUILDKIT_\w+|TZ|ENV_FILE|"
    r"(HTTP|HTTPS|NO)_PROXY|(http|https|no)_proxy)$"
)
USED = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)")
REMEDY_SECRETS = "set them; or move .env away, and make up writes a new one"


def env_file(plan: Plan) -> list[Finding]:
    path = plan.root / ".env"
    if not path.exists():
        return [Finding(True, ".env: none yet; make up writes it"), *values(plan)]
    text = path.read_text("utf-8", "replace")
    found = [*names(plan, text), *repeated(text), secrets(plan), *same_secrets(plan)]
    return [*found, proxy_secret(plan), rights(path), *values(plan)]


def names(plan: Plan, text: str) -> list[Finding]:
    known = known_names(plan.root) | used_by_compose(plan)
    found = []
    for number, name, _ in assignments(text):
        if name in known or OTHERS.match(name):
            continue
        near = difflib.get_close_matches(name, known, 1, 0.8)
        remedy = f"did you mean {near[0]}?" if near else "remove it; .env.example has all settings"
        found.append(Finding(False, f".env:{number}: nothing reads {name}", remedy=remedy))
    return found or [Finding(True, ".env: every name is known")]


def used_by_compose(plan: Plan) -> set[str]:
    """Variables of the Compose files, a company's own overlays included."""
    listed = plan.settings.get("COMPOSE_FILE", "docker-compose.yml").split(":")
    files = [plan.root / name for name in listed] + sorted((plan.root / "compose").glob("*.yml"))
    texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
    return {name for text in texts for name in USED.findall(text)}


def repeated(text: str) -> list[Finding]:
    lines: dict[str, list[int]] = {}
    for number, name, _ in assignments(text):
        lines.setdefault(name, []).append(number)
    return [
        Finding(
            False,
            f".env: {name} stands in lines {', '.join(map(str, numbers))}",
            remedy="keep one; Docker reads the last",
        )
        for name, numbers in lines.items()
        if len(numbers) > 1
    ]


def secrets(plan: Plan) -> Finding:
    unused = {"BASIC_AUTH_PASSWORD"} if plan.settings.get("BASIC_AUTH") == "off" else set()
    empty = [name for name in REQUIRED if not plan.settings.get(name) and name not in unused]
    told = f": {', '.join(empty)} empty" if empty else ": all are set"
    return Finding(not empty, "secrets" + told, remedy=REMEDY_SECRETS)


def same_secrets(plan: Plan) -> list[Finding]:
    """The containers' own values as Compose gives them: the shell's or another file's may be among
    them. Containers with different ones refuse each other."""
    found = []
    for name in SHARED:
        given: dict[str, list[str]] = {}
        for service, description in sorted(plan.services.items()):
            value = (description.get("environment") or {}).get(name)
            if value:
                given.setdefault(value, []).append(service)
        if len(given) > 1:
            told = ", another one in ".join(", ".join(services) for services in given.values())
            remedy = "set it in .env alone, neither in the shell nor in ENV_FILE"
            found.append(Finding(False, f"{name}: one value in {told}", remedy=remedy))
    return found


def proxy_secret(plan: Plan) -> Finding:
    """nginx writes it into its configuration, and does not start with other characters."""
    return Finding(
        SENDABLE.fullmatch(plan.settings.get("PROXY_SECRET", "")) is not None,
        "PROXY_SECRET: letters, digits and ._~+/=-",
        remedy="it has other characters: generate one with `openssl rand -hex 32`",
    )


def service_secrets(plan: Plan) -> Finding:
    """Passwords between containers. `make up` adds those that are missing."""
    needed = [name for part, names in PASSWORDS.items() if part in plan.profiles for name in names]
    empty = [name for name in needed if not plan.settings.get(name)]
    told = f": {', '.join(empty)} empty" if empty else ": none is missing"
    return Finding(not empty, "passwords of the profiles" + told, remedy="make up adds them")


def rights(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    return Finding(
        not mode & 0o077,
        f".env: mode {mode:04o}",
        needed=False,
        remedy="other users of this machine can read the secrets; chmod 600 .env",
    )


def values(plan: Plan) -> list[Finding]:
    found = []
    if plan.engine not in ENGINES:
        found.append(Finding(False, f"ENGINE={plan.engine}", remedy="choose gpu, cpu or lite"))
    source = plan.settings.get("MODEL_SOURCE") or "huggingface"
    if source not in SOURCES:
        remedy = "choose huggingface, modelscope or local"
        found.append(Finding(False, f"MODEL_SOURCE={source}", remedy=remedy))
    if source == "local" and plan.engine != "lite":
        found.append(local_model(plan.settings.get("MODEL_ID", "")))
    return found + profiles(plan)


def local_model(folder: str) -> Finding:
    absolute = folder.startswith("/")
    return Finding(
        absolute and Path(folder, "config.json").is_file(),
        f"MODEL_ID={folder}",
        remedy="it must be the absolute path of a checkpoint's folder, with a config.json",
    )


def profiles(plan: Plan) -> list[Finding]:
    """Names of COMPOSE_PROFILES. Overlays may bring their own."""
    told = output("docker", "compose", "config", "--profiles", ENGINE=plan.engine, cwd=plan.root)
    known = {*PROFILES, *told.stdout.split(), "*"}
    found = []
    for name in sorted(plan.profiles - known):
        near = difflib.get_close_matches(name, known, 1, 0.6)
        remedy = f"did you mean {near[0]}?" if near else f"choose of {', '.join(PROFILES)}"
        found.append(Finding(False, f"COMPOSE_PROFILES: no profile {name}", remedy=remedy))
    own = plan.settings.get("DATABASE_URL", "").startswith("postgres")
    if "scale" in plan.profiles and "shared" not in plan.profiles and not own:
        found.append(
            Finding(
                False,
                "COMPOSE_PROFILES: scale without shared",
                remedy="set COMPOSE_PROFILES=shared,scale, or DATABASE_URL and RATE_LIMIT_STORAGE",
            )
        )
    return found
