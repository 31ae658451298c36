"""Every profile's command line, read by the installed vLLM's own parser."""

import json
import subprocess

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
parsed, unknown = parser.parse_known_args(json.loads(sys.stdin.read()))
print(json.dumps({"unknown": unknown, "model_tag": getattr(parsed, "model_tag", None), "seqs": parsed.max_num_seqs,
                  "limit": str(parsed.limit_mm_per_prompt), "timeout": parsed.shutdown_timeout}))
"""
# Flags that this vLLM (0.32) does not know yet and a later one is said to: none.
UNPROVEN: set[str] = set()


@pytest.mark.parametrize("name", sorted(load_profiles()))
def test_vllm_knows_every_flag_of_a_profile(name: str) -> None:
    profile = load_profiles()[name]
    gpus = () if name == "cpu" else (GPU("card", 80 * GIB, 80 * GIB, (9, 0)),)
    command = argv(profile, Machine(gpus, 64 * GIB), Settings(), "/models/x")
    arguments = command[command.index("serve") + 1 :]
    parsed = subprocess.run(
        [str(VLLM_PYTHON), "-c", PARSE],
        input=json.dumps(arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert parsed.returncode == 0, parsed.stderr[-2000:]
    seen = json.loads(parsed.stdout.strip().splitlines()[-1])
    assert {word for word in seen["unknown"] if word.startswith("--")} <= UNPROVEN
    assert seen["model_tag"] == "/models/x"
    assert seen["seqs"] == profile.flags["max-num-seqs"]
    assert seen["timeout"] == 30
