"""Fixtures of empty databases and of an object store; pytest finds them by their names here."""

from tests.support.databases import conversations, database, postgres, url
from tests.support.object_store import moto, s3
