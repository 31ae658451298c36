"""Builds what gateways share in Redis beside limits and places: running answers, and readings.

Imported where there is a Redis: its client takes memory that a gateway by itself does without.
"""

from typing import TYPE_CHECKING

from gateway.auth.secret_file import load_secret
from gateway.chat.resumable_answers import ResumableAnswers
from gateway.handoffs.claims import Claims
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.chat.shared_answers.answers_elsewhere import AnswersElsewhere
    from gateway.media.shared_readings import SharedReadings


def build_elsewhere(
    settings: Settings, answers: ResumableAnswers, claims: Claims
) -> "AnswersElsewhere | None":
    """The answers of the other gateways, where there is a Redis that they share."""
    if not settings.has_redis:
        return None
    from gateway.chat.shared_answers.answers_elsewhere import AnswersElsewhere, connect

    elsewhere = AnswersElsewhere(
        connect(settings.rate_limit_storage), settings.resume_grace, answers, claims
    )
    answers.share(elsewhere)
    return elsewhere


def build_shared_readings(settings: Settings) -> "SharedReadings | None":
    if not settings.has_redis or not settings.reader_url:
        return None
    from gateway.media.shared_readings import REPLY_SECONDS, SharedReadings
    from gateway.throttling.redis_client import redis_client

    client = redis_client(settings.rate_limit_storage, REPLY_SECONDS)
    secret = load_secret(settings.embed_secret.get_secret_value(), settings.data_dir)
    return SharedReadings(client, secret)
