"""OCR with the models in RapidOCR's wheel (PP-OCRv6 small): pixels in, lines out, in short steps.

Nothing is downloaded. RapidOCR's own call finds and reads all text of a picture at once. Here the
lines are found first and then read in small batches: between two steps a reading can stop or
pause, and memory does not grow with the number of lines.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import rapidocr
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det.utils import DBPostProcess
from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode
from rapidocr.utils.process_img import get_rotate_crop_image

from inference.lite.decode import Picture, Pixels
from inference.lite.reading import Line

FIND_SIDE = 1_280  # pixels of the copy in which text is found; it is read at full size
READ_HEIGHT = 48  # pixels of a line, as the recogniser takes it
MIN_COLUMNS, MAX_COLUMNS = 320, 6_400  # pixels of such a line; a longer one is squeezed
BATCH_LINES = 6
BATCH_COLUMNS = 3_840  # of a whole batch: 150 MB of activations, a quarter of a second
MIN_TEXT = 8  # pixels: thinner pictures hold no text
MIN_SIDE, ENLARGED_SIDE = 30, 5_120  # pixels; thinner pictures are enlarged, to this length at most
TALL = 1.5  # height / width from which text runs downwards
WIDE = 8  # width / height above which a picture gets bars above and below
MIN_CONFIDENCE = 0.5
THREADS = 2

Corners = NDArray[np.float32]  # four points (x, y), clockwise from the top left


class Engine:
    """The two models: one finds lines, one reads them. For one thread at a time."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._finder = _session(models / "PP-OCRv6_det_small.onnx")
        self._reader = _session(models / "PP-OCRv6_rec_small.onnx")
        characters = self._reader.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._boxes_of = DBPostProcess(
            thresh=0.3, box_thresh=0.5, unclip_ratio=1.6, use_dilation=True
        )
        self._texts_of = CTCLabelDecode(characters)

    def steps(self, picture: Picture, options: Any) -> Iterator[list[Line]]:
        """The lines that each step has read, in no order.

        `options` are onnxruntime.RunOptions; setting `terminate` stops a running step.
        """
        pixels, scale, top = _roomy(picture.pixels)
        if pixels is None:
            return
        boxes = self._found(pixels, options)
        yield []
        for batch in _batches(boxes):
            crops = [get_rotate_crop_image(pixels, box) for box in batch]
            texts = self._read(crops, options)
            boxes_here = [
                _box((box - (0, top)) / (scale * picture.scale), picture) for box in batch
            ]
            yield [
                Line(text.strip(), box, round(float(score), 3))
                for (text, score), box in zip(texts, boxes_here, strict=True)
                if score >= MIN_CONFIDENCE and text.strip()
            ]

    def _found(self, pixels: Pixels, options: Any) -> list[Corners]:
        height, width = pixels.shape[:2]
        ratio = min(1.0, FIND_SIDE / max(height, width))
        size = [max(32, round(int(side * ratio) / 32) * 32) for side in (width, height)]
        small = cv2.resize(pixels, size)
        scores = self._finder.run(
            None, {self._finder.get_inputs()[0].name: _normal(small)[None]}, options
        )[0]
        boxes, _ = self._boxes_of(scores, (height, width))
        return [np.asarray(box, np.float32) for box in boxes]

    def _read(self, crops: list[Pixels], options: Any) -> list[tuple[str, float]]:
        columns = max(MIN_COLUMNS, *(_columns(crop.shape[1], crop.shape[0]) for crop in crops))
        batch = np.zeros((len(crops), 3, READ_HEIGHT, columns), np.float32)
        for number, crop in enumerate(crops):
            line = cv2.resize(
                crop, (min(columns, _columns(crop.shape[1], crop.shape[0])), READ_HEIGHT)
            )
            batch[number, :, :, : line.shape[1]] = _normal(line)
        scores = self._reader.run(None, {self._reader.get_inputs()[0].name: batch}, options)[0]
        texts: list[tuple[str, float]] = self._texts_of(scores)[0]
        return texts


def _session(model: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would never shrink
    # Threads that spin while they wait cost a quarter more CPU time if the cores have other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _normal(pixels: Pixels) -> NDArray[np.float32]:
    """(height, width, 3) of 0 to 255 → (3, height, width) of -1 to 1."""
    normal: NDArray[np.float32] = pixels.transpose(2, 0, 1).astype(np.float32)
    normal /= 127.5
    normal -= 1
    return normal


def _roomy(pixels: Pixels) -> tuple[Pixels | None, float, int]:
    """(picture, enlargement, height of the upper bar).

    Tiny pictures are enlarged, very wide ones get bars. The picture is None if it is too thin to
    hold text.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_TEXT:
        return None, 1.0, 0
    scale = 1.0
    if min(height, width) < MIN_SIDE:
        scale = max(1.0, min(MIN_SIDE / min(height, width), ENLARGED_SIDE / max(height, width)))
        height, width = round(height * scale), round(width * scale)
        pixels = cv2.resize(pixels, (width, height))
    if height > MIN_SIDE and width <= WIDE * height:
        return pixels, scale, 0
    bar = abs(max(width // WIDE, MIN_SIDE) * 2 - height) // 2
    return (
        cv2.copyMakeBorder(pixels, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)),
        scale,
        bar,
    )


def _batches(boxes: list[Corners]) -> Iterator[list[Corners]]:
    """Batches of lines of similar length, short ones first: the longest sets a batch's width."""
    batch: list[Corners] = []
    for columns, box in sorted(
        ((_box_columns(box), box) for box in boxes), key=lambda pair: pair[0]
    ):
        if batch and (len(batch) == BATCH_LINES or (len(batch) + 1) * columns > BATCH_COLUMNS):
            yield batch
            batch = []
        batch.append(box)
    if batch:
        yield batch


def _box_columns(box: Corners) -> int:
    """Width in pixels of the line at READ_HEIGHT. A line taller than wide is turned first."""
    width = max(_length(box[0], box[1]), _length(box[2], box[3]))
    height = max(_length(box[0], box[3]), _length(box[1], box[2]))
    if height >= TALL * width:
        width, height = height, width
    return max(MIN_COLUMNS, _columns(width, height))


def _length(one: Corners, two: Corners) -> float:
    return max(1.0, float(np.linalg.norm(one - two)))


def _columns(width: float, height: float) -> int:
    return max(1, min(MAX_COLUMNS, math.ceil(READ_HEIGHT * width / height)))


def _box(corners: Corners, picture: Picture) -> tuple[int, int, int, int]:
    """[x, y, width, height] in the original's pixels, inside it."""
    size = (picture.width, picture.height)
    left, top = (int(side) for side in np.clip(corners.min(axis=0), 0, size))
    right, bottom = (int(side) for side in np.clip(corners.max(axis=0), 0, size))
    return left, top, right - left, bottom - top
