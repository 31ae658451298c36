"""One image: header checked, decoded, turned upright, to sRGB, scaled, stripped of metadata, encoded again. By libvips."""

import os
from typing import Any

os.environ.setdefault("VIPS_BLOCK_UNTRUSTED", "1")  # before libvips loads: none of its fuzz-prone loaders

import pyvips

from gateway.errors import InvalidImage
from gateway.media.limits import MediaLimits, check_size
from gateway.media.picture import DAMAGED, Picture, digest

pyvips.cache_set_max(0)  # every picture is new; a cache would only hold on to customers' pictures

JPEG_QUALITY = 90
MIN_SIDE = 32  # one patch: the vision tower takes nothing smaller
LONG_RATIO = 3.0  # a long phone screenshot is cut, not shrunk until nobody can read it
MAX_TILES = 4
TILE_OVERLAP = 0.06
LOADERS = {
    "image/jpeg": "jpegload_buffer",
    "image/png": "pngload_buffer",
    "image/webp": "webpload_buffer",
    "image/gif": "gifload_buffer",
}


def prepare_image(data: bytes, kind: str, limits: MediaLimits) -> list[Picture]:
    """One picture, or up to four overlapping tiles of one longer than 3:1. Raises ImageTooLarge or InvalidImage."""
    if kind in ("image/heic", "image/bmp"):
        # Six megabytes of libraries, for a format in a hundred pictures: they are there once one comes.
        from gateway.media import foreign

        data, kind = foreign.as_png(data, kind, limits), "image/png"
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
