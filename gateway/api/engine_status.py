"""Whether an engine answers, as the page and `/readyz` report it."""

from dataclasses import dataclass
from typing import Any

from gateway.upstream.launch_status import LaunchStatusFile
from gateway.upstream.upstream import Upstream


@dataclass(frozen=True, slots=True)
class EngineStatus:
    upstreams: list[Upstream]
    fallback_upstreams: list[Upstream]
    launch_status: LaunchStatusFile

    @property
    def is_ready(self) -> bool:
        return any(upstream.up for upstream in self.upstreams)

    @property
    def has_fallback(self) -> bool:
        return any(upstream.up for upstream in self.fallback_upstreams)

    def as_json(self) -> dict[str, Any]:
        """{ready, phase, percent, fallback}. `phase` is ready, a phase of the engine's start
        (inference/status.py), fallback, or unavailable; `percent` belongs to a phase of the start.
        """
        percent = None
        if self.is_ready:
            phase = "ready"
        elif (launch := self.launch_status.read()) is not None and launch.under_way:
            phase, percent = launch.phase, launch.percent
        else:
            phase = "fallback" if self.has_fallback else "unavailable"
        return {
            "ready": self.is_ready,
            "phase": phase,
            "percent": percent,
            "fallback": self.has_fallback,
        }
