"""A bucket of an S3-compatible store, for uploaded files and for copies of backups.

Importing this module takes the memory of the client: import it only where a store is set.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from obstore.store import S3Store

MAX_REASON = 300  # characters


@dataclass(frozen=True, slots=True)
class Bucket:
    """`url`: s3://bucket/prefix. `endpoint`: "" is that of AWS_ENDPOINT_URL, else Amazon's.
    `key_id`: "" takes the credentials that the machine has."""

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    secret: str = ""

    def open(
        self,
        *,
        request: str,
        connect: str = "5s",
        read: str = "",
        retries: int = 10,
        retry_seconds: float = 180,
    ) -> S3Store:
        """`request`, `connect` and `read` bound one try, its connecting and each wait for bytes,
        such as "30s"; `retry_seconds` bounds all tries.
        Asks nothing yet. Raises ValueError and obstore's BaseError."""
        parts = urlsplit(self.url)
        # The client reads the variable itself.
        endpoint = self.endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
        given: dict[str, Any] = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
        }
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={
                "timeout": request,
                "connect_timeout": connect,
                "allow_http": endpoint.startswith("http://"),
                **({"read_timeout": read} if read else {}),
            },
            retry_config={
                "max_retries": retries,
                "retry_timeout": timedelta(seconds=retry_seconds),
            },
            **{name: value for name, value in given.items() if value},
        )


def reason(error: Exception) -> str:
    """One line, without the client's own notes. The client names no secrets."""
    told, _, _ = str(error).partition("\n\nDebug source:")
    return " ".join(told.split())[:MAX_REASON] or type(error).__name__
