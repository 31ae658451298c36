"""GET /api/desk/export: stored conversations for staff, as lines, a table, or training data."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from gateway.api.client_disconnect import unless_client_leaves
from gateway.api.conversations import stream_pieces
from gateway.api.dependencies import RouteLimits, StaffName
from gateway.errors import InvalidRequest
from gateway.reports.exchanges import Filters
from gateway.reports.export_lines import ExportLines
from gateway.reports.period import Period, period_of
from gateway.reports.reader_threads import Reports
from gateway.reports.training_export import TrainingExport
from gateway.reports.training_forms import Form, Pictures
from gateway.storage.turns import now

Format = Literal["jsonl", "csv", "openai", "sharegpt"]
Outcome = Literal["answered", "clarify", "no_clause", "smalltalk", "handoff"]
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which answers are wanted, as a query says it."""

    start: Annotated[str, Query(alias="from", max_length=40)] = ""
    to: Annotated[str, Query(max_length=40)] = ""
    zone: Annotated[str, Query(max_length=64)] = ""
    rating: Literal["", "up", "down"] = ""
    outcome: Literal["", Outcome] = ""

    def period(self) -> Period:
        """The whole time where neither end is given. Raises InvalidRequest."""
        return period_of(self.start or "0", self.to, self.zone, now())

    def filters(self) -> Filters:
        return Filters(self.rating, self.outcome)


Wanted = Annotated[Chosen, Depends(Chosen)]


def desk_export_router(
    lines: ExportLines, training: TrainingExport, reports: Reports, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/desk/export")

    @router.get("")
    async def export(
        request: Request,
        staff: StaffName,
        wanted: Wanted,
        form: Annotated[Format, Query(alias="format")] = "jsonl",
        pictures: Pictures = "reference",
        split: Literal["", "time"] = "",
    ) -> Response:
        await limits.charge(request)
        period, filters = wanted.period(), wanted.filters()
        name = f"sightdesk-{period.days}"
        ending, media = f".{form}", MEDIA.get(form, MEDIA["jsonl"])
        if form == "jsonl" or form == "csv":
            if split:
                raise InvalidRequest("`split` is for openai and sharegpt.", param="split")
            pieces = (lines.json_lines if form == "jsonl" else lines.table)(period, filters)
        elif split:
            pieces = training.archive(period, filters, form, pictures)
            ending, media = f"-{form}.zip", ZIP
        else:
            pieces = training.lines(period, filters, form, pictures)
            ending = f"-{form}.jsonl"
        response = await stream_pieces(reports.one_export(f"staff:{staff}", pieces), media)
        response.headers["content-disposition"] = f'attachment; filename="{name}{ending}"'
        return response

    @router.get("/card")
    async def card(
        request: Request,
        staff: StaffName,
        wanted: Wanted,
        form: Annotated[Form, Query(alias="format")] = "openai",
        pictures: Pictures = "reference",
    ) -> dict[str, Any]:
        """What the training data of the same parameters holds. One at a time for each name: the
        page reads it while the same person may export."""
        await limits.charge(request)
        period, filters = wanted.period(), wanted.filters()
        pieces = training.card(period, filters, form, pictures)
        reading = _read(reports.one_export(f"card:{staff}", pieces))
        return await unless_client_leaves(request, reading)

    return router


async def _read(pieces: AsyncGenerator[bytes]) -> dict[str, Any]:
    async with aclosing(pieces):
        told: dict[str, Any] = orjson.loads(b"".join([piece async for piece in pieces]))
        return told
