"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# Whether `downgrade` brings back tables that the version before serves from.
GOES_BACK = False
BACK = ""  # what is lost then, or why it cannot


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
