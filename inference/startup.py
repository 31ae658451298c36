"""Reads vLLM's log as it passes: how far the start is, and why it failed."""

import re

# (pattern in a line, the phase it shows). The line's last percentage is the phase's progress.
PHASES = (
    (re.compile(r"Starting to load model|Loading .*checkpoint shards|Loading weights"), "loading"),
    (
        re.compile(
            r"Warming up model for the compilation|torch\.compile took|Dynamo bytecode transform"
            r"|Compiling a graph|Capturing CUDA graphs|init engine \("
        ),
        "compiling",
    ),
    (re.compile(r"Application startup complete"), "warming"),
)
ORDER = ("starting", "loading", "compiling", "warming")
PERCENT = re.compile(r"(\d{1,3})%")

KILLED = (
    "vLLM's engine core was killed (out of memory? see dmesg); "
    "give it more memory or a smaller MODEL_ID"
)
# vLLM writes this if its core ended without an exit code: killed, or after an error in the log.
GONE = "Failed core proc(s): {}"

# (pattern in vLLM's log, cause and remedy). The first match wins; its groups fill the text.
CAUSES = (
    (
        r"error: unrecognized arguments: (.+)",
        "vLLM does not know {0}; correct VLLM_EXTRA_ARGS",
    ),
    (
        r"error: argument (--[\w-]+)[^:\n]*: (.+)",
        "vLLM refuses {0}: {1}; correct VLLM_EXTRA_ARGS",
    ),
    (
        r"Address already in use",
        "cannot listen: Address already in use; stop what listens there, or set PORT",
    ),
    (
        r"Bfloat16 is only supported on GPUs with compute capability of at least 8\.0",
        "this GPU is older than compute capability 8.0 and computes no bfloat16; use "
        "ENGINE=cpu or lite",
    ),
    (
        r"Free memory on device .*?\(([\d.]+)/([\d.]+) GiB\).*?utilization \(([\d.]+)",
        "the GPU has {0} of {1} GiB free, less than GPU_MEMORY_UTILIZATION={2} asks for; "
        "free the card or lower it",
    ),
    (
        r"No available memory for the cache blocks",
        "no GPU memory is left for the KV cache; raise GPU_MEMORY_UTILIZATION or take a "
        "smaller MODEL_ID",
    ),
    (
        r"([\d.]+) GiB KV\s*cache is needed, which is larger than the available KV cache "
        r"memory \(([\d.]+) GiB\)",
        "one full context needs {0} GiB of KV cache and {1} GiB are left; lower MAX_MODEL_LEN",
    ),
    (
        r"CUDA out of memory|OutOfMemoryError",
        "the GPU ran out of memory while loading; lower MAX_MODEL_LEN or GPU_MEMORY_UTILIZATION",
    ),
    (
        r"derived max_model_len \(\S*?(\d+)",
        "the model's own context is {0} tokens; lower MAX_MODEL_LEN to it",
    ),
    (
        r"Model architectures (\[.+?\]) (?:are|failed)",
        "this vLLM does not serve {0}; choose another MODEL_ID",
    ),
    (
        r"SafetensorError|Error while deserializing header",
        "a weight file is damaged; fetch the model again",
    ),
    (
        r"No space left on device",
        "the disk is full; free some space",
    ),
    (
        r"No module named '?vllm'?",
        "vLLM is not installed in this Python; use Docker, or install vllm here",
    ),
    (
        r"driver version is insufficient|CUDA driver version|no kernel image is available",
        "the NVIDIA driver is too old for this image; install R580 or newer",
    ),
    (
        r"Failed core proc\(s\): \{[^}\n]*: -9",
        KILLED,
    ),
    (
        r"EngineDeadError|EngineCore encountered a fatal error|Engine core proc .* died",
        "vLLM's engine core died; the log above says where",
    ),
)
COMPILED = tuple((re.compile(pattern), text) for pattern, text in CAUSES)
ERROR = re.compile(r"\b\w+(?:Error|Exception): .+")
MAX_LINE = 2000  # characters of a log line that are searched
# Lines that only follow from an error in another process.
AFTERMATH = re.compile(
    r"See root cause above|See stack trace for root cause|BrokenPipeError|WARNING"
)


def phase_of(line: str, now: str) -> tuple[str, int | None] | None:
    """(phase, percent) if a log line shows a phase that is `now` or later, else None."""
    if now not in ORDER:
        return None
    line = line[:MAX_LINE]
    for pattern, phase in PHASES:
        if ORDER.index(phase) >= ORDER.index(now) and pattern.search(line):
            percents = [int(found) for found in PERCENT.findall(line)]
            return phase, min(percents[-1], 100) if percents else None
    return None


def cause_of(lines: list[str], code: int) -> str:
    """One line: why vLLM ended with `code`, from the last lines of its log."""
    lines = [line[:MAX_LINE] for line in lines]
    text = "\n".join(lines)
    for pattern, meaning in COMPILED:
        if found := pattern.search(text):
            return meaning.format(*found.groups())
    if code == -9:
        return (
            "vLLM was killed (out of memory? see dmesg); give it more memory or a smaller MODEL_ID"
        )
    errors = [
        found[0] for line in lines if (found := ERROR.search(line)) and not AFTERMATH.search(line)
    ]
    if not errors and GONE in text:
        return KILLED
    last = (errors or lines or ["it wrote nothing"])[-1].strip()
    return f"vLLM ended with {code}: {last[-300:]}"
