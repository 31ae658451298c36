"""The embedded engine: reads pictures by OCR, quotes the knowledge base, fills tool calls. It is no language model."""

MODEL = "sightdesk-lite"
