"""One image: header checked, decoded, turned upright, to sRGB, scaled, stripped of metadata, encoded again. By libvips."""

import io
import os
from typing import Any

os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")  # before libvips loads: none of its fuzz-prone loaders

import pillow_heif
import pyvips
from PIL import Image

from gateway.errors import GatewayError, ImageTooLarge, InvalidImage
from gateway.media.limits import MAX_SIDE, MediaLimits
from gateway.media.picture import Picture, digest

Image.MAX_IMAGE_PIXELS = None  # check_size is the bound, and says so in our words
pyvips.cache_set_max(0)  # every picture is new; a cache would only hold on to customers' pictures

JPEG_QUALITY = 90
MIN_SIDE = 32  # one patch: the vision tower takes nothing smaller
LONG_RATIO = 3.0  # a long phone screenshot is cut, not shrunk until nobody can read it
MAX_TILES = 4
TILE_OVERLAP = 0.06
DAMAGED = "The picture is damaged or cut short; save it again and send that."
LOADERS = {
    "image/jpeg": "jpegload_buffer",
    "image/png": "pngload_buffer",
    "image/webp": "webpload_buffer",
    "image/gif": "gifload_buffer",
}


def prepare_image(data: bytes, kind: str, limits: MediaLimits) -> list[Picture]:
    """One picture, or up to four overlapping tiles of one longer than 3:1. Raises ImageTooLarge or InvalidImage."""
    if kind in ("image/heic", "image/bmp"):
        data, kind = _through_pillow(data, kind, limits), "image/png"
    try:
        header = getattr(pyvips.Image, LOADERS[kind])(data, **_options(kind))
        check_size(header.width, header.height, limits)
        image = _upright(header)
        boxes = tile_boxes(image.width, image.height, limits.scale_to_side)
        if len(boxes) > 1:
            image = image.copy_memory()
        return [_finish(image.crop(*box) if len(boxes) > 1 else image, box, data, kind, limits) for box in boxes]
    except pyvips.Error:
        raise InvalidImage(DAMAGED) from None


def check_size(width: int, height: int, limits: MediaLimits) -> None:
    """By the header alone, before a pixel is decoded."""
    if width > MAX_SIDE or height > MAX_SIDE:
        raise ImageTooLarge(f"The picture is {width}×{height}; no side may have more than {MAX_SIDE} pixels.")
    if width * height > limits.max_pixels:
        raise ImageTooLarge(
            f"The picture is {width}×{height}, {width * height} pixels; at most {limits.max_pixels} (IMAGE_MAX_PIXELS)."
        )


def tile_boxes(width: int, height: int, side: int) -> list[tuple[int, int, int, int]]:
    """(left, top, width, height) of the tiles: the whole where it is within 3:1 or needs no scaling."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= LONG_RATIO * shorter or longer <= side:
        return [(0, 0, width, height)]
    count = min(MAX_TILES, max(2, round(longer / (2 * shorter))))
    overlap = int(longer * TILE_OVERLAP)
    step = (longer - overlap) / count
    starts = [round(step * number) for number in range(count)]
    length = round(step) + overlap
    if height >= width:
        return [(0, start, width, min(length, height - start)) for start in starts]
    return [(start, 0, min(length, width - start), height) for start in starts]


def shrink(picture: Picture, max_tokens: int) -> Picture:
    """The same picture in at most about `max_tokens` tokens."""
    factor = (max_tokens / picture.tokens) ** 0.5
    if factor >= 1:
        return picture
    image = pyvips.Image.new_from_buffer(picture.data, "", fail_on="truncated").resize(factor)
    data = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return Picture(
        data,
        "image/jpeg",
        image.width,
        image.height,
        digest(data),
        picture.scale * factor,
        picture.origin,
        picture.page,
    )


def _options(kind: str) -> dict[str, Any]:
    return {"fail_on": "truncated", **({"n": 1} if kind in ("image/gif", "image/webp") else {})}


def _upright(image: Any) -> Any:
    """EXIF orientation applied, colours to sRGB, transparency onto white, eight bits."""
    image = image.autorot()
    if image.get_typeof("icc-profile-data"):
        try:
            image = image.icc_transform("srgb", embedded=True)
        except pyvips.Error:
            image = image.colourspace("srgb")
    elif image.interpretation not in ("srgb", "b-w"):
        image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=[255, 255, 255])
    return image if image.format == "uchar" else image.cast("uchar")


def _finish(image: Any, box: tuple[int, int, int, int], source: bytes, kind: str, limits: MediaLimits) -> Picture:
    longer = max(image.width, image.height)
    scale = min(1.0, limits.scale_to_side / longer)
    if scale < 1.0:
        image = (
            _scaled(image, source, kind, limits)
            if box[2:] == (image.width, image.height) and box[:2] == (0, 0)
            else image.resize(scale)
        )
    if min(image.width, image.height) < MIN_SIDE:
        image = image.embed(0, 0, max(image.width, MIN_SIDE), max(image.height, MIN_SIDE), extend="copy")
    encoded, content_type = _encoded(image, kind)
    return Picture(encoded, content_type, image.width, image.height, digest(encoded), scale, (box[0], box[1]))


def _scaled(image: Any, source: bytes, kind: str, limits: MediaLimits) -> Any:
    """libvips shrinks while it decodes, at a third of the cost; the second open is a header only."""
    side = limits.scale_to_side
    if kind == "image/jpeg":
        # A profile to export to has libvips convert every pixel, at four times the cost, also where there is nothing to convert.
        header = pyvips.Image.jpegload_buffer(source)
        plain = header.interpretation in ("srgb", "b-w") and not header.get_typeof("icc-profile-data")
        profile = {} if plain else {"export_profile": "srgb"}
        made = pyvips.Image.thumbnail_buffer(source, side, height=side, size="down", fail_on="truncated", **profile)
        return made.flatten(background=[255, 255, 255]) if made.hasalpha() else made
    return image.thumbnail_image(side, height=side, size="down")


def _encoded(image: Any, kind: str) -> tuple[bytes, str]:
    """Screenshots stay lossless where that is the smaller file; photographs are JPEG. No metadata either way."""
    if kind == "image/jpeg":
        return image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none"), "image/jpeg"
    image = image.copy_memory()
    png = image.pngsave_buffer(compression=3, keep="none")
    if len(png) <= image.width * image.height // 4:
        return png, "image/png"
    jpeg = image.jpegsave_buffer(Q=JPEG_QUALITY, keep="none")
    return (png, "image/png") if len(png) <= len(jpeg) else (jpeg, "image/jpeg")


def _through_pillow(data: bytes, kind: str, limits: MediaLimits) -> bytes:
    """HEIC and BMP, which this build of libvips does not read, as PNG."""
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
