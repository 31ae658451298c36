"""Where checkpoints lie: a folder each below MODELS_DIR, with a manifest once it is complete."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.faults import Fault
from inference.settings import Settings

MANIFEST = "sightdesk-manifest.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a checkpoint, as its hub lists it."""

    path: str  # relative to the folder
    size: int  # bytes
    digest: str  # "sha256:…" or "git:…", "" if the hub gives none


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was fetched. `revision` is the commit that `asked_revision` pointed to at that time."""

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
        """The folder's manifest, or None if there is none or it cannot be read."""
        try:
            table = json.loads((folder / MANIFEST).read_text("utf-8"))
            return cls(**{**table, "files": tuple(StoredFile(**file) for file in table["files"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_complete(self, folder: Path) -> bool:
        """Whether every file has its size and is older than the manifest.

        A file that was written after the manifest has not been verified.
        """
        try:
            verified_at = (folder / MANIFEST).stat().st_mtime_ns
            found = [(folder / file.path).stat() for file in self.files]
        except OSError:
            return False
        return all(
            seen.st_size == file.size and seen.st_mtime_ns <= verified_at
            for seen, file in zip(found, self.files, strict=True)
        )


def folder_of(settings: Settings, model_id: str) -> Path:
    """The checkpoint's folder. A local MODEL_ID is a path, or a name below MODELS_DIR."""
    if settings.model_source == "local":
        mounted = settings.models_dir / "local"  # docker-compose.yml mounts the host's folder here
        places = (Path(model_id), settings.models_dir / model_id, mounted)
        # Path.is_dir raises PermissionError, for instance below the host's /root; os.path does not.
        return next((path for path in places if os.path.isdir(path)), Path(model_id))
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model_id) or ".." in model_id:
        raise Fault(
            f"MODEL_ID={model_id!r}: expected owner/name, such as Qwen/Qwen3-VL-8B-Instruct; "
            "for a folder set MODEL_SOURCE=local"
        )
    return settings.models_dir / model_id.replace("/", "--")


def model_folder(settings: Settings, model_id: str) -> Path:
    """The folder of a complete checkpoint. Raises Fault if it must be fetched first."""
    folder = folder_of(settings, model_id)
    if settings.model_source == "local":
        if not os.path.isdir(folder):
            raise Fault(
                f"MODEL_ID={model_id!r}: there is no such folder; "
                "with MODEL_SOURCE=local it is a checkpoint's path"
            )
        return folder
    manifest = Manifest.load(folder)
    if manifest is None:
        raise Fault(
            f"{model_id} is not on this disk ({folder}); "
            "fetch it: `python -m inference.fetch`, in Docker `make up`"
        )
    if not manifest.is_complete(folder):
        raise Fault(
            f"{model_id} on this disk is incomplete or was changed; "
            "fetch it again: `python -m inference.fetch`, in Docker `make up`"
        )
    return folder
