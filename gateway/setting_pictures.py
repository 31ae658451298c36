"""The settings of pictures and PDFs."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class PictureSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    max_images: int = Field(
        8, ge=0, le=16, description="Pictures in one message. Each page of a PDF counts."
    )
    image_max_bytes: int = Field(20 * MIB, ge=1024, description="Largest picture in bytes.")
    image_max_pixels: int = Field(
        50_000_000, ge=1024, description="Largest picture in pixels, before it is scaled."
    )
    image_max_side: int = Field(
        2048,
        ge=64,
        le=16_384,
        description="Longer side in pixels above which a picture is scaled down.",
    )
    image_tokens: int = Field(
        0,
        ge=0,
        description="Tokens for all pictures of a request. Default: half of MAX_MODEL_LEN.",
    )
    pdf_max_pages: int = Field(8, ge=1, le=100, description="Pages of one PDF.")
    allow_remote_images: bool = Field(
        False,
        description="Whether http(s) URLs of pictures are fetched from public addresses. In "
        "Docker, use compose/remote-images.yml.",
    )
