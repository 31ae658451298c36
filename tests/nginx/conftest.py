from collections.abc import Iterator

import pytest

from tests.support.nginx import Front, running_front


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("nginx")) as served:
        yield served
