"""The settings of staff and hand-overs."""

from functools import cached_property
from typing import Any

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.service_hours import ServiceHours, service_hours
from gateway.setting_values import URL, Names, Seconds, ServiceHoursText


class PeopleSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    basic_auth_user: str = Field("admin", description="First user of the page.")
    staff_users: Names = Field(
        ("admin",),
        description="nginx's users who are staff, comma-separated. * is everyone who signs in. "
        "Default: BASIC_AUTH_USER.",
    )
    staff_anonymous: bool = Field(
        False,
        description="1: anonymous callers on this machine are staff. For `make demo`.",
    )
    handoff_claim_timeout: Seconds = Field(
        600,
        description="Seconds of service hours until a hand-over that nobody claims is missed.",
    )
    handoff_silence: Seconds = Field(
        300,
        description="Seconds without a word of the staff member who has claimed; then the hand-over "
        "goes back to the queue.",
    )
    public_url: URL = Field(
        "",
        description="Address of this desk for other systems, such as https://desk.example.com. "
        "Links in webhooks begin with it. Empty: they begin with /.",
    )
    service_hours: ServiceHoursText = Field(
        "",
        description="When people answer, such as Mon-Fri 09:00-18:00, Sat 10:00-14:00 "
        "Asia/Shanghai. Empty: always.",
    )

    @model_validator(mode="before")
    @classmethod
    def first_user_is_staff(cls, values: Any) -> Any:
        first = values.get("basic_auth_user") if isinstance(values, dict) else None
        if not first or values.get("staff_users"):
            return values
        return {**values, "staff_users": (first,)}

    @cached_property
    def hours(self) -> ServiceHours:
        return service_hours(self.service_hours)
