"""make upgrade [BUNDLE=…]: brings the running desk to the version in this folder, or back.

1. The new images are loaded, pulled or built. The old ones stay, as NAME:TAG-before-upgrade.
2. A backup is made beside the running desk. The new version restores it into a scratch database and
   runs its migrations there: nothing has changed up to here.
3. The gateways stop, a last backup is made, and the new version starts.
4. It is asked real questions through nginx.

Where 3 or 4 fail, the old images, files and data come back, and serve. Standard library only: on a
Docker host nothing is installed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.backup.settings_text import parsed
from scripts import deployed
from scripts.backup import backup
from scripts.gateway_command import ROOT, Refused, gateway_command, is_docker, output_of
from scripts.upgrade_check import newly_red, red_parts
from scripts.upgrade_images import Images, get_images

COMPOSE = ("docker", "compose")
# Of all containers to be healthy. vLLM loads its model meanwhile.
START_SECONDS = {"gpu": 2400, "cpu": 1800}
RESTARTS = 3  # of a gateway: it does not start any more
LOOK_SECONDS = 2.0


class Failed(Exception):
    """The new version does not work; the message says why, in one line."""


def main() -> int:
    os.chdir(ROOT)
    try:
        upgrade(os.environ.get("BUNDLE", ""))
    except Refused as error:
        print(f"make upgrade: {error}", file=sys.stderr)
        return 1
    except Failed as error:
        print(f"make upgrade: the new version does not work: {error}", file=sys.stderr)
        print("The old version serves again, with its data.", file=sys.stderr)
        return 1
    return 0


def upgrade(bundle: str) -> None:
    """Raises Refused where nothing has changed, or where the old version could not come back;
    Failed where it has."""
    if not is_docker():
        raise Refused("there is no .env, so nothing runs in Docker; use make up")
    settings = {**parsed((ROOT / ".env").read_text("utf-8")), **os.environ}
    running = gateways()
    old = Images.of_containers()
    if not running or not old.names:
        raise Refused("no gateway runs here; use make up")
    known = red_parts(settings)
    for wrong in known.values():
        say(f"Wrong already before the upgrade: {wrong}")
    old.keep()
    try:
        say("Getting the new images …")
        get_images(bundle)
        say("Backing up …")
        tried = backup()
        say("Trying the migrations on a copy …")
        try_migrations(tried)
    except BaseException:
        old.put_back()
        raise
    tried.unlink()
    say("Stopping the gateways …")
    output_of([*COMPOSE, "stop", *running])
    try:
        saved = backup()
    except BaseException:
        old.put_back()
        output_of([*COMPOSE, "start", *running])
        raise
    before = revision()
    try:
        say("Starting the new version …")
        start(settings)
        say("Asking questions …")
        ask(settings, known)
    except BaseException as error:  # noqa: BLE001 - Ctrl-C goes back, too
        say(f"It does not work: {error}")
        go_back(old, saved, before, settings, known)
        raise Failed(str(error) or type(error).__name__) from None
    deployed.save()
    say(f"Upgraded. The data as they were before: {saved.name}")


def gateways() -> list[str]:
    """The services of gateways that run."""
    listed = output_of([*COMPOSE, "ps", "--services", "--status", "running"]).split()
    return [name for name in listed if name.startswith("gateway")]


def try_migrations(file: Path) -> None:
    """Raises Refused."""
    with file.open("rb") as read:
        command = gateway_command("verify", "-")
        ended = subprocess.run(command, stdin=read, stdout=subprocess.PIPE, text=True)
    for line in ended.stdout.splitlines():
        if line.startswith("migration "):
            say("  " + line)
    if ended.returncode:
        file.unlink()
        raise Refused("the new version cannot take over the data, see above; nothing was changed")


def revision() -> str:
    return output_of(gateway_command("revision")).strip()


def start(settings: Mapping[str, str], folder: Path = ROOT) -> None:
    """Starts what the folder describes, and waits until all of it is healthy. Raises Failed."""
    limit = START_SECONDS.get(settings.get("ENGINE", ""), 600)
    command = [*COMPOSE, "up", "-d", "--no-build", "--remove-orphans", "--wait"]
    command += ["--wait-timeout", str(limit)]
    up = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        while up.poll() is None:
            time.sleep(LOOK_SECONDS)
            if restarts(folder) >= RESTARTS:
                raise Failed(why(folder) or "the gateway ends again and again")
        if up.returncode:
            told = up.stderr.read().strip().splitlines() if up.stderr else []
            raise Failed(why(folder) or (told[-1] if told else "some containers did not start"))
    finally:
        up.kill()
        up.wait()
        if up.stderr:
            up.stderr.close()


def containers(folder: Path) -> list[str]:
    """Ids of the gateways' containers."""
    services = output_of([*COMPOSE, "ps", "-a", "--services"], cwd=folder).split()
    wanted = [name for name in services if name.startswith("gateway")]
    return output_of([*COMPOSE, "ps", "-aq", *wanted], cwd=folder).split() if wanted else []


def restarts(folder: Path) -> int:
    """The most that one gateway has been restarted."""
    ids = containers(folder)
    form = ["docker", "inspect", "-f", "{{.RestartCount}}"]
    ended = subprocess.run([*form, *ids], capture_output=True, text=True) if ids else None
    return max(map(int, ended.stdout.split()), default=0) if ended else 0


def why(folder: Path) -> str:
    """The last line in which a gateway said why it does not start."""
    for identity in containers(folder):
        told = subprocess.run(
            ["docker", "logs", "--tail", "200", identity], capture_output=True, text=True
        )
        lines = [line for line in (told.stdout + told.stderr).splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("gateway: ")]
        errors = [line for line in lines if "Error" in line]
        for found in (said, errors):
            if found:
                return found[-1][:500]
    return ""


def ask(settings: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Raises Failed for what is wrong now and was not before."""
    if wrong := newly_red(settings, known):
        raise Failed(wrong)


def go_back(
    old: Images,
    saved: Path,
    before: str,
    settings: Mapping[str, str],
    known: Mapping[str, str],
) -> None:
    """Raises Refused where the old version does not come back: somebody must look."""
    say("Going back to the old version …")
    folder = deployed.FOLDER if deployed.FOLDER.is_dir() else ROOT
    if folder == ROOT:
        say("No copy of the old version's files is here; its images run with the new ones.")
    try:
        running = gateways()
        if running:
            output_of([*COMPOSE, "stop", *running])
        put_back_data(saved, before, old)
        start(settings, folder)
        ask(settings, known)
    except (Refused, Failed, OSError) as error:
        raise Refused(
            f"the old version did not come back: {error}. Its data are in {saved.name}, its images "
            f'are {", ".join(old.kept())}: see docs/backup.md, "When going back fails"'
        ) from None


def put_back_data(saved: Path, before: str, old: Images) -> None:
    """The new version knows its own tables, so it takes them away; the old one ends actions that
    may have been carried out meanwhile. Raises Refused."""
    try:
        is_changed = revision() != before
    except Refused:
        is_changed = True
    if not is_changed:
        old.put_back()
        return
    if not restored(saved, "--as-saved"):
        old.put_back()
        if not restored(saved):
            raise Refused("the data could not be restored, see above")
        return
    old.put_back()
    subprocess.run(gateway_command("settle"), stderr=subprocess.DEVNULL)


def restored(saved: Path, *options: str) -> bool:
    with saved.open("rb") as read:
        command: Sequence[str] = gateway_command("restore", "-", *options)
        return subprocess.run(command, stdin=read).returncode == 0


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
