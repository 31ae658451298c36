"""Runs `vllm bench serve` in .venv-vllm, once for each line on stdin: a JSON list of arguments.

Prints `done` after each run. One process serves all runs, since loading vLLM takes longer than most
of them. `ignore_eos` is removed from the requests: vLLM's random data sets always send it, and the
gateway refuses it.
"""

import json
import sys
from typing import Any

from vllm.benchmarks import serve
from vllm.benchmarks.lib import endpoint_request_func as client
from vllm.utils.argparse_utils import FlexibleArgumentParser

as_sent = client._update_payload_common


def without_ignore_eos(payload: dict[str, Any], given: Any) -> None:
    as_sent(payload, given)
    payload.pop("ignore_eos", None)


client._update_payload_common = without_ignore_eos
parser = FlexibleArgumentParser()
serve.add_cli_args(parser)
for line in sys.stdin:
    serve.main(parser.parse_args(json.loads(line)))
    print("done", flush=True)
