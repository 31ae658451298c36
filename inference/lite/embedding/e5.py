"""multilingual-e5-small (Wang et al., 2024) in ONNX Runtime.

The 4-bit weights of the layers are rounded to 8 bits at the start; of the word table only the rows
of a batch are unpacked. Cosine to the same weights in float32: 0.997.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.lite.embedding.e5_file import E5File, read
from inference.lite.embedding.e5_tokens import Tokens
from inference.lite.embedding.onnx_file import MICROSOFT, Graph

Floats = NDArray[np.float32]
MAX_TOKENS = 128  # of a text, about 200 Chinese characters; USE sees all of it


class E5:
    """For one thread at a time."""

    def __init__(self, path: Path, threads: int) -> None:
        """Raises OSError and ValueError where the file cannot be used."""
        self._file = read(path)
        self.width = self._file.width
        start, end, _, unknown = self._file.special
        self._ends = start, end
        self._tokens = Tokens(self._file.pieces, self._file.scores, self._file.normal, unknown)
        self._file.pieces.clear()
        self._words = self._file.blocks("emb.word", self.width)
        self._places = self._file.floats("emb.pos").reshape(-1, self.width)
        self._places = self._places + self._file.floats("emb.type")[: self.width]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            model(self._file), options, providers=["CPUExecutionProvider"]
        )

    def tokens(self, text: str) -> list[int]:
        """The ids of one text, with start and end; at most MAX_TOKENS."""
        start, end = self._ends
        return [start, *self._tokens.of(text)[: MAX_TOKENS - 2], end]

    def encode(self, batch: Sequence[list[int]]) -> Floats:
        """(texts, width): vectors of length 1."""
        lengths = np.array([len(ids) for ids in batch], np.int32)
        x = np.zeros((len(batch), int(lengths.max()), self.width), np.float32)
        for row, ids in enumerate(batch):
            x[row, : len(ids)] = _floats(self._words[ids]) + self._places[: len(ids)]
        mask = (np.arange(x.shape[1]) < lengths[:, None]).astype(np.int32)
        states: Floats = self._session.run(None, {"x": x, "mask": mask})[0]
        states *= mask[:, :, None]
        means: Floats = states.sum(axis=1)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        return means


def model(file: E5File) -> bytes:
    """The encoder as ONNX: (batch, tokens, width) and a mask → the last layer's states."""
    graph = Graph()
    x = _norm(graph, file, "x", "emb.ln", "embedded")
    for number in range(file.layers):
        x = _layer(graph, file, x, f"l{number}.")
    graph.add("Identity", [x], ["states"])
    shape: list[int | str] = ["batch", "tokens", file.width]
    return graph.model(
        {"x": ("float32", shape), "mask": ("int32", shape[:2])},
        {"states": ("float32", shape)},
    )


def _layer(graph: Graph, file: E5File, x: str, name: str) -> str:
    heads = [
        _matmul(graph, file, x, f"{name}{one}", file.width, bias=False) for one in ("q", "k", "v")
    ]
    bias = np.concatenate([file.floats(f"{name}{one}.b") for one in ("q", "k", "v")])
    graph.add(
        "MultiHeadAttention",
        [*heads, graph.constant(f"{name}qkv.b", bias), "mask"],
        [f"{name}seen"],
        MICROSOFT,
        num_heads=file.heads,
    )
    seen = _matmul(graph, file, f"{name}seen", f"{name}ao", file.width)
    x = _add_norm(graph, file, x, seen, f"{name}aln")
    inner = _matmul(graph, file, x, f"{name}fi", file.width, bias=False)
    gelu = f"{name}gelu"
    bias_name = graph.constant(f"{name}fi.b", file.floats(f"{name}fi.b"))
    graph.add("BiasGelu", [inner, bias_name], [gelu], MICROSOFT)
    outer = _matmul(graph, file, gelu, f"{name}fo", file.inner)
    return _add_norm(graph, file, x, outer, f"{name}oln")


def _matmul(
    graph: Graph, file: E5File, x: str, name: str, columns: int, *, bias: bool = True
) -> str:
    """Weights of 8 bits with a scale for each output, activations rounded to 8 bits as they come.

    The same blocks as `MatMulNBits` take three times as long (docs/decisions/017).
    """
    weights = _floats(file.blocks(f"{name}.w", columns))
    scales = np.maximum(np.abs(weights).max(axis=1), 1e-9) / 127
    rounded = np.round(weights / scales[:, None]).astype(np.int8).T
    inputs = [x, graph.constant(f"{name}.w", rounded), graph.constant(f"{name}.s", scales)]
    if bias:
        inputs += ["", graph.constant(f"{name}.b", file.floats(f"{name}.b"))]
    graph.add("DynamicQuantizeMatMul", inputs, [f"{name}.out"], MICROSOFT)
    return f"{name}.out"


def _floats(blocks: NDArray[np.uint8]) -> Floats:
    """(rows, blocks, BLOCK_BYTES) bytes → (rows, weights)."""
    scales = blocks[:, :, :2].copy().view(np.float16).astype(np.float32)
    packed = blocks[:, :, 2:]
    weights = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
    return (weights * scales).reshape(len(blocks), -1)


def _norm(graph: Graph, file: E5File, x: str, name: str, out: str) -> str:
    weights = [graph.constant(f"{name}.{one}", file.floats(f"{name}.{one}")) for one in ("w", "b")]
    graph.add("LayerNormalization", [x, *weights], [out], epsilon=float(file.eps), axis=-1)
    return out


def _add_norm(graph: Graph, file: E5File, x: str, more: str, name: str) -> str:
    weights = [graph.constant(f"{name}.{one}", file.floats(f"{name}.{one}")) for one in ("w", "b")]
    graph.add(
        "SkipLayerNormalization",
        [x, more, *weights],
        [f"{name}.out"],
        MICROSOFT,
        epsilon=float(file.eps),
    )
    return f"{name}.out"
