"""`python -m inference.fetch`: the checkpoint of this machine's profile, or MODEL_ID, onto the disk. Once; then it only looks."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from inference.checkpoint import Checkpoint
from inference.faults import Fault
from inference.fetch.download import check_space, download, present
from inference.fetch.hubs import hub_of
from inference.fetch.progress import Progress
from inference.fit import gib
from inference.launch import hold
from inference.machine import read_machine
from inference.options import Options, read_options
from inference.profiles import choose_profile
from inference.status import Status
from inference.store import Manifest, folder_of, model_folder

WRONG = 2
CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0


def main() -> int:
    try:
        options = read_options(os.environ)
    except Fault as fault:
        return _failed(str(fault))
    status = Status(options.status_file)
    try:
        model_id = options.model_id or choose_profile(options.engine, read_machine(options.engine)).model_id
        folder = asyncio.run(fetch(options, model_id, status, os.environ))
        Checkpoint.read(folder)
    except Fault as fault:
        status.set("failed", detail=str(fault))
        _failed(str(fault))
        hold(status, options.hold_seconds)
        return WRONG
    except KeyboardInterrupt:
        return _failed("stopped; run it again, it goes on where it stopped")
    return 0


async def fetch(options: Options, model_id: str, status: Status, environ: Mapping[str, str]) -> Path:
    """The checkpoint's folder, whole and verified. Raises Fault."""
    folder = folder_of(options, model_id)
    if options.source == "local":
        _say(f"using {model_folder(options, model_id)} as it is")
        return folder
    stored = Manifest.load(folder)
    if (
        stored
        and stored.is_whole(folder)
        and (stored.source, stored.asked_revision) == (options.source, options.revision)
    ):
        _say(f"{model_id} is here already, at revision {stored.revision}")
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"{folder} cannot be made ({error.strerror}); MODELS_DIR must belong to this user") from None
    token = environ.get("HF_TOKEN", "")
    headers = {"user-agent": "sightdesk", "accept-encoding": "identity"} | (
        {"authorization": f"Bearer {token}"} if token else {}
    )
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    async with httpx.AsyncClient(timeout=timeout, headers=headers, follow_redirects=True) as http:
        return await _fetch(http, options, model_id, folder, status, environ)


async def _fetch(
    http: httpx.AsyncClient, options: Options, model_id: str, folder: Path, status: Status, environ: Mapping[str, str]
) -> Path:
    hub = hub_of(options.source, environ)
    asked = options.revision or hub.default_revision
    try:
        listing = await hub.list(http, model_id, asked)
    except (httpx.HTTPError, ValueError) as error:
        host = httpx.URL(hub.endpoint).host
        raise Fault(
            f"{host} cannot be reached ({type(error).__name__}); check this machine's network and HTTPS_PROXY, "
            "set MODEL_SOURCE to the other hub, or copy a checkpoint here and set MODEL_SOURCE=local"
        ) from None
    manifest = Manifest(options.source, model_id, options.revision, listing.revision, listing.files)
    check_space(folder, manifest.files)
    done = sum(present(folder, file) for file in manifest.files)
    _say(f"{model_id} at {listing.revision}: {len(manifest.files)} files, {gib(manifest.size)}, {gib(done)} of it here")
    progress = Progress(manifest.size, done, status)
    try:
        for file in manifest.files:
            url = hub.url(model_id, listing.revision, file.path)
            await download(http, url, folder, file, progress.moved, model_id, listing.revision)
    finally:
        progress.close()
    manifest.save(folder)
    _say(f"{model_id} is here, every file verified: {folder}")
    return folder


def _say(line: str) -> None:
    print(f"fetch: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _failed(line: str) -> int:
    _say(line)
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
