"""The page's files: the digest in their paths, and a copy of them that a test may change."""

import re
import shutil
from pathlib import Path

from tests.support.paths import ROOT

LIFETIME = "public, max-age=31536000, immutable"


def digest_in(page: str) -> str:
    """The digest in the paths of `page`, which is HTML. Fails where there are several or none."""
    (digest,) = set(re.findall(r'="/assets/([0-9a-f]{16})/', page))
    assert '="/assets/js' not in page
    return str(digest)


def without_digest(page: str) -> str:
    """`page` as it is in the folder."""
    return page.replace(f"/assets/{digest_in(page)}/", "/assets/")


def page_copy(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT / "frontend", folder / "page"))


def change(page: Path) -> None:
    """Another stylesheet and main script; both still work."""
    with (page / "assets/css/chat.css").open("a") as style:
        style.write(".changed { color: red; }\n")
    with (page / "assets/js/main.js").open("a") as script:
        script.write("document.documentElement.dataset.changed = 'yes';\n")
