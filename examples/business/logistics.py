"""Parcels: where they are, and when their carrier thinks they arrive."""

from typing import Any

from fastapi import APIRouter

from examples.business.problems import not_found
from examples.business.store import Store, every, one


def logistics(store: Store) -> APIRouter:
    router = APIRouter(prefix="/parcels")

    @router.get("/{waybill}")
    def track(waybill: str) -> dict[str, Any]:
        """The parcel with its events, newest first. `estimate` is null once it is delivered."""
        with store.reading() as db:
            parcel = one(db, "select * from parcels where waybill = ?", waybill.upper())
            if parcel is None:
                raise not_found("运单", "parcel", waybill)
            events = every(
                db,
                "select time, place, text from events where waybill = ? order by time desc",
                parcel["waybill"],
            )
        return {**parcel, "events": events}

    return router
