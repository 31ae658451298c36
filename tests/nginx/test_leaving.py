"""nginx tells the gateway that a client has disconnected, in every case."""

import pytest

from tests.support.disconnects import seconds_to_abort
from tests.support.nginx import Front


@pytest.mark.parametrize(
    ("order", "stream", "reads"),
    [("silent", True, False), ("endless", True, True), ("slow", False, False)],
)
def test_a_client_that_leaves_aborts_the_engine_through_nginx(
    front: Front, order: str, stream: bool, reads: bool
) -> None:
    wanted = {
        "model": "fake-vl",
        "stream": stream,
        "messages": [{"role": "user", "content": order}],
    }
    key = "authorization: Bearer sk-shop\r\n"
    assert seconds_to_abort(front.engine, front.url, wanted, reads=reads, headers=key) < 0.5
