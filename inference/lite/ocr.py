"""RapidOCR on the models in its wheel (PP-OCRv6 small): a picture in, its lines out. Nothing is downloaded."""

import asyncio
import hashlib
import io
import logging
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from inference.lite.errors import LiteError
from inference.lite.fields import fields_of
from inference.lite.reading import Line, Reading, rows

Image.MAX_IMAGE_PIXELS = None  # `decoded` has its own bound, and says it
MAX_PIXELS = 50_000_000
MAX_SIDE = 30_000
READ_SIDE = 4_000  # longer pictures are scaled down for detection
FIND_SIDE = 1_280
MIN_CONFIDENCE = 0.5
REMEMBERED = 512
THREADS = 2
log = logging.getLogger("lite.ocr")


@dataclass(slots=True)
class Wanted:
    """A reading that was asked for: done, under way, or waiting for its turn."""

    future: "Future[Reading]"
    waiting: int = 0

    @property
    def failed(self) -> bool:
        return self.future.cancelled() or (self.future.done() and self.future.exception() is not None)


class Reader:
    """Reads each picture once; who asks for the same one meanwhile waits for the same reading."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ocr")
        self._wanted: OrderedDict[str, Wanted] = OrderedDict()
        self._engine: Any = None
        self._loading = threading.Lock()

    @property
    def ready(self) -> bool:
        return self._engine is not None

    async def warm_up(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._load)

    async def read(self, data: bytes) -> Reading:
        """Raises LiteError for what is no picture, or too large a one."""
        key = hashlib.sha256(data).hexdigest()
        wanted = self._wanted.get(key)
        if wanted is None or wanted.failed:
            wanted = self._wanted[key] = Wanted(self._pool.submit(self._read_now, key, data))
        self._wanted.move_to_end(key)
        while len(self._wanted) > REMEMBERED:
            self._wanted.popitem(last=False)
        wanted.waiting += 1
        try:
            return await asyncio.shield(asyncio.wrap_future(wanted.future))
        finally:
            wanted.waiting -= 1
            # Nobody waits any more: what has not begun is never begun.
            if not wanted.waiting and wanted.future.cancel():
                self._wanted.pop(key, None)

    def _read_now(self, key: str, data: bytes) -> Reading:
        import numpy as np

        image = decoded(data)
        output = self._load()(np.asarray(image)[:, :, ::-1])
        lines = _lines(output)
        reading = Reading(f"sha256:{key}", image.width, image.height, lines)
        return Reading(reading.image, image.width, image.height, lines, fields_of(lines))

    def _load(self) -> Any:
        with self._loading:
            if self._engine is None:
                from rapidocr import RapidOCR

                self._engine = RapidOCR(
                    params={
                        "Global.use_cls": False,  # screenshots stand upright
                        "Global.max_side_len": READ_SIDE,
                        "Global.log_level": "error",
                        # Where text stands is found on a smaller copy; what it says is read at full size.
                        "Det.limit_type": "max",
                        "Det.limit_side_len": FIND_SIDE,
                        "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
                        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                    }
                )
        return self._engine


def decoded(data: bytes) -> Image.Image:
    """The picture, upright and in RGB; its header is checked before a pixel is decoded."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data))
        if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
            raise LiteError(
                f"The picture is {image.width}×{image.height}; at most {MAX_PIXELS} pixels and {MAX_SIDE} a side.",
                413,
                "image_too_large",
            )
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode in ("RGBA", "LA", "P"):
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise LiteError("This is no picture, or a damaged one.", 400, "invalid_image") from None


def _lines(output: Any) -> list[Line]:
    if output is None or output.txts is None:
        return []
    lines = []
    for corners, text, score in zip(output.boxes, output.txts, output.scores, strict=True):
        if score < MIN_CONFIDENCE or not text.strip():
            continue
        left, top = (int(side) for side in corners.min(axis=0))
        right, bottom = (int(side) for side in corners.max(axis=0))
        box = (max(0, left), max(0, top), right - max(0, left), bottom - max(0, top))
        lines.append(Line(text.strip(), box, round(float(score), 3)))
    return [line for row in rows(lines) for line in row]
