"""External agents in processes of their own, each with the SDK that serves them."""

from __future__ import annotations

import pathlib
import subprocess

FOLDER = pathlib.Path(__file__).parent / "external"
SCRIPTS = {"1.0": "serve_v10.py", "0.3": "serve_v03.py"}

STOP_SECONDS_MAX = 10


class ExternalAgents:
    """The external agents of one SDK, each at `base/NAME/rpc` and at `base/NAME/rest`.

    Parameter venvs: the folder of the environments, one for each SDK.
    """

    def __init__(self, sdk: str, venvs: pathlib.Path, folder: pathlib.Path):
        self._command = [venvs / sdk / "bin" / "python", FOLDER / SCRIPTS[sdk]]
        self._log = folder / "agents.log"

    def __enter__(self) -> ExternalAgents:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.base = self._process.stdout.readline().strip()
        assert self.base, "the external agents do not start\n" + self.log()
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")
