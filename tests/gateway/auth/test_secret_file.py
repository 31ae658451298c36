"""The secret that signs tokens, where nobody has set one."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from gateway.auth.secret_file import FILE, load_secret


def test_gateways_that_start_at_once_in_one_folder_sign_with_one_secret(tmp_path: Path) -> None:
    at_once = 16
    for number in range(20):
        folder, barrier = tmp_path / str(number), Barrier(at_once)

        def start(folder: Path = folder, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return load_secret("", folder)

        with ThreadPoolExecutor(at_once) as pool:
            secrets = {one.result() for one in [pool.submit(start) for _ in range(at_once)]}
        assert len(secrets) == 1
        assert [path.name for path in folder.iterdir()] == [FILE]
        assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
