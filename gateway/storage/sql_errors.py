"""What an error of SQLAlchemy means, and what of it may be told."""

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)

from gateway.storage import schema

# SQLSTATE: query_canceled; the class of program limits, which one value exceeds.
CANCELED, PROGRAM_LIMIT = "57014", "54"


def is_data_error(error: SQLAlchemyError) -> bool:
    """Whether the values of one request caused it: other requests can still be stored."""
    if isinstance(error, DataError | IntegrityError):
        return True
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(PROGRAM_LIMIT)
    return isinstance(error, StatementError)


def is_timeout(error: SQLAlchemyError) -> bool:
    """Whether a statement was ended at its bound."""
    cause = getattr(error, "orig", None)
    return (
        getattr(cause, "sqlite_errorname", None) == "SQLITE_INTERRUPT"
        or getattr(cause, "sqlstate", None) == CANCELED
    )


def reason(error: BaseException) -> str:
    """One line without text of a conversation, which drivers quote in all but a few errors."""
    cause = getattr(error, "orig", None) or error
    if isinstance(error, OperationalError | OSError | schema.NewerSchema):
        return " ".join(str(cause).split())[:300]
    return type(cause).__name__
