"""Builds what lies in an S3-compatible store: uploaded files, and knowledge.

The client is imported where a bucket is set: it takes memory that other gateways do without.
"""

from typing import TYPE_CHECKING

from gateway.observability.metrics import Metrics
from gateway.settings import Settings
from gateway.storage.file_store import FileStore

if TYPE_CHECKING:
    from gateway.knowledge.bucket_mirror import BucketMirror
    from gateway.storage.s3_store import Bucket


def build_files(settings: Settings, metrics: Metrics) -> FileStore:
    if not settings.files_url:
        return FileStore(settings.data_dir / "files", metrics.broken_records.inc)
    from gateway.storage.s3_folders import S3Folders

    folders = S3Folders(_bucket(settings, settings.files_url))
    return FileStore(folders, metrics.broken_records.inc)


def build_mirror(settings: Settings) -> "BucketMirror | None":
    """What copies KNOWLEDGE_URL into a folder."""
    if not settings.knowledge_url:
        return None
    from gateway.knowledge.bucket_mirror import BucketMirror

    bucket = _bucket(settings, settings.knowledge_url)
    return BucketMirror(bucket, settings.knowledge_folder)


def _bucket(settings: Settings, url: str) -> "Bucket":
    from gateway.storage.s3_store import Bucket

    return Bucket(
        url,
        settings.aws_endpoint_url,
        settings.aws_region,
        settings.aws_access_key_id,
        settings.aws_secret_access_key.get_secret_value(),
    )
