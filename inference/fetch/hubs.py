"""What a hub says of a model: its commit, its files with size and digest, and where each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from inference.faults import Fault
from inference.store import StoredFile

# What vLLM needs; a repository's pictures, readme and pickles stay where they are.
WANTED = (".safetensors", ".json", ".txt", ".jinja", ".model")


@dataclass(frozen=True, slots=True)
class Listing:
    revision: str
    files: tuple[StoredFile, ...]


class Hub(Protocol):
    async def list(self, http: httpx.AsyncClient, model_id: str, revision: str) -> Listing: ...

    def url(self, model_id: str, revision: str, path: str) -> str: ...


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


def hub_of(source: str, environ: Mapping[str, str]) -> HuggingFace | ModelScope:
    if source == "modelscope":
        return ModelScope(
            (environ.get("MODELSCOPE_ENDPOINT") or "https://modelscope.cn").rstrip("/")
        )
    return HuggingFace((environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/"))


def wanted(path: str) -> bool:
    return path.endswith(WANTED) and not path.startswith(".")


def checked(files: list[StoredFile], model_id: str) -> tuple[StoredFile, ...]:
    """Raises Fault for a listing that is no vision checkpoint's, or that would write outside its folder."""
    for file in files:
        if file.path.startswith("/") or ".." in file.path.split("/") or "\\" in file.path:
            raise Fault(
                f"{model_id}: the hub names the file {file.path!r}, which would lie outside its folder; nothing was fetched"
            )
    if not any(file.path.endswith(".safetensors") for file in files):
        raise Fault(f"{model_id} has no .safetensors weights; choose another MODEL_ID")
    return tuple(sorted(files, key=lambda file: (file.size, file.path)))


async def ask(
    http: httpx.AsyncClient, url: str, query: dict[str, str], model_id: str, revision: str
) -> dict[str, Any]:
    response = await http.get(url, params=query)
    explain(response, model_id, revision)
    table = response.json()
    if not isinstance(table, dict):
        raise Fault(
            f"{response.url.host} answered with something that is no listing; check HF_ENDPOINT or MODELSCOPE_ENDPOINT"
        )
    return table


def explain(response: httpx.Response, model_id: str, revision: str) -> None:
    """A hub's refusal as a Fault."""
    host, status = response.url.host, response.status_code
    if status in (401, 403):
        raise Fault(
            f"{host} does not hand out {model_id} (status {status}): wrong MODEL_ID, or it asks for a token; set HF_TOKEN"
        )
    if status == httpx.codes.NOT_FOUND:
        raise Fault(
            f"{host} has no {model_id} at revision {revision}; check MODEL_ID and MODEL_REVISION"
        )
    if status >= 400:
        raise Fault(
            f"{host} answered with {status} for {model_id}; try again later, or set MODEL_SOURCE to the other hub"
        )
