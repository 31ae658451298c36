"""Writes an ONNX model: the few messages of its protobuf format that a small transformer needs.

Field numbers are those of onnx.proto (ONNX 1.16, IR version 8).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 17
MICROSOFT = "com.microsoft"  # the domain of ONNX Runtime's own operators
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
FLOAT, INT, STRING, INTS = 1, 2, 3, 7  # AttributeProto.AttributeType

Attribute = float | int | Sequence[int]


@dataclass
class Graph:
    """Nodes and constants, in order. Shapes are lists of sizes; a string is a free size."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = "",
        **attributes: Attribute,
    ) -> None:
        """One node. An input named "" is left out."""
        made = b"".join(_text(1, name) for name in inputs)
        made += b"".join(_text(2, name) for name in outputs)
        made += _text(4, kind)
        made += b"".join(_bytes(5, _attribute(*pair)) for pair in attributes.items())
        self.nodes.append(made + _text(7, domain))

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Returns the name."""
        made = b"".join(_int(1, size) for size in values.shape)
        made += _int(2, TYPES[str(values.dtype)]) + _text(8, name)
        self.constants.append(made + _bytes(9, np.ascontiguousarray(values).tobytes()))
        return name

    def model(
        self,
        inputs: dict[str, tuple[str, Sequence[int | str]]],
        outputs: dict[str, tuple[str, Sequence[int | str]]],
    ) -> bytes:
        """The model's file. Inputs and outputs: {name: (type, shape)}."""
        graph = b"".join(_bytes(1, node) for node in self.nodes) + _text(2, "graph")
        graph += b"".join(_bytes(5, one) for one in self.constants)
        graph += b"".join(_bytes(11, _value(name, *kind)) for name, kind in inputs.items())
        graph += b"".join(_bytes(12, _value(name, *kind)) for name, kind in outputs.items())
        opsets = _bytes(8, _text(1, "") + _int(2, OPSET))
        opsets += _bytes(8, _text(1, MICROSOFT) + _int(2, 1))
        return _int(1, IR_VERSION) + _bytes(7, graph) + opsets


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _float(2, value) + _int(20, FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, INT)
    return _text(1, name) + b"".join(_int(8, one) for one in value) + _int(20, INTS)


def _value(name: str, kind: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _int(1, size)) for size in shape
    )
    tensor = _int(1, TYPES[kind]) + _bytes(2, sizes)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))
