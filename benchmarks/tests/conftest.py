"""Tests here take their turn with those under tests/; pytest finds the hook by its name."""

from tests.conftest import pytest_runtest_protocol  # noqa: F401
