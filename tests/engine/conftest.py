"""Real vLLM (CPU build) with a tiny model of random weights, and gateways that use it.

`make test-engine` builds it.
"""

from collections.abc import Iterator

import openai
import pytest
import requests

from tests.support.servers import Running, running_gateway, wait_for, wait_until
from tests.support.vllm import Engine, launched


# Each vLLM ends with this folder: the tests of the Docker stack start their own.
@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with launched(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(scope="package")
def gateway(
    engine: Engine, lite: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    settings = {
        "ENGINE": "cpu",
        "READER_URL": lite.url,
        "FALLBACK_ENGINE_URL": lite.url,
        "API_KEYS": "shop:sk-shop,other:sk-other",
        "ENGINE_STATUS_FILE": str(engine.status),
    }
    with running_gateway(engine.url, tmp_path_factory.mktemp("data"), **settings) as gateway:
        wait_for(gateway.url + "/readyz")
        wait_until(
            lambda: requests.get(gateway.url + "/readyz", timeout=5).json()["engine"]["ready"], 10
        )
        yield gateway


@pytest.fixture
def client(gateway: Running) -> Iterator[openai.OpenAI]:
    url = gateway.url + "/v1"
    with openai.OpenAI(base_url=url, api_key="sk-shop", max_retries=0, timeout=60) as made:
        yield made
