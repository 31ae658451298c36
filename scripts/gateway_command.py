"""How a script of `make` runs `python -m gateway.backup`: in the gateway's container, or here."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULE = ("-m", "gateway.backup")
IN_CONTAINER = "/venv/bin/python"


class Refused(Exception):
    """One line for the administrator."""


def is_docker() -> bool:
    """With an .env, which `make up` writes, the data are in Docker's volumes."""
    return (ROOT / ".env").is_file()


def gateway_command(
    *arguments: str, running: bool = False, names: tuple[str, ...] = ()
) -> list[str]:
    """The command. `running`: in the gateway that runs, else in a new container of its image.
    `names`: variables of this process that the gateway gets too. Raises Refused."""
    if not is_docker():
        python = ROOT / ".venv" / "bin" / "python"
        if not python.is_file():
            raise Refused("nothing is installed here yet: make setup")
        return [str(python), *MODULE, *arguments]
    passed = [part for name in names for part in ("-e", name)]
    start = ["exec", "-T"] if running else ["run", "--rm", "--no-deps", "-T"]
    return ["docker", "compose", *start, *passed, "gateway", IN_CONTAINER, *MODULE, *arguments]


def output_of(command: list[str], *, cwd: Path = ROOT) -> str:
    """What the command prints. Raises Refused."""
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if ended.returncode:
        last = next(iter(reversed(ended.stderr.strip().splitlines())), "no reason was given")
        raise Refused(f"`{' '.join(command[:4])} …` failed: {last}")
    return ended.stdout
