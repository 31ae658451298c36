"""`python -m gateway`: one process, settings from the environment."""

import contextlib
import ctypes
import signal
import sys

from gateway import __version__
from gateway.app import create_app
from gateway.observability import logs, tracing
from gateway.server import process_memory
from gateway.server.uvicorn_server import listen, serve
from gateway.setting_values import header_pairs
from gateway.settings import WrongSettings, load_settings

SET_DUMPABLE = 4  # linux/prctl.h
WRONG_SETTINGS = 2  # exit status


def main() -> int:
    """Runs the gateway until SIGTERM or SIGINT. Returns the exit status."""
    try:
        settings = load_settings()
    except WrongSettings as error:
        return refused(str(error), WRONG_SETTINGS)
    process_memory.configure()
    forbid_dumps()
    # uvicorn raises the signal that stopped it once more when all is done; that ends with 0.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    logs.configure(settings.log_level, settings.log_format)
    try:
        # Before anything is built, so that a port in use is one clear line.
        listener = listen(settings.host, settings.port)
    except OSError as error:
        where, reason = f"{settings.host}:{settings.port}", error.strerror
        return refused(f"cannot listen on {where}: {reason}; set PORT to a free one", 1)
    try:
        app = create_app(settings)
    except WrongSettings as error:
        return refused(str(error), WRONG_SETTINGS)
    process_memory.settle()
    tracing.configure(
        settings.otel_exporter_otlp_endpoint,
        headers=header_pairs(settings.otel_exporter_otlp_headers.get_secret_value()),
        service=settings.otel_service_name,
        version=__version__,
        share=settings.otel_traces_sampler_arg,
    )
    serve(app, listener, fast_path=settings.server_fast_path, before_stop=app.before_stop)
    return 0


def refused(reason: str, status: int) -> int:
    print(f"gateway: {reason}", file=sys.stderr)  # noqa: T201 - the log may not be there yet
    return status


def forbid_dumps() -> None:
    """Keeps the secrets in memory and environment from other processes of this user.

    They cannot read them under /proc, and no core dump is written.
    """
    with contextlib.suppress(OSError, AttributeError):  # another system has no such call
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
