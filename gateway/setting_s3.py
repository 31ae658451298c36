"""The settings of an S3-compatible store, for uploaded files and for knowledge."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.setting_values import URL, BucketURL


class S3Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    files_url: BucketURL = Field(
        "",
        description="Where uploaded files are kept, such as s3://bucket/desk. Default: in "
        "DATA_DIR.",
    )
    knowledge_url: BucketURL = Field(
        "",
        description="Prefix of knowledge files, such as s3://bucket/knowledge, in place of "
        "KNOWLEDGE_DIR. Its copy is in DATA_DIR.",
    )
    aws_endpoint_url: URL = Field(
        "",
        description="URL of the S3-compatible store of FILES_URL and KNOWLEDGE_URL. "
        "Default: Amazon's.",
    )
    aws_region: str = Field("us-east-1", max_length=64, description="Region of that store.")
    aws_access_key_id: str = Field(
        "",
        max_length=256,
        description="Access key ID for that store. Empty: the credentials of the machine.",
    )
    aws_secret_access_key: SecretStr = Field(
        SecretStr(""), description="Secret access key for that store."
    )
