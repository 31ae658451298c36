"""Real vLLM (CPU build) with a small language model. `make test-engine` makes its folder."""

from collections.abc import Iterator

import pytest

from tests.support.language import language_model
from tests.support.listening import Listening, listening
from tests.support.vllm import Engine


# It ends with this folder: the tests of the Docker stack start their own vLLM.
@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with language_model(tmp_path_factory.mktemp("language")) as engine:
        yield engine


@pytest.fixture(scope="package")
def heard(model: Engine) -> Iterator[Listening]:
    """The language model, and what it is told."""
    with listening(model.url) as relay:
        yield relay
