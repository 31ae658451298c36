"""`python -m inference.fetch`: fetches MODEL_ID, or the model of this machine's profile.

If it is on disk already, only sizes and times are checked. `--verify` compares every digest and
fetches damaged files again.
"""

import asyncio
import sys
from pathlib import Path

import httpx

from inference import log_lines
from inference.checkpoint import Checkpoint
from inference.checkpoint_store import Manifest, folder_of, model_folder
from inference.faults import Fault, line_of
from inference.fetch.download import check_space, download, present
from inference.fetch.hubs import HuggingFace, ModelScope, hub_of
from inference.fetch.progress import Progress
from inference.machine import read_machine
from inference.memory_check import gib
from inference.profiles import choose_profile
from inference.settings import Settings, StatusSettings
from inference.status import Status

WRONG = 2
CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 60.0


def main(verify: bool) -> int:
    status = Status(StatusSettings.read_leniently().engine_status_file)
    try:
        settings = Settings.read()
        model_id = (
            settings.model_id
            or choose_profile(settings.engine, read_machine(settings.engine)).model_id
        )
        Checkpoint.read(asyncio.run(fetch(settings, model_id, status, verify)))
    except KeyboardInterrupt:
        return _failed("stopped; run it again, it goes on where it stopped")
    except Exception as error:  # noqa: BLE001 - an unforeseen error is told in one line too
        status.set("failed", detail=line_of(error))
        return _failed(line_of(error))
    return 0


async def fetch(settings: Settings, model_id: str, status: Status, verify: bool) -> Path:
    """The folder of the complete, verified checkpoint. Raises Fault.

    `verify` compares digests even where sizes and times show no change.
    """
    folder = folder_of(settings, model_id)
    if settings.model_source == "local":
        _say(f"using {model_folder(settings, model_id)} as it is")
        return folder
    asked = (settings.model_source, settings.model_revision)
    stored = Manifest.load(folder)
    if stored and (stored.source, stored.asked_revision) != asked:
        stored = None
    if stored and not verify and stored.is_complete(folder) and _is_sound(folder):
        _say(f"{model_id} is here already, at revision {stored.revision}")
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(
            f"{folder} cannot be created ({error.strerror}); MODELS_DIR must belong to this user"
        ) from None
    status.set("downloading")
    beating = asyncio.create_task(status.beat())
    try:
        async with _client(settings) as http:
            hub = hub_of(settings)
            # A model stays at its commit: only damaged or missing files are fetched again.
            manifest = stored or await _listed(http, hub, settings, model_id)
            await _fetch(http, hub, manifest, folder, status)
    finally:
        beating.cancel()
    return folder


def _client(settings: Settings) -> httpx.AsyncClient:
    headers = {"user-agent": "sightdesk", "accept-encoding": "identity"}
    token = settings.hf_token.get_secret_value()
    if token and settings.model_source == "huggingface":
        headers["authorization"] = f"Bearer {token}"
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(timeout=timeout, headers=headers, follow_redirects=True)


def _is_sound(folder: Path) -> bool:
    try:
        Checkpoint.read(folder)
    except Fault:
        return False
    return True


async def _listed(
    http: httpx.AsyncClient, hub: HuggingFace | ModelScope, settings: Settings, model_id: str
) -> Manifest:
    asked = settings.model_revision or hub.default_revision
    try:
        listing = await hub.list(http, model_id, asked)
    except (httpx.HTTPError, ValueError) as error:
        host = httpx.URL(hub.endpoint).host
        raise Fault(
            f"{host} cannot be reached ({type(error).__name__}); "
            "check this machine's network and HTTPS_PROXY, set MODEL_SOURCE to the other hub, "
            "or copy a checkpoint here and set MODEL_SOURCE=local"
        ) from None
    return Manifest(
        settings.model_source, model_id, settings.model_revision, listing.revision, listing.files
    )


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
        f"{model_id} at {revision}: {len(manifest.files)} files, {gib(manifest.size)}, "
        f"{gib(done)} of it here"
    )
    progress = Progress(manifest.size, done, status)
    try:
        for file in manifest.files:
            url = hub.url(model_id, revision, file.path)
            await download(http, url, folder, file, progress.advance, model_id, revision)
    finally:
        progress.close()
    manifest.save(folder)
    _say(f"{model_id} is here, every file verified: {folder}")


def _say(line: str) -> None:
    log_lines.say("fetch", f"fetch: {line}")


def _failed(line: str) -> int:
    _say(line)
    return WRONG


if __name__ == "__main__":
    sys.exit(main(verify="--verify" in sys.argv[1:]))
