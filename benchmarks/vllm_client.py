"""vLLM's own command line for `make bench-engine`, run by .venv-vllm, without `ignore_eos`: its random data sets always send
it, and the contract refuses it. Neither side is asked for it, so both write what the model writes, token for token."""

from typing import Any

from vllm.benchmarks.lib import endpoint_request_func as client
from vllm.entrypoints.cli.main import main

as_sent = client._update_payload_common


def without_ignore_eos(payload: dict[str, Any], given: Any) -> None:
    as_sent(payload, given)
    payload.pop("ignore_eos", None)


client._update_payload_common = without_ignore_eos
main()
