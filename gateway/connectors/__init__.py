"""Calls to the company's own systems, described by files in CONNECTORS_DIR (docs/connectors.md)."""
