"""Copies of backups in an S3-compatible store."""

from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from gateway.backup.names import old_ones
from gateway.storage.s3_store import Bucket, reason

SECONDS = "600s"  # of one request: a part of a large file on a slow line


class RemoteFailed(Exception):
    """The message is one line, without a secret."""


def keep(bucket: Bucket, file: Path, most: int) -> None:
    """Copies the file and deletes all but the newest `most` backups. Raises RemoteFailed."""
    try:
        store = bucket.open(request=SECONDS)
        with file.open("rb") as content:
            obstore.put(store, file.name, content)
        size = obstore.head(store, file.name)["size"]
        if size != file.stat().st_size:
            raise RemoteFailed(f"{bucket.url} has {size} bytes of {file.name}")
        listed = obstore.list_with_delimiter(store)["objects"]
        for name in old_ones((one["path"] for one in listed), most):
            obstore.delete(store, name)
    except (BaseError, ValueError, OSError) as error:
        raise RemoteFailed(f"{bucket.url}: {reason(error)}") from None
