"""Hugging Face and ModelScope: a model's commit, its files with sizes and digests, their URLs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from inference.checkpoint_store import StoredFile
from inference.faults import Fault
from inference.settings import Settings

# What vLLM needs. A repository's pictures, readme and pickles are not fetched.
WANTED = (".safetensors", ".json", ".txt", ".jinja", ".model")


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a model at one commit."""

    revision: str
    files: tuple[StoredFile, ...]


class HuggingFace:
    """https://huggingface.co/docs/hub/api: GET /api/models/{id}/revision/{revision}?blobs=true."""

    default_revision = "main"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    async def list(self, http: httpx.AsyncClient, model_id: str, revision: str) -> Listing:
        url = f"{self.endpoint}/api/models/{model_id}/revision/{quote(revision, safe='')}"
        table = await ask(http, url, {"blobs": "true"}, model_id, revision)
        files = [
            self._file(entry)
            for entry in table.get("siblings", ())
            if wanted(str(entry.get("rfilename")))
        ]
        return Listing(str(table.get("sha") or revision), checked(files, model_id))

    @staticmethod
    def _file(entry: Mapping[str, Any]) -> StoredFile:
        large = entry.get("lfs") or {}
        digest = (
            f"sha256:{large['sha256']}"
            if large.get("sha256")
            else f"git:{entry['blobId']}"
            if entry.get("blobId")
            else ""
        )
        return StoredFile(
            str(entry["rfilename"]), int(large.get("size") or entry.get("size") or 0), digest
        )

    def url(self, model_id: str, revision: str, path: str) -> str:
        return f"{self.endpoint}/{model_id}/resolve/{quote(revision, safe='')}/{quote(path)}"


class ModelScope:
    """modelscope/hub/api.py of the ModelScope library: GET /api/v1/models/{id}/repo/files."""

    default_revision = "master"

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    async def list(self, http: httpx.AsyncClient, model_id: str, revision: str) -> Listing:
        url = f"{self.endpoint}/api/v1/models/{model_id}/repo/files"
        table = await ask(
            http, url, {"Revision": revision, "Recursive": "true"}, model_id, revision
        )
        data = table.get("Data") or {}
        entries = [entry for entry in data.get("Files") or () if entry.get("Type") != "tree"]
        files = [
            StoredFile(
                str(entry["Path"]),
                int(entry["Size"]),
                f"sha256:{entry['Sha256']}" if entry.get("Sha256") else "",
            )
            for entry in entries
            if wanted(str(entry.get("Path")))
        ]
        commit = (data.get("LatestCommitter") or {}).get("Id") or revision
        return Listing(str(commit), checked(files, model_id))

    def url(self, model_id: str, revision: str, path: str) -> str:
        query = f"Revision={quote(revision, safe='')}&FilePath={quote(path, safe='')}"
        return f"{self.endpoint}/api/v1/models/{model_id}/repo?{query}"


def hub_of(settings: Settings) -> HuggingFace | ModelScope:
    """The hub that MODEL_SOURCE names, at its configured address."""
    if settings.model_source == "modelscope":
        return ModelScope(settings.modelscope_endpoint.rstrip("/"))
    return HuggingFace(settings.hf_endpoint.rstrip("/"))


def wanted(path: str) -> bool:
    return path.endswith(WANTED) and not path.startswith(".")


def checked(files: list[StoredFile], model_id: str) -> tuple[StoredFile, ...]:
    """The files, small ones first. Raises Fault for a path out of the folder, or no weights."""
    for file in files:
        if file.path.startswith("/") or ".." in file.path.split("/") or "\\" in file.path:
            raise Fault(
                f"{model_id}: the hub names the file {file.path!r}, which would lie outside "
                "its folder; nothing was fetched"
            )
    if not any(file.path.endswith(".safetensors") for file in files):
        raise Fault(f"{model_id} has no .safetensors weights; choose another MODEL_ID")
    return tuple(sorted(files, key=lambda file: (file.size, file.path)))


async def ask(
    http: httpx.AsyncClient, url: str, query: dict[str, str], model_id: str, revision: str
) -> dict[str, Any]:
    """The hub's JSON answer, an object. Raises Fault, httpx.HTTPError or ValueError."""
    response = await http.get(url, params=query)
    explain(response, model_id, revision)
    table = response.json()
    if not isinstance(table, dict):
        raise Fault(
            f"{response.url.host} did not answer with a listing; "
            "check HF_ENDPOINT or MODELSCOPE_ENDPOINT"
        )
    return table


def explain(response: httpx.Response, model_id: str, revision: str) -> None:
    """Raises Fault if the hub refused the request."""
    host, status = response.url.host, response.status_code
    if status in (401, 403):
        raise Fault(
            f"{host} does not give access to {model_id} (status {status}): "
            "wrong MODEL_ID, or the model needs a token; set HF_TOKEN"
        )
    if status == httpx.codes.NOT_FOUND:
        raise Fault(
            f"{host} has no {model_id} at revision {revision}; check MODEL_ID and MODEL_REVISION"
        )
    if status >= 400:
        raise Fault(
            f"{host} answered with {status} for {model_id}; "
            "try again later, or set MODEL_SOURCE to the other hub"
        )
