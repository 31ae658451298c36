"""`python -m inference.launch`: vLLM's OpenAI server on port 3001, with the flags of the engine that was asked for.

ENGINE is gpu or cpu; MODEL_ID, MODEL_NAME, MODEL_REVISION, MAX_MODEL_LEN, GPU_MEMORY_UTILIZATION and VLLM_EXTRA_ARGS override
what it chooses. The command is printed, then this process becomes it.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    model_id: str
    model_name: str
    max_model_len: int
    flags: tuple[str, ...]


# What a customer's request must never reach (docs/architecture.md): remote media, videos, endless queues.
COMMON = (
    *("--limit-mm-per-prompt", '{"image":16,"video":0}'),
    *("--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
    *("--allowed-media-domains", "none.invalid"),
    *("--enable-request-id-headers", "--enable-prompt-tokens-details"),
    *("--disable-access-log-for-endpoints", "/health,/metrics,/ping"),
)
PROFILES = {
    # 24 GB: BF16 arithmetic (some 4-bit builds answer "!!!!" without it), a 4-bit checkpoint, room for 16 answers.
    "gpu": Profile(
        "cyankiwi/Qwen3-VL-8B-Instruct-AWQ-4bit",
        "Qwen3-VL-8B",
        32_768,
        (
            *("--dtype", "bfloat16", "--max-num-seqs", "16", "--max-num-batched-tokens", "4096"),
            *("--mm-processor-kwargs", '{"max_pixels":4194304}', "--mm-processor-cache-gb", "2"),
            *("--max-num-queued-reqs", "64", "--enable-force-include-usage", "--shutdown-timeout", "30"),
        ),
    ),
    "cpu": Profile("Qwen/Qwen3-VL-2B-Instruct", "Qwen3-VL-2B", 8_192, ("--dtype", "bfloat16", "--max-num-seqs", "4")),
}
GPU_MEMORY_UTILIZATION = "0.88"


class WrongSettings(Exception):
    pass


def argv(environ: Mapping[str, str]) -> list[str]:
    """vLLM's command line. Raises WrongSettings."""
    engine = environ.get("ENGINE") or "gpu"
    if engine not in PROFILES:
        raise WrongSettings(f"ENGINE={engine!r}: vLLM serves gpu or cpu")
    profile = PROFILES[engine]
    length = environ.get("MAX_MODEL_LEN") or str(profile.max_model_len)
    if not length.isdigit() or int(length) < 256:
        raise WrongSettings(f"MAX_MODEL_LEN={length!r}: a number of tokens, 256 or more")
    try:
        extra = shlex.split(environ.get("VLLM_EXTRA_ARGS") or "")
    except ValueError as error:
        raise WrongSettings(f"VLLM_EXTRA_ARGS: {error}") from None
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", environ.get("MODEL_ID") or profile.model_id]
    command += ["--served-model-name", environ.get("MODEL_NAME") or profile.model_name]
    command += ["--host", environ.get("HOST") or "0.0.0.0", "--port", environ.get("PORT") or "3001"]  # noqa: S104
    command += ["--max-model-len", length, *profile.flags, *COMMON]
    if environ.get("MODEL_REVISION"):
        command += ["--revision", environ["MODEL_REVISION"]]
    if engine == "gpu":
        command += ["--gpu-memory-utilization", environ.get("GPU_MEMORY_UTILIZATION") or GPU_MEMORY_UTILIZATION]
    return command + extra


def main() -> int:
    try:
        command = argv(os.environ)
    except WrongSettings as error:
        print(f"inference: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print("inference:", shlex.join(command), flush=True)  # noqa: T201
    os.execv(command[0], command)  # noqa: S606 - vLLM is what this process becomes


if __name__ == "__main__":
    sys.exit(main())
