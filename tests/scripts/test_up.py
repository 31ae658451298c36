"""How `make up` ends its wait. `docker` is a script of the test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.servers import free_port

# Waits forever, as Compose does for an engine that is restarted again and again. /readyz says
# what the gateway says meanwhile.
DOCKER = """\
#!{python}
import http.server, json, os, sys, time
words = sys.argv[1:]
if "ps" in words and words[-1] == "inference":
    print("0123abcd")
if words[0] == "logs" and words[-1] == "0123abcd":
    print("inference: profile cpu\\ninference: vLLM does not know --nope; correct VLLM_EXTRA_ARGS")
if "up" in words:
    class Gateway(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_): pass
        def do_GET(self):
            since = time.time() + {age} if time.time() - started > 1 else 0
            body = json.dumps({{"engine": {{"phase": "failed", "detail": "a reason", "since": since}}}}).encode()
            self.send_response(503); self.send_header("content-length", str(len(body))); self.end_headers()
            self.wfile.write(body)
    started = time.time()
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["HTTP_PORT"])), Gateway).serve_forever()
"""


def up(folder: Path, age: float, seconds: float) -> "subprocess.CompletedProcess[str]":
    project, bin_ = folder / "project", folder / "bin"
    shutil.copytree(
        ROOT / "scripts", project / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / ".env.example", project)
    bin_.mkdir()
    (bin_ / "docker").write_text(DOCKER.format(python=sys.executable, age=age))
    (bin_ / "docker").chmod(0o755)
    environ = {
        **os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "ENGINE": "cpu",
        "MODEL_SOURCE": "huggingface",
        "HTTP_PORT": str(free_port()),
    }  # fmt: skip
    run = ["timeout", str(seconds), str(project / "scripts/up")]
    return subprocess.run(run, env=environ, capture_output=True, text=True)


def test_an_engine_that_cannot_start_ends_the_wait_with_its_one_line(tmp_path: Path) -> None:
    done = up(tmp_path, age=0, seconds=60)
    assert done.returncode == 1
    assert "engine: failed" not in done.stdout
    assert done.stderr.splitlines() == [
        "inference: vLLM does not know --nope; correct VLLM_EXTRA_ARGS",
        "make up: some containers did not start; see the line above, or `make logs`.",
    ]


def test_a_failure_of_an_earlier_start_does_not_end_it(tmp_path: Path) -> None:
    assert up(tmp_path, age=-1000, seconds=8).returncode == 124
