"""The images of the containers that run, and those of the version in this folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from scripts import bundle, up
from scripts.checks import images
from scripts.checks.plan import make_plan
from scripts.gateway_command import Refused, output_of

COMPOSE = ("docker", "compose")
BEFORE = "-before-upgrade"


@dataclass(frozen=True, slots=True)
class Images:
    """`names`: {name that Compose uses: id}."""

    names: dict[str, str]

    @classmethod
    def of_containers(cls) -> "Images":
        """Raises Refused."""
        ids = output_of([*COMPOSE, "ps", "-aq"]).split()
        if not ids:
            return cls({})
        told = output_of(["docker", "inspect", "-f", "{{.Config.Image}} {{.Image}}", *ids])
        return cls(dict(line.split() for line in told.splitlines() if line.strip()))

    def kept(self) -> list[str]:
        return [_kept(name) for name in self.names]

    def keep(self) -> None:
        """Gives each a second name, so that it stays when its own one goes to a new image."""
        for name, identity in self.names.items():
            output_of(["docker", "tag", identity, _kept(name)])

    def put_back(self) -> None:
        """Each name means its old image again. Raises Refused."""
        for name in self.names:
            output_of(["docker", "tag", _kept(name), name])


def _kept(name: str) -> str:
    return (name if ":" in name.rpartition("/")[2] else name + ":latest") + BEFORE


def get_images(bundle_file: str) -> None:
    """Loads them from a file of `make bundle`, else pulls or builds those that are missing or older
    than the sources. Raises Refused."""
    plan = make_plan()
    os.environ["ENGINE"] = plan.engine
    os.environ.update(images.labels(plan.root))
    try:
        if bundle_file:
            bundle.check(plan, Path(bundle_file)).load()
        up.get_images(plan, may_build=not bundle_file)
    except (up.Refused, bundle.BadBundle) as error:
        raise Refused(str(error)) from None
