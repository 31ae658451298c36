"""Fixtures of empty databases; pytest finds them by their names in this file."""

from tests.support.databases import conversations, database, postgres, url
