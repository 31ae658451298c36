"""The embedded engine: OCR, quotes from the knowledge base, tool calls. Not a language model."""

MODEL = "sightdesk-lite"
