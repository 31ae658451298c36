"""vLLM's own `vllm bench serve`, run by .venv-vllm: once for each line of arguments, a JSON list, that comes in; `done` goes out at
its end, after all that vLLM prints. Loading vLLM takes longer than most runs on a GPU.

Without `ignore_eos`: its random data sets always send it, and the contract refuses it. Neither side is asked for it, so both
write what the model writes, token for token."""

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
