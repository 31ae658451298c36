"""What stands in the way of `make up`, all at once. Changes nothing.

As a program: prints the findings and exits with 1 where one is red.
"""

import sys

from scripts.checks import card, engine, files, images, machine, network, settings
from scripts.checks.plan import Plan, make_plan
from scripts.env_file import secrets_of
from scripts.findings import Finding, line, masked


def findings(plan: Plan, with_bundle: bool = False) -> list[Finding]:
    """In the order in which they are mended. `with_bundle`: the images come from a file."""
    docker, compose = engine.docker(), engine.compose()
    found = [docker, compose, machine.architecture(plan), machine.memory(plan)]
    found += card.gpu(plan) if plan.engine == "gpu" else []
    found += [*machine.clock(), *settings.env_file(plan), files.readable(plan)]
    found += files.certificate(plan)
    if not docker.good:
        return [*found, *network.ports(plan)]
    found += [engine.files(plan)] if compose.good else []
    found += [*network.ports(plan), network.subnet(plan)]
    looked = images.Images((), (), (), ()) if with_bundle else images.look(plan)
    return [*found, images.disk(plan, looked), *network.dns(plan, looked)]


def main() -> int:
    plan = make_plan()
    found = findings(plan)
    for one in found:
        print(masked(line(one), secrets_of(plan.settings)))
    return 1 if any(one.is_red for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
