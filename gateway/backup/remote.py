"""Copies of backups in an S3-compatible store."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from gateway.backup.names import old_ones

SECONDS = "600s"  # of one request: a part of a large file on a slow line


class RemoteFailed(Exception):
    """The message is one line, without a secret."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`url`: s3://bucket/prefix. `endpoint`: "" is that of
    AWS_ENDPOINT_URL, else Amazon's. `key_id`: "" takes the credentials
    that the machine has."""

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    secret: str = ""

    def keep(self, file: Path, most: int) -> None:
        """Copies the file and deletes all but the newest `most` backups. Raises RemoteFailed."""
        try:
            store = self._store()
            with file.open("rb") as content:
                obstore.put(store, file.name, content)
            size = obstore.head(store, file.name)["size"]
            if size != file.stat().st_size:
                raise RemoteFailed(f"{self.url} has {size} bytes of {file.name}")
            listed = obstore.list_with_delimiter(store)["objects"]
            for name in old_ones((one["path"] for one in listed), most):
                obstore.delete(store, name)
        except (BaseError, ValueError, OSError) as error:
            first = next(iter(str(error).splitlines()), type(error).__name__)
            raise RemoteFailed(f"{self.url}: {first[:300]}") from None

    def _store(self) -> S3Store:
        parts = urlsplit(self.url)
        # The client reads the variable itself.
        endpoint = self.endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
        given: dict[str, Any] = {
            "endpoint": self.endpoint,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
        }
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            region=self.region,
            client_options={
                "timeout": SECONDS,
                "allow_http": endpoint.startswith("http://"),
            },
            **{name: value for name, value in given.items() if value},
        )
