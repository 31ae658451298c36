"""`python -m gateway.storage.migrate`: brings the tables of DATABASE_URL up to date, then ends.

For a Job that runs before new gateways start. A gateway does the same at its start; unlike a
gateway, this ends no answers. Errors are one line on stderr, with status 1.
"""

import math
import os
import sys

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gateway.storage import schema
from gateway.storage.sql_engine import SECONDS, WRITES, make_engine, normal
from gateway.storage.sql_errors import reason


def main() -> int:
    try:
        url = normal(make_url(os.environ.get("DATABASE_URL", "")))
        engine = make_engine(url, "sightdesk-migrate").execution_options(
            **{WRITES: True, SECONDS: math.inf}
        )
        with engine.begin() as connection:
            before = schema.revision(connection)
            schema.upgrade(connection)
    except ArgumentError:
        return _failed("DATABASE_URL=(hidden): expected sqlite:///file or postgresql://…")
    except (SQLAlchemyError, schema.NewerSchema) as error:
        return _failed(reason(error))
    found = f"were at {before or 'no revision'}"
    print(f"migrate: the tables are at {schema.NEWEST}; they {found}")  # noqa: T201 - what the command says
    return 0


def _failed(line: str) -> int:
    print(f"migrate: {line}", file=sys.stderr)  # noqa: T201 - what the command says
    return 1


if __name__ == "__main__":
    sys.exit(main())
