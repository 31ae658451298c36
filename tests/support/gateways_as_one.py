"""Several gateways behind one address, in turn, that share PostgreSQL, Redis and an object store:
the suites of the page and of the SDK show that nobody notices (`make test-shared`)."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.support.nginx import running_nginx
from tests.support.object_store import object_store, settings
from tests.support.postgres import running_postgres
from tests.support.redis import redis_server
from tests.support.servers import Running, free_port

COUNT = int(os.environ.get("GATEWAYS", "1"))
# One request after another to the next gateway. All headers are the caller's.
CONFIGURATION = """
daemon off; {user} pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_max_body_size 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream gateways {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://gateways; proxy_http_version 1.1;
            proxy_set_header Host $http_host; proxy_set_header Connection "";
            proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 1h;
        }}
    }}
}}
"""

Start = Callable[..., AbstractContextManager[Running]]


def alone(start: Start, _: Path) -> AbstractContextManager[Running]:
    return start()


@contextmanager
def as_one(start: Start, folder: Path) -> Iterator[Running]:
    """What `start(**settings)` starts, COUNT times, at one address. `process` and `log` are those
    of the first. With a COUNT of 1 it is that one, with its own stores."""
    if COUNT == 1:
        with start() as gateway:
            yield gateway
        return
    with ExitStack() as stack:
        shared = {
            "DATABASE_URL": stack.enter_context(running_postgres()).url(),
            "RATE_LIMIT_STORAGE": stack.enter_context(redis_server())[0],
            "FILES_URL": "s3://desk/files",
            **settings(stack.enter_context(object_store())),
            "EMBED_SECRET": "signs-tokens-of-all-gateways-0123",
        }
        starting = [
            start(PORT=str(free_port()), DATA_DIR=str(folder / f"data-{number}"), **shared)
            for number in range(COUNT)
        ]
        with ThreadPoolExecutor(COUNT) as pool:
            gateways = list(pool.map(stack.enter_context, starting))
        url = stack.enter_context(in_turn(gateways, folder / "in-turn"))
        yield Running(url, gateways[0].process, gateways[0].log)


@contextmanager
def in_turn(gateways: list[Running], folder: Path) -> Iterator[str]:
    folder.mkdir()
    port = free_port()
    configuration = folder / "nginx.conf"
    servers = " ".join(f"server {one.url.removeprefix('http://')};" for one in gateways)
    user = "user root;" if os.getuid() == 0 else ""
    configuration.write_text(
        CONFIGURATION.format(folder=folder, port=port, servers=servers, user=user)
    )
    url = f"http://127.0.0.1:{port}"
    with running_nginx(folder, configuration, url + "/healthz"):
        yield url
