"""What stands behind a gateway in a process of its own, each beside the SDK that it needs."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
from typing import Any

import httpx

from callers import CALL_SECONDS_MAX, Line

FOLDER = pathlib.Path(__file__).parent
SCRIPTS = {"1.0": "external/serve_v10.py", "0.3": "external/serve_v03.py"}
SIMULATOR = "orq/simulator/serve.py"
# The SDK whose models a simulated workspace of Orq has.
ORQ_SDKS = {3: "orq-3.13.16", 4: "orq-4.8.15"}

STOP_SECONDS_MAX = 10


class Process:
    """A program that says where it is in its first line, and ends on TERM.

    Parameter venvs: the folder of the environments, one for each SDK.
    """

    def __init__(self, sdk: str, script: str, *arguments: str, venvs: pathlib.Path, folder: pathlib.Path):
        self._command = [venvs / sdk / "bin" / "python", FOLDER / script, *arguments]
        self._log = folder / "process.log"

    def __enter__(self) -> Process:
        with self._log.open("wb") as log:
            # A group of its own, so that what it starts can be ended with it.
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        self._said = self._process.stdout.readline().strip()
        assert self._said, f"{self._command[1]} does not start\n" + self.log()
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._end_group()

    def _end_group(self) -> None:
        """Ends what the program has left behind: turns that were under way."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


class ExternalAgents(Process):
    """The external agents of one SDK, each at `base/NAME/rpc` and at `base/NAME/rest`."""

    def __init__(self, sdk: str, venvs: pathlib.Path, folder: pathlib.Path):
        super().__init__(sdk, SCRIPTS[sdk], venvs=venvs, folder=folder)

    @property
    def base(self) -> str:
        return self._said


class Simulator(Process):
    """A simulated workspace of Orq, in plain text and over TLS.

    Parameters certificate and key: files for TLS. Parameter agents: their descriptions, by key.
    """

    def __init__(
        self, generation: int, certificate: str, key: str, agents: dict[str, str], *,
        venvs: pathlib.Path, folder: pathlib.Path,
    ):
        arguments = (str(generation), certificate, key, json.dumps(agents))
        super().__init__(ORQ_SDKS[generation], SIMULATOR, *arguments, venvs=venvs, folder=folder)

    def __enter__(self) -> Simulator:
        super().__enter__()
        lines = json.loads(self._said)
        self._urls, self._key = {"plain": lines["plain"], "TLS": lines["tls"]}, lines["key"]
        self._http = httpx.Client(base_url=self._urls["plain"], trust_env=False, timeout=CALL_SECONDS_MAX)
        return self

    def __exit__(self, *_) -> None:
        try:
            complaints = self._get("complaints")["complaints"]
        finally:
            self._http.close()
            super().__exit__()
        assert not complaints, "\n".join(complaints)

    def line(self, name: str, authority: str | None = None) -> Line:
        """How it is reached; over TLS by whoever trusts this authority."""
        return Line(self._urls[name], authority if name == "TLS" else None, self._key)

    def records(self, words: str = "", method: str = "") -> list[dict[str, Any]]:
        """What it has been asked with these words in the path or in the body, in order."""
        return self._http.get("/simulator/records", params={"words": words, "method": method}).json()["records"]

    def sends(self, words: str) -> list[dict[str, Any]]:
        return self.records(words, "POST")

    def look_ups(self) -> int:
        """How often it has been asked how a task stands."""
        return sum(record["path"].count("/") > 3 for record in self.records(method="GET"))

    def fail_next(self, route: str, *odds: dict[str, Any]) -> None:
        """What the next answers of a route (method and path) do otherwise than they should."""
        self._post("next", {route: odds})

    def forgive(self) -> list[str]:
        """The complaints that it has, which it then has no longer."""
        return self._get("forgive")["complaints"]

    def approve(self, words: str) -> None:
        """Gives the review that the task with these words waits for, as people do inside the platform."""
        self._post("approve", {"of": words})

    def _get(self, what: str) -> dict[str, Any]:
        return self._http.get(f"/simulator/{what}").json()

    def _post(self, what: str, body: dict[str, Any]) -> None:
        self._http.post(f"/simulator/{what}", json=body).raise_for_status()
