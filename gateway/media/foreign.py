"""HEIC and BMP, which this build of libvips does not read, by Pillow."""

import io

import pillow_heif
from PIL import Image

from gateway.errors import GatewayError, InvalidImage
from gateway.media.limits import MediaLimits, check_size
from gateway.media.picture import DAMAGED

Image.MAX_IMAGE_PIXELS = None  # check_size is the bound, and says so in our words


def as_png(data: bytes, kind: str, limits: MediaLimits) -> bytes:
    """Raises ImageTooLarge or InvalidImage."""
    opener = _open_heic if kind == "image/heic" else _open_bmp
    try:
        image = opener(data, limits)
        made = io.BytesIO()
        image.convert("RGB").save(made, "PNG", compress_level=1)
        return made.getvalue()
    except GatewayError:
        raise
    except Exception:  # noqa: BLE001 - on damaged files these decoders raise whatever they stumble over, IndexError too
        raise InvalidImage(DAMAGED) from None


def _open_heic(data: bytes, limits: MediaLimits) -> Image.Image:
    opened = pillow_heif.open_heif(data)
    check_size(opened.size[0], opened.size[1], limits)
    image: Image.Image = opened.to_pillow()
    return image


def _open_bmp(data: bytes, limits: MediaLimits) -> Image.Image:
    opened = Image.open(io.BytesIO(data), formats=["BMP"])
    check_size(opened.width, opened.height, limits)
    return opened
