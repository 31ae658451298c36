"""A copy of the files that the running containers were started with, in .deployed/.

`make upgrade` goes back to it: the project's folder holds the new version by then. What belongs to
the administrator (.env, knowledge, connectors, users, certificates) is linked, not copied.
"""

import shutil
from pathlib import Path

from scripts.gateway_command import ROOT

FOLDER = ROOT / ".deployed"
COPIED = ("docker-compose.yml", "compose", "nginx", "frontend", "deploy")
LINKED = (".env", "knowledge", "connectors", "nginx/users", "nginx/certs")


def save() -> None:
    """Replaces the copy by the files that are here now. Raises OSError."""
    new = FOLDER.with_name(".deployed.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, new / name, ignore=_linked)
        elif source.exists():
            shutil.copy2(source, new / name)
    for name in LINKED:
        up = Path(*(".." for _ in Path(name).parents))
        (new / name).symlink_to(up / name)
    old = FOLDER.with_name(".deployed.old")
    shutil.rmtree(old, ignore_errors=True)
    if FOLDER.exists():
        FOLDER.rename(old)
    new.rename(FOLDER)
    shutil.rmtree(old, ignore_errors=True)


def _linked(folder: str, names: list[str]) -> set[str]:
    here = Path(folder).relative_to(ROOT)
    return {name for name in names if (here / name).as_posix() in LINKED}


if __name__ == "__main__":
    save()
