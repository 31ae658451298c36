"""Where checkpoints lie: a folder each below MODELS_DIR, with a manifest once it is whole."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.faults import Fault
from inference.options import Options

MANIFEST = "sightdesk-manifest.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    path: str  # relative to the folder
    size: int  # bytes
    digest: str  # "sha256:…" or "git:…", empty where the hub names none


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was fetched: the revision is the commit that the asked one named at that time, and stays."""

    source: str
    model_id: str
    asked_revision: str
    revision: str
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def save(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Manifest | None":
        try:
            table = json.loads((folder / MANIFEST).read_text("utf-8"))
            return cls(**{**table, "files": tuple(StoredFile(**file) for file in table["files"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_whole(self, folder: Path) -> bool:
        """By sizes, and by the time: what was written after the manifest has not been verified."""
        try:
            verified_at = (folder / MANIFEST).stat().st_mtime_ns
            found = [(folder / file.path).stat() for file in self.files]
        except OSError:
            return False
        return all(
            seen.st_size == file.size and seen.st_mtime_ns <= verified_at
            for seen, file in zip(found, self.files, strict=True)
        )


def folder_of(options: Options, model_id: str) -> Path:
    """The checkpoint's folder. A local one is MODEL_ID itself: a path, or a name below MODELS_DIR."""
    if options.source == "local":
        mounted = options.models_folder / "local"  # where docker-compose.yml puts the host's folder
        places = (Path(model_id), options.models_folder / model_id, mounted)
        # os.path, which takes a folder that may not be looked into (the host's /root, say) for one that is not there.
        return next((path for path in places if os.path.isdir(path)), Path(model_id))
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model_id) or ".." in model_id:
        raise Fault(
            f"MODEL_ID={model_id!r}: expected owner/name, as Qwen/Qwen3-VL-8B-Instruct; for a folder set MODEL_SOURCE=local"
        )
    return options.models_folder / model_id.replace("/", "--")


def model_folder(options: Options, model_id: str) -> Path:
    """The folder, whole. Raises Fault where it must be fetched first."""
    folder = folder_of(options, model_id)
    if options.source == "local":
        if not os.path.isdir(folder):
            raise Fault(
                f"MODEL_ID={model_id!r}: there is no such folder; with MODEL_SOURCE=local it is a checkpoint's path"
            )
        return folder
    manifest = Manifest.load(folder)
    if manifest is None:
        raise Fault(
            f"{model_id} is not on this disk ({folder}); fetch it: `python -m inference.fetch`, in Docker `make up`"
        )
    if not manifest.is_whole(folder):
        raise Fault(
            f"{model_id} on this disk is incomplete or was changed; fetch it again: `python -m inference.fetch`, in Docker `make up`"
        )
    return folder
