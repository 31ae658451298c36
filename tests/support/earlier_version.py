"""The gateway as it was before the newest migration, from the history of this repository."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from gateway.storage import schema
from tests.support.paths import ROOT


def unpack_earlier_gateway(folder: Path) -> Path:
    """Returns the root of its code: the last version that does not know the newest migration.

    It runs with the packages of today. Skips the test where the history does not reach back so far.
    """
    archive = git("archive", "--format=tar", commit_before(schema.NEWEST), "gateway")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def commit_before(revision: str) -> str:
    """The last commit whose tables are older than `revision`."""
    line = f'NEWEST = "{revision}"'
    made_by = git("log", "-1", "--format=%H", f"-S{line}", "--", "gateway/storage/schema.py")
    # A migration that is not committed yet is newer than HEAD.
    wanted = f"{made_by.decode().strip()}^" if made_by else "HEAD"
    return git("rev-parse", "--verify", f"{wanted}^{{commit}}").decode().strip()


def git(*arguments: str) -> bytes:
    try:
        ended = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("The version before the newest migration is in git's history; git is missing.")
    if ended.returncode:
        reason = ended.stderr.decode().strip().splitlines()[-1:]
        pytest.skip(
            f"git's history does not reach the version before the newest migration: {reason}"
        )
    return ended.stdout
