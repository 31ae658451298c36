"""GET /api/desk/export: stored conversations for staff, as lines, a table, or training data."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

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
Moment = Annotated[str, Query(max_length=40)]
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
ZIP = "application/zip"


def desk_export_router(
    lines: ExportLines, training: TrainingExport, reports: Reports, limits: RouteLimits
) -> APIRouter:
    router = APIRouter(prefix="/api/desk/export")

    @router.get("")
    async def export(
        request: Request,
        staff: StaffName,
        form: Annotated[Format, Query(alias="format")] = "jsonl",
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        to: Moment = "",
        zone: Annotated[str, Query(max_length=64)] = "",
        rating: Literal["", "up", "down"] = "",
        outcome: Literal["", Outcome] = "",
        pictures: Pictures = "reference",
        split: Literal["", "time"] = "",
    ) -> Response:
        await limits.charge(request)
        period, filters = _of(start, to, zone), Filters(rating, outcome)
        name, media = f"sightdesk.{form}", MEDIA.get(form, MEDIA["jsonl"])
        if form == "jsonl" or form == "csv":
            if split:
                raise InvalidRequest("`split` is for openai and sharegpt.", param="split")
            pieces = (lines.json_lines if form == "jsonl" else lines.table)(period, filters)
        elif split:
            pieces = training.archive(period, filters, form, pictures)
            name, media = f"sightdesk-{form}.zip", ZIP
        else:
            pieces = training.lines(period, filters, form, pictures)
            name = f"sightdesk-{form}.jsonl"
        response = await stream_pieces(reports.one_export(f"staff:{staff}", pieces), media)
        response.headers["content-disposition"] = f'attachment; filename="{name}"'
        return response

    @router.get("/card")
    async def card(
        request: Request,
        staff: StaffName,
        form: Annotated[Form, Query(alias="format")] = "openai",
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        to: Moment = "",
        zone: Annotated[str, Query(max_length=64)] = "",
        rating: Literal["", "up", "down"] = "",
        outcome: Literal["", Outcome] = "",
        pictures: Pictures = "reference",
    ) -> dict[str, Any]:
        """What the training data of the same parameters holds."""
        await limits.charge(request)
        period, filters = _of(start, to, zone), Filters(rating, outcome)
        return await run_in_threadpool(training.card, period, filters, form, pictures)

    return router


def _of(start: str, to: str, zone: str) -> Period:
    """The whole time where neither end is given. Raises InvalidRequest."""
    return period_of(start or "0", to, zone, now())
