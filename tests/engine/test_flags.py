"""Every profile's command line, read by the installed vLLM's own parser."""

import json
import subprocess
from typing import Any

import pytest

from inference.command import argv
from inference.machine import GIB, GPU, Machine
from inference.profiles import load_profiles
from inference.settings import Settings
from tests.support.paths import ROOT
from tests.support.vllm import VLLM_PYTHON

PARSE = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser())
def read(arguments):
    parsed, unknown = parser.parse_known_args(arguments)
    return {"unknown": unknown, "model_tag": getattr(parsed, "model_tag", None), "seqs": parsed.max_num_seqs,
            "limit": str(parsed.limit_mm_per_prompt), "timeout": parsed.shutdown_timeout}
print(json.dumps({name: read(arguments) for name, arguments in json.load(sys.stdin).items()}))
"""
# Flags that this vLLM (0.32) does not know yet and a later one is said to: none.
UNPROVEN: set[str] = set()
PROFILES = load_profiles()


def arguments_of(name: str) -> list[str]:
    gpus = () if name == "cpu" else (GPU("card", 80 * GIB, 80 * GIB, (9, 0)),)
    command = argv(PROFILES[name], Machine(gpus, 64 * GIB), Settings(), "/models/x")
    return command[command.index("serve") + 1 :]


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    """What vLLM reads from each profile's flags. Its import takes seconds, so it is asked once."""
    done = subprocess.run(
        [str(VLLM_PYTHON), "-c", PARSE],
        input=json.dumps({name: arguments_of(name) for name in PROFILES}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    read: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return read


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_vllm_knows_every_flag_of_a_profile(parsed: dict[str, Any], name: str) -> None:
    seen = parsed[name]
    assert {word for word in seen["unknown"] if word.startswith("--")} <= UNPROVEN
    assert seen["model_tag"] == "/models/x"
    assert seen["seqs"] == PROFILES[name].flags["max-num-seqs"]
    assert seen["timeout"] == 30
