"""The settings of backups (docs/backup.md), and the folder that they lie in by default."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.setting_values import URL, AgeRecipients, BucketURL, Cron


class BackupSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    backup_schedule: Cron = Field(
        "",
        description="When a backup is made: a cron expression and a time zone, such as "
        "0 3 * * * Asia/Shanghai. Without a zone it is UTC. Empty: never.",
    )
    backup_keep: int = Field(
        7, ge=1, le=10_000, description="Backups that are kept, in the folder and in the store."
    )
    backup_dir: Path | None = Field(
        None, description="Folder of the backups that BACKUP_SCHEDULE makes. Default: in DATA_DIR."
    )
    backup_source: Path | None = Field(
        None,
        description="Folder with knowledge, connectors and users as they go into a backup. "
        "Set in Docker. Default: KNOWLEDGE_DIR, CONNECTORS_DIR and nginx/users.",
    )
    backup_age_recipient: AgeRecipients = Field(
        (),
        description="Public keys of age (age1…), comma-separated: only their owners can read the "
        "backups. Empty: backups are not encrypted.",
    )
    backup_s3_url: BucketURL = Field(
        "",
        description="Where a copy of each backup goes, such as s3://bucket/desk. Empty: nowhere.",
    )
    backup_s3_endpoint: URL = Field(
        "", description="URL of the S3-compatible store. Default: AWS_ENDPOINT_URL, else Amazon's."
    )
    backup_s3_region: str = Field(
        "us-east-1", max_length=64, description="Region of the S3-compatible store."
    )
    backup_s3_key_id: str = Field(
        "", max_length=256, description="Access key ID for BACKUP_S3_URL."
    )
    backup_s3_secret: SecretStr = Field(
        SecretStr(""), description="Secret access key for BACKUP_S3_URL."
    )
    data_dir: Path = Field(
        Path("data"), description="Folder of uploaded files and generated secrets."
    )

    @property
    def backup_folder(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"
