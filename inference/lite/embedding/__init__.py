"""Vectors of texts, from models that packages carry: POST /v1/embeddings."""
