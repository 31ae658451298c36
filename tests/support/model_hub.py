"""A small model hub with the routes of Hugging Face and ModelScope that fails on purpose."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def safetensors(payload: bytes) -> bytes:
    header = orjson.dumps(
        {"weight": {"dtype": "U8", "shape": [len(payload)], "data_offsets": [0, len(payload)]}}
    )
    return len(header).to_bytes(8, "little") + header + payload


def vision_files() -> dict[str, bytes]:
    config = {
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "vision_config": {},
        "text_config": {
            "num_hidden_layers": 36,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "dtype": "bfloat16",
        },
    }
    return {
        "config.json": orjson.dumps(config),
        "model.safetensors": safetensors(bytes(range(256)) * 12_000),
        "tokenizer.json": b"{}",
        "README.md": b"not wanted",
        "pytorch_model.bin": b"a pickle, not wanted",
    }


@dataclass
class HubState:
    files: dict[str, bytes] = field(default_factory=vision_files)
    cut_after: int | None = None  # bytes after which the next large answer breaks off, once
    corrupt: int = 0  # so many answers with a wrong byte
    ranges: list[str] = field(default_factory=list)
    requests: int = 0
    stall: float = 0  # seconds before the next large answer, once
    tokens: list[str] = field(default_factory=list)  # the Authorization headers that came


@contextmanager
def running_hub() -> Iterator[tuple[str, HubState]]:
    state = HubState()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            state.requests += 1
            if "authorization" in self.headers:
                state.tokens.append(self.headers["authorization"])
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            path = unquote(url.path)
            if path.startswith("/api/models/acme/vl/revision/") and path.endswith(("/main", "/v2")):
                return self.json(
                    {
                        "sha": COMMIT,
                        "siblings": [self.sibling(*item) for item in state.files.items()],
                    }
                )
            if path.startswith("/api/models/acme/gated"):
                return self.answer(401, b"")
            if path.startswith(f"/acme/vl/resolve/{COMMIT}/"):
                # As the real one: elsewhere, by a redirect.
                self.send_response(302)
                self.send_header("location", f"/cdn/{path.rpartition(COMMIT + '/')[2]}")
                self.end_headers()
                return None
            if path.startswith("/cdn/"):
                return self.content(path.removeprefix("/cdn/"))
            if path == "/api/v1/models/acme/vl/repo/files" and query["Revision"] == "master":
                files = [self.entry(*item) for item in state.files.items()]
                data = {
                    "Files": [{"Path": "sub", "Type": "tree", "Size": 0}, *files],
                    "LatestCommitter": {"Id": COMMIT},
                }
                return self.json({"Code": 200, "Data": data})
            if path == "/api/v1/models/acme/vl/repo":
                return self.content(query["FilePath"])
            return self.answer(404, b"{}")

        def sibling(self, name: str, content: bytes) -> dict[str, Any]:
            git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            made: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git}
            if name.endswith(".safetensors"):
                made["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            return made

        def entry(self, name: str, content: bytes) -> dict[str, Any]:
            digest = hashlib.sha256(content).hexdigest()
            return {"Path": name, "Type": "blob", "Size": len(content), "Sha256": digest}

        def content(self, name: str) -> None:
            body = state.files[name]
            asked = self.headers.get("range")
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            if asked:
                state.ranges.append(asked)
            sent = body[start:]
            if state.corrupt and len(body) > 100_000:
                state.corrupt -= 1
                sent = bytes([sent[0] ^ 1]) + sent[1:]
            if state.stall and len(body) > 100_000:
                time.sleep(state.stall)
                state.stall = 0
            self.send_response(206 if asked else 200)
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            if state.cut_after is not None and len(body) > state.cut_after:
                sent, state.cut_after = sent[: state.cut_after], None
                self.close_connection = True
            self.wfile.write(sent)

        def json(self, table: object) -> None:
            self.answer(200, orjson.dumps(table))

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", state
    finally:
        server.shutdown()
        server.server_close()
