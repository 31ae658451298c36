"""A fake embedding service and its client, and an object store."""

from collections.abc import AsyncIterator

import pytest

from gateway.knowledge.vectors.embedding_client import EmbeddingClient
from tests.support.fake_embedding import FakeEmbedding, fake_embedding
from tests.support.object_store import moto, s3


@pytest.fixture
async def service() -> AsyncIterator[FakeEmbedding]:
    async with fake_embedding() as made:
        yield made


@pytest.fixture
async def client(service: FakeEmbedding) -> AsyncIterator[EmbeddingClient]:
    made = EmbeddingClient(service.url, "m")
    yield made
    made.close()
