"""The secret that signs tokens: EMBED_SECRET, or one generated once and kept in DATA_DIR."""

import os
import secrets
from pathlib import Path

from gateway.server.regular_files import read_whole
from gateway.setting_values import MIN_SECRET
from gateway.settings import WrongSettings

FILE = "embed_secret"
MAX_BYTES = 64 * 1024


def load_secret(configured: str, data_dir: Path) -> str:
    """`configured`, or where that is empty the secret of DATA_DIR, so that visitors survive a
    restart. Raises WrongSettings."""
    if configured:
        return configured
    path = data_dir / FILE
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            _write_once(path, secrets.token_urlsafe(48))
        secret = read_whole(path, MAX_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise WrongSettings(
            f"DATA_DIR={str(data_dir)!r}: {FILE} in it: {error.strerror or error}"
        ) from None
    if len(secret) < MIN_SECRET or not secret.isascii():
        raise WrongSettings(
            f"EMBED_SECRET: {path} holds no secret; delete it, and a new one is made"
        )
    return secret


def _write_once(path: Path, text: str) -> None:
    """Of several gateways that start at the same moment the first writes, whole; all read that."""
    new = path.with_suffix(f".{secrets.token_hex(8)}")
    try:
        with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(new)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            new.replace(path)
    finally:
        new.unlink(missing_ok=True)
