"""How the launcher follows a start, notices a hang and explains an exit.

tests/engine does the same with real vLLM.
"""

import pytest

from inference.startup import cause_of, phase_of
from inference.watch import Gauges, Hung, Stall

METRICS = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
vllm:prompt_tokens_total{engine="0",model_name="m"} 1.5e+06
vllm:generation_tokens_total{engine="0",model_name="m"} 40.0
vllm:generation_tokens_created{engine="0"} 1.7e9
"""


def test_gauges_are_summed_over_engines() -> None:
    assert Gauges.read(METRICS) == Gauges(running=3, tokens=1_500_040)


def test_running_requests_without_a_token_are_a_hang() -> None:
    stall = Stall(limit=10, now=0)
    stall.look(Gauges(1, 5), False, 1)
    stall.look(Gauges(1, 5), False, 9)
    stall.look(Gauges(1, 6), False, 10)
    stall.look(Gauges(1, 6), False, 19)
    with pytest.raises(
        Hung, match=r"1 requests are running and no token came for 10 s \(ENGINE_HANG_SECONDS=10\)"
    ):
        stall.look(Gauges(1, 6), False, 20)


def test_an_idle_engine_never_hangs_unless_a_probe_waits() -> None:
    stall = Stall(limit=10, now=0)
    for now in range(100):
        stall.look(Gauges(0, 5), False, now)
    with pytest.raises(Hung, match="no token came"):
        for now in range(100, 200):
            stall.look(Gauges(0, 5), True, now)


def test_an_engine_that_does_not_answer_at_all_is_a_hang() -> None:
    stall = Stall(limit=10, now=0)
    stall.look(None, False, 9)
    with pytest.raises(Hung, match="has not answered for 10 s"):
        stall.look(None, False, 10)


@pytest.mark.parametrize(
    ("line", "now", "expected"),
    [
        (
            "Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<00:01]",
            "starting",
            ("loading", 50),
        ),
        (
            "INFO [model_runner.py] Starting to load model /models/x...",
            "starting",
            ("loading", None),
        ),
        (
            "INFO [cpu_model_runner.py] Warming up model for the compilation...",
            "loading",
            ("compiling", None),
        ),
        ("Capturing CUDA graphs (PIECEWISE):  34%|███ | 12/35", "loading", ("compiling", 34)),
        ("INFO:     Application startup complete.", "compiling", ("warming", None)),
        ("Loading safetensors checkpoint shards: 100% Completed", "compiling", None),
        ("INFO something else 12%", "starting", None),
        ("INFO:     Application startup complete.", "ready", None),
    ],
)
def test_the_start_is_read_from_the_log_and_never_goes_back(
    line: str, now: str, expected: tuple[str, int | None] | None
) -> None:
    assert phase_of(line, now) == expected


@pytest.mark.parametrize(
    ("line", "code", "expected"),
    [
        (
            "api_server.py: error: unrecognized arguments: --nope 3",
            2,
            "vLLM does not know --nope 3; correct VLLM_EXTRA_ARGS",
        ),
        (
            "error: argument --max-num-seqs: invalid int value: 'x'",
            2,
            "vLLM refuses --max-num-seqs",
        ),
        ("OSError: [Errno 98] Address already in use", 1, "cannot listen: Address already in use"),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
            1,
            "ran out of memory while loading",
        ),
        (
            "ValueError: Free memory on device cuda:0 (3.1/23.7 GiB) on startup is less than desired GPU memory utilization (0.88, 20.8 GiB).",
            1,
            "the GPU has 3.1 of 23.7 GiB free",
        ),
        ("ModuleNotFoundError: No module named 'vllm'", 1, "vLLM is not installed in this Python"),
        ("", -9, "was killed (out of memory?"),
        ("RuntimeError: something new", 1, "vLLM ended with 1: RuntimeError: something new"),
    ],
)
def test_an_end_is_explained_in_one_line(line: str, code: int, expected: str) -> None:
    assert expected in cause_of([line], code)


# vLLM 0.32's output: the core's lines have the cause; the server's last lines only refer to it.
ROOT_CAUSE_ABOVE = (
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): "
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [
                "(APIServer pid=8) WARNING Found ulimit of 20000. This can cause errors like `OSError: [Errno 24] Too many`.",
                "(EngineCore pid=29) ERROR [core.py:1510]     raise ValueError(",
                "(EngineCore pid=29) ERROR [core.py:1510] ValueError: Unknown quantization method: fp8x.",
                "(Worker pid=44) ERROR [multiproc_executor.py:953] BrokenPipeError: [Errno 32] Broken pipe",
                "    raise RuntimeError(",
                ROOT_CAUSE_ABOVE + "{'EngineCore': 1}",
            ],
            "vLLM ended with 1: ValueError: Unknown quantization method: fp8x.",
        ),
        (
            ["(Worker pid=44) BrokenPipeError: [Errno 32] Broken pipe", ROOT_CAUSE_ABOVE + "{}"],
            "vLLM's engine core was killed (out of memory? see dmesg); give it more memory or a smaller MODEL_ID",
        ),
        (
            [
                "(EngineCore pid=889) ERROR [core.py:1330] ModuleNotFoundError: No module named 'flashinfer'",
                "(EngineCore pid=889) Process EngineCore:",
                ROOT_CAUSE_ABOVE + "{}",
            ],
            "vLLM ended with 1: ModuleNotFoundError: No module named 'flashinfer'",
        ),
        (
            [ROOT_CAUSE_ABOVE + "{'EngineCore': -9}"],
            "vLLM's engine core was killed (out of memory? see dmesg); give it more memory or a smaller MODEL_ID",
        ),
        (
            [
                "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has 7.5.",
                ROOT_CAUSE_ABOVE + "{'EngineCore': 1}",
            ],
            "this GPU is older than compute capability 8.0 and computes no bfloat16; use ENGINE=cpu or lite",
        ),
        (
            ["vllm serve: error: unrecognized arguments: --nope 3", "a line that follows"],
            "vLLM does not know --nope 3; correct VLLM_EXTRA_ARGS",
        ),
        (
            ["INFO: the argument --seed: it is set", "RuntimeError: something new"],
            "vLLM ended with 1: RuntimeError: something new",
        ),
    ],
)
def test_the_root_cause_is_told_and_not_what_follows_from_it(
    lines: list[str], expected: str
) -> None:
    assert cause_of(lines, 1) == expected
