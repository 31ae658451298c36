"""`python -m inference.fetch`: the checkpoint of this machine's profile, or MODEL_ID, onto the disk. Once; then it only looks
at sizes and times. `--verify` compares every digest, and fetches again what is damaged.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from inference.checkpoint import Checkpoint
from inference.faults import Fault, line_of
from inference.fetch.download import check_space, download, present
from inference.fetch.hubs import HuggingFace, ModelScope, hub_of
from inference.fetch.progress import Progress
from inference.fit import gib
from inference.machine import read_machine
from inference.options import Options, read_options, status_file
from inference.profiles import choose_profile
from inference.status import Status
from inference.store import Manifest, folder_of, model_folder

WRONG = 2
CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0


def main(again: bool) -> int:
    status = Status(status_file(os.environ))
    try:
        options = read_options(os.environ)
        model_id = (
            options.model_id
            or choose_profile(options.engine, read_machine(options.engine)).model_id
        )
        Checkpoint.read(asyncio.run(fetch(options, model_id, status, os.environ, again)))
    except KeyboardInterrupt:
        return _failed("stopped; run it again, it goes on where it stopped")
    except Exception as error:  # noqa: BLE001 - the last resort: what nobody foresaw is one line as well
        status.set("failed", detail=line_of(error))
        return _failed(line_of(error))
    return 0


async def fetch(
    options: Options, model_id: str, status: Status, environ: Mapping[str, str], again: bool
) -> Path:
    """The checkpoint's folder, whole and verified; `again`: by its digests, though nothing looks changed. Raises Fault."""
    folder = folder_of(options, model_id)
    if options.source == "local":
        _say(f"using {model_folder(options, model_id)} as it is")
        return folder
    stored = Manifest.load(folder)
    if stored and (stored.source, stored.asked_revision) != (options.source, options.revision):
        stored = None
    if stored and not again and stored.is_whole(folder) and _is_sound(folder):
        _say(f"{model_id} is here already, at revision {stored.revision}")
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(
            f"{folder} cannot be made ({error.strerror}); MODELS_DIR must belong to this user"
        ) from None
    token = environ.get("HF_TOKEN", "") if options.source == "huggingface" else ""
    headers = {"user-agent": "sightdesk", "accept-encoding": "identity"} | (
        {"authorization": f"Bearer {token}"} if token else {}
    )
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    status.set("downloading")
    beating = asyncio.create_task(status.beating())
    try:
        async with httpx.AsyncClient(
            timeout=timeout, headers=headers, follow_redirects=True
        ) as http:
            hub = hub_of(options.source, environ)
            # What was fetched once stays at its commit; only what is damaged or missing comes again.
            manifest = stored or await _listed(http, hub, options, model_id)
            await _fetch(http, hub, manifest, folder, status)
    finally:
        beating.cancel()
    return folder


def _is_sound(folder: Path) -> bool:
    try:
        Checkpoint.read(folder)
    except Fault:
        return False
    return True


async def _listed(
    http: httpx.AsyncClient, hub: HuggingFace | ModelScope, options: Options, model_id: str
) -> Manifest:
    asked = options.revision or hub.default_revision
    try:
        listing = await hub.list(http, model_id, asked)
    except (httpx.HTTPError, ValueError) as error:
        host = httpx.URL(hub.endpoint).host
        raise Fault(
            f"{host} cannot be reached ({type(error).__name__}); check this machine's network and HTTPS_PROXY, "
            "set MODEL_SOURCE to the other hub, or copy a checkpoint here and set MODEL_SOURCE=local"
        ) from None
    return Manifest(options.source, model_id, options.revision, listing.revision, listing.files)


async def _fetch(
    http: httpx.AsyncClient,
    hub: HuggingFace | ModelScope,
    manifest: Manifest,
    folder: Path,
    status: Status,
) -> None:
    model_id, revision = manifest.model_id, manifest.revision
    check_space(folder, manifest.files)
    done = sum(present(folder, file) for file in manifest.files)
    _say(
        f"{model_id} at {revision}: {len(manifest.files)} files, {gib(manifest.size)}, {gib(done)} of it here"
    )
    progress = Progress(manifest.size, done, status)
    try:
        for file in manifest.files:
            url = hub.url(model_id, revision, file.path)
            await download(http, url, folder, file, progress.moved, model_id, revision)
    finally:
        progress.close()
    manifest.save(folder)
    _say(f"{model_id} is here, every file verified: {folder}")


def _say(line: str) -> None:
    print(f"fetch: {line}", file=sys.stderr, flush=True)  # noqa: T201


def _failed(line: str) -> int:
    _say(line)
    return WRONG


if __name__ == "__main__":
    sys.exit(main(again="--verify" in sys.argv[1:]))
