"""Runs the example business: `python -m examples.business --port 8300 --data /tmp/business`.

BUSINESS_TOKEN is the token that callers must send.
"""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from examples.business.app import create_app
from examples.business.store import FILE, Store


def main() -> None:
    parser = argparse.ArgumentParser(description="The example business behind the connectors.")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8300")))
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA_DIR"), required=False)
    arguments = parser.parse_args()
    token = os.environ.get("BUSINESS_TOKEN", "")
    if not token:
        sys.exit("Set BUSINESS_TOKEN: the token that callers must send.")
    if arguments.data is None:
        sys.exit("Give --data: the folder of the database.")
    app = create_app(Store(Path(arguments.data) / FILE), token)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
