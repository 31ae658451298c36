"""Public lists of texts that break programs; tests/data/corpora says where they are from."""

import base64
import json

from tests.support.paths import DATA

CORPORA = DATA / "corpora"
# name of JSONTestSuite → bytes: n_ is no JSON, y_ is JSON, i_ may be either.
ODDITIES = {
    name: base64.b64decode(text)
    for name, text in json.loads((CORPORA / "json-oddities.json").read_text()).items()
}
NAUGHTY: list[str] = json.loads((CORPORA / "naughty-strings.json").read_text())
SCRIPT_INJECTIONS = (CORPORA / "xss.txt").read_text("utf-8").splitlines()
