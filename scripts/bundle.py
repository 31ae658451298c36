"""make bundle: everything that a host without a network needs, in one file.

The file is a tar archive: `manifest.json` (version, engine, image names, digests of the sources
that they are made of, models), then `images.tar` of `docker save`. Python's packages are in the
images. The model is not: the manifest names it, and MODEL_SOURCE=local takes a folder.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scripts.checks import images
from scripts.checks.plan import Plan, make_plan
from scripts.env_file import ROOT

MANIFEST, IMAGES = "manifest.json", "images.tar"
MAX_MANIFEST = 1024 * 1024  # bytes
CHUNK = 1024 * 1024  # bytes
FORM = 1  # of the manifest


class BadBundle(Exception):
    """One line: what is wrong with the file, and the remedy."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file whose manifest fits this copy of the project."""

    file: Path
    manifest: dict[str, Any]

    def load(self) -> None:
        """Gives the images to Docker, after a look at their digest. Raises BadBundle."""
        try:
            with tarfile.open(self.file) as archive:
                if digest_of(member(archive, IMAGES)) != self.manifest["images_sha256"]:
                    raise BadBundle(f"BUNDLE={self.file}: its images are damaged; copy it again")
                print(f"Loading {len(self.manifest['images'])} images from {self.file} …")
                load = subprocess.Popen(["docker", "load", "-q"], stdin=subprocess.PIPE)
                assert load.stdin is not None
                with load.stdin as pipe:
                    copy(member(archive, IMAGES), pipe)
        except (tarfile.TarError, OSError) as error:
            raise BadBundle(f"BUNDLE={self.file}: {error}; copy it again") from None
        if load.wait():
            raise BadBundle(f"BUNDLE={self.file}: Docker did not take the images; see above")


def check(plan: Plan, file: Path) -> Bundle:
    """Reads the manifest. Raises BadBundle where it is no bundle, or one of other sources."""
    try:
        with tarfile.open(file) as archive:
            manifest = json.loads(member(archive, MANIFEST).read(MAX_MANIFEST))
            form, engine, sources = (manifest[name] for name in ("form", "engine", "sources"))
    except (tarfile.TarError, OSError, ValueError, LookupError, TypeError) as error:
        raise BadBundle(f"BUNDLE={file}: no bundle of `make bundle`: {error}") from None
    if form != FORM or sources != images.source_digests(plan.root):
        raise BadBundle(
            f"BUNDLE={file}: made of SightDesk {manifest.get('version')} with other sources than "
            "this folder; copy the folder that it was made in, too"
        )
    if engine != plan.engine:
        raise BadBundle(f"BUNDLE={file}: made for ENGINE={engine}, this is ENGINE={plan.engine}")
    return Bundle(file, manifest)


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise tarfile.TarError(f"{name} is no file")
    return found


def digest_of(source: IO[bytes]) -> str:
    told = hashlib.sha256()
    while chunk := source.read(CHUNK):
        told.update(chunk)
    return told.hexdigest()


def copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)


def main() -> int:
    plan = make_plan()
    looked = images.look(plan)
    if plan.problem or not plan.services or looked.pulled_missing or looked.to_build:
        lacks = ", ".join((*looked.pulled_missing, *looked.to_build)) or plan.problem or "Docker"
        print(f"make bundle: run `make up` first; what is missing: {lacks}", file=sys.stderr)
        return 1
    file = Path(os.environ.get("FILE") or plan.root / f"sightdesk-{version()}-{plan.engine}.tar")
    try:
        write(plan, file)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"make bundle: {error}", file=sys.stderr)
        return 1
    print(f"{file}: {file.stat().st_size / 2**30:.1f} GiB")
    print(f"There: copy this folder and the file, then `make up BUNDLE={file.name}`.")
    return 0


def write(plan: Plan, file: Path) -> None:
    """Raises OSError, CalledProcessError."""
    names = sorted({one["image"] for one in plan.services.values()})
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".bundle-") as folder:
        saved = Path(folder, IMAGES)
        subprocess.run(["docker", "save", "-o", str(saved), *names], check=True)
        with saved.open("rb") as source:
            told = digest_of(source)
        manifest = {
            "form": FORM,
            "version": version(),
            "engine": plan.engine,
            "profiles": sorted(plan.profiles),
            "images": names,
            "images_sha256": told,
            "sources": images.source_digests(plan.root),
            "models": models(plan.engine),
        }
        new = Path(folder, "bundle")
        with tarfile.open(new, "w") as archive:
            add(archive, MANIFEST, json.dumps(manifest, indent=2).encode())
            archive.add(saved, IMAGES)
        new.replace(file)


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def models(engine: str) -> list[dict[str, Any]]:
    """The checkpoints that this engine may choose, by card; none for `lite`."""
    pattern = {"gpu": "gpu-*.toml", "cpu": "cpu.toml"}.get(engine)
    files = sorted((ROOT / "inference" / "profiles").glob(pattern)) if pattern else []
    tables = [(file.stem, tomllib.loads(file.read_text("utf-8"))) for file in files]
    return [
        {"profile": name, "model": table["model_id"], "weights_gib": table["weights_gib"]}
        for name, table in tables
    ]


def version() -> str:
    project = ROOT / "pyproject.toml"
    if not project.exists():
        return "unknown"
    return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])


if __name__ == "__main__":
    sys.exit(main())
