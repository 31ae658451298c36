"""What `make up` is going to start, and the small helpers that the checks share."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.env_file import ROOT, read_settings
from scripts.write_env import found_engine

COMMAND_SECONDS = 30
PROJECT = "sightdesk"


@dataclass(frozen=True, slots=True)
class Plan:
    """`services` are Compose's, empty where Compose cannot say; `problem` is then its reason."""

    engine: str
    settings: Mapping[str, str]
    root: Path = ROOT
    services: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def project(self) -> str:
        return self.settings.get("COMPOSE_PROJECT_NAME") or PROJECT

    @property
    def profiles(self) -> set[str]:
        return {
            part.strip()
            for part in self.settings.get("COMPOSE_PROFILES", "").split(",")
            if part.strip()
        }


def make_plan(root: Path = ROOT) -> Plan:
    settings = read_settings(root)
    engine = settings.get("ENGINE") or found_engine(say=False)
    told = output("docker", "compose", "config", "--format", "json", ENGINE=engine, cwd=root)
    try:
        services = json.loads(told.stdout)["services"] if told.stdout.strip() else {}
    except (ValueError, LookupError):
        services = {}
    reason = " ".join(told.stderr.split()) or f"docker compose config ended with {told.returncode}"
    problem = reason if told.returncode else ""
    return Plan(engine, settings, root, services, problem)


def output(
    *command: str, cwd: Path = ROOT, seconds: float = COMMAND_SECONDS, **environ: str
) -> "subprocess.CompletedProcess[str]":
    """Never raises: a program that is missing or too slow has a return code that is not 0."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 124, "", str(error))


def works(*command: str) -> bool:
    return shutil.which(command[0]) is not None and output(*command).returncode == 0


def info(form: str) -> str:
    """A value of `docker info`; empty where Docker does not answer."""
    return output("docker", "info", "--format", form).stdout.strip()
