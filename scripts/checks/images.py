"""Images: which are here, which are out of date, and what is needed to get the others."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.checks.plan import Plan, info, output
from scripts.findings import Finding

LABEL = "sightdesk.source"  # docker-compose.yml, `build.labels`
# Build argument of docker-compose.yml -> what the image is made of. `.dockerignore` leaves the
# rest out.
SOURCES = {
    "GATEWAY_SOURCE": ("gateway", "requirements/gateway.txt"),
    "LITE_SOURCE": ("inference", "requirements/lite.txt"),
    "INFERENCE_SOURCE": ("inference",),
}
# What nginx's container has been started with: a mounted file that changes is not seen by Compose.
NGINX_FILES = ("frontend", *(f"nginx/{one}" for one in ("templates", "snippets", "errors",
                                                       "entrypoint")))  # fmt: skip
# GiB on the disk, unpacked.
IMAGE_GIB = {"gpu": 22, "cpu": 14, "lite": 3}
MODEL_GIB = {"gpu": 18, "cpu": 5, "lite": 0}
SPARE_GIB = 1  # for conversations, files and logs


@dataclass(frozen=True, slots=True)
class Images:
    """Names. `built` here from the sources; `stale` are built, and others than the sources."""

    pulled_missing: tuple[str, ...]
    built_missing: tuple[str, ...]
    stale: tuple[str, ...]
    bases_missing: tuple[str, ...]

    @property
    def to_build(self) -> tuple[str, ...]:
        return (*self.built_missing, *self.stale)


def source_digests(root: Path) -> dict[str, str]:
    """{build argument: digest} of the files that each image is made of."""
    return {name: digest(root, parts) for name, parts in SOURCES.items()}


def labels(root: Path) -> dict[str, str]:
    """The variables of docker-compose.yml that labels of images and of nginx's container take."""
    return {**source_digests(root), "NGINX_SOURCE": digest(root, NGINX_FILES)}


def digest(root: Path, parts: Iterable[str]) -> str:
    """16 hex digits of the files' names and contents."""
    told = hashlib.sha256()
    for part in parts:
        path = root / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc":
                told.update(f"{file.relative_to(root).as_posix()}\0".encode())
                told.update(hashlib.sha256(file.read_bytes()).digest())
    return told.hexdigest()[:16]


def look(plan: Plan) -> Images:
    digests = source_digests(plan.root)
    pulled, missing, stale, bases = set(), set(), set(), set()
    built = {one["image"]: one["build"] for one in plan.services.values() if "build" in one}
    for image in sorted({one["image"] for one in plan.services.values()}):
        if image in built:
            state = state_of(image, wanted(built[image], digests))
            if state == "missing":
                missing.add(image)
            elif state == "stale":
                stale.add(image)
            if state != "good":
                bases |= {base for base in [base_of(built[image])] if base and not is_here(base)}
        elif not is_here(image):
            pulled.add(image)
    return Images(*(tuple(sorted(names)) for names in (pulled, missing, stale, bases)))


def wanted(build: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """The digest that the label of the built image should have."""
    dockerfile = build.get("dockerfile", "")
    if dockerfile.startswith("gateway/"):
        return digests["GATEWAY_SOURCE"]
    return digests["LITE_SOURCE" if "lite" in dockerfile else "INFERENCE_SOURCE"]


def base_of(build: Mapping[str, Any]) -> str:
    return str(build.get("args", {}).get("BASE", ""))


def is_here(image: str) -> bool:
    return output("docker", "image", "inspect", image, "--format", "{{.Id}}").returncode == 0


def state_of(image: str, source: str) -> str:
    """good, missing or stale."""
    shown = output(
        *("docker", "image", "inspect", image, "--format"),
        f'{{{{index .Config.Labels "{LABEL}"}}}}',
    )
    if shown.returncode:
        return "missing"
    return "good" if shown.stdout.strip() == source else "stale"


def model_missing(plan: Plan) -> bool:
    """Whether a checkpoint has to be downloaded: `docker volume` does not know one yet."""
    is_local = plan.settings.get("MODEL_SOURCE") == "local"
    if plan.engine == "lite" or is_local:
        return False
    return output("docker", "volume", "inspect", f"{plan.project}_models").returncode != 0


def disk(plan: Plan, images: Images) -> Finding:
    """Free space where Docker keeps its data, or in the project where that is elsewhere."""
    wanted_gib = float(SPARE_GIB)
    if images.pulled_missing or images.to_build:
        wanted_gib += IMAGE_GIB.get(plan.engine, 3)
    if model_missing(plan):
        wanted_gib += MODEL_GIB.get(plan.engine, 0)
    folder = info("{{.DockerRootDir}}")
    if not folder or not os.path.isdir(folder):
        folder = str(plan.root)
    free = shutil.disk_usage(folder).free / 2**30
    return Finding(
        free > wanted_gib,
        f"disk: {free:.0f} GiB free in {folder}, {wanted_gib:.0f} needed for what is missing",
        remedy="free some space (docker image prune), or move Docker's data-root",
    )
