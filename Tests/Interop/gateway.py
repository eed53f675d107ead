"""Runs the built gateway on free loopback ports: one listener in plain text for anyone, one over TLS for keys only."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

import httpx

from backends import OrqBackend
from callers import CALL_SECONDS_MAX, Line

AGENTS = pathlib.Path(__file__).parent / "agents"

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20

# Who has a key of its own.
CALLERS = {"partner": [], "stranger": [], "front": ["operator"], "operator": ["operator"]}

Cards = dict[str, dict]


# ---------------------------------------------------------------- agents


DESCRIPTION = "An agent of the interoperability suite: {}."

ENGINES = {
    "actor": {"engine": "command", "command": [sys.executable, str(AGENTS / "actor.py")]},
    "words": {"engine": "command", "command": [str(AGENTS / "words.sh")]},
    "echo": {"engine": "echo"},
    "clock": {"engine": "clock"},
}
# What models of agents that calls define stand for.
MODELS = {f"suite/{name}": ENGINES[name] for name in ("actor", "echo")}


def descriptions() -> dict[str, str]:
    """What the suite says of its agents, wherever they are."""
    return {name: DESCRIPTION.format(name) for name in ENGINES}


def local_cards() -> Cards:
    """The agents of the suite, on the gateway's own machine."""
    return {
        name: {
            "name": f"The {name}",
            "description": description,
            "gateway": {"backend": {"type": "local"} | ENGINES[name]},
        }
        for name, description in descriptions().items()
    }


def external_cards(base: str, path: str) -> Cards:
    """The external agent that a card file names; the others are registered by calls."""
    card_url = f"{base}/echo/{path}/.well-known/agent-card.json"
    return {"echo": {"gateway": {"backend": {"type": "a2a", "card_url": card_url}}}}


# What goes with every call of an agent of Orq.
CIRCUMSTANCES = {
    "variables": {"city": "Köln", "limit": 3}, "memory": {"entity_id": "suite"}, "thread_tags": ["interop"],
    "metadata": {"suite": "interop"},
}


def orq_cards(backend: OrqBackend, circumstances: dict | None = None) -> Cards:
    """The same agents, as those of an Orq workspace. What cards say comes from there, but for agents of a run call."""
    more = {"orq": circumstances} if circumstances else {}

    def card(name: str) -> dict:
        call = {"type": "orq", "call": backend.call}
        if backend.call != "run":
            return {"gateway": {"backend": call} | more}
        agent = {"model": "some/model", "role": "Agent", "instructions": "Answer.", "path": "Default", "settings": {}}
        said = {"name": f"The {name}", "description": descriptions()[name]}
        return said | {"gateway": {"backend": call | {"agent": agent}} | more}

    return {name: card(name) for name in local_cards()}


# ---------------------------------------------------------------- certificates


class Authority:
    """Certificates for every gateway of the session, by an authority of its own."""

    def __init__(self, folder: pathlib.Path):
        self.file = folder / "authority.pem"
        self.certificate = {"cert": str(folder / "server.pem"), "key": {"file": str(folder / "server.key")}}

        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2",
                "-subj", "/CN=Interoperability suite", "-addext", "keyUsage=critical,keyCertSign")
        openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        (folder / "server.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                "-CAcreateserial", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


# ---------------------------------------------------------------- the gateway


class Gateway:
    """A running gateway. With `orq`, its agents are those of a workspace of Orq at the end of that line."""

    def __init__(
        self, program: pathlib.Path, folder: pathlib.Path, authority: Authority, cards: Cards, *,
        orq: Line | None = None, generation: int = 4, orq_settings: dict | None = None,
        limits: dict | None = None,
    ):
        self._program = program
        self._folder = folder
        self._authority = authority
        self._cards = cards
        # Keys of all that is served.
        self.agents = sorted(cards)
        self._orq = orq
        self._orq_settings = {"generation": generation} | (orq_settings or {})
        self._limits = limits or {}
        self._plain_port, self._tls_port, self._admin_port = _free_ports(3)
        self._log: collections.deque[str] = collections.deque(maxlen=200)
        # Words of log lines that are still to come before the gateway is ready.
        self._awaited = {'"message":"ready"'}
        # A run call brings its agent along: there is nothing to ask for.
        calls = {card["gateway"]["backend"].get("call", "run") for card in cards.values()}
        if calls - {"run"} or "expose" in self._orq_settings:
            self._awaited.add('"message":"the agents of the Orq workspace are known"')
        self._ready = threading.Event()

    # ---------------------------------------------------------------- lines

    def plain(self) -> Line:
        return Line(f"http://127.0.0.1:{self._plain_port}")

    def tls(self, key: str | None = None) -> Line:
        return dataclasses.replace(self.tls_without_key(), key=key or self.keys["partner"])

    def tls_without_key(self) -> Line:
        return Line(f"https://localhost:{self._tls_port}", str(self._authority.file))

    # ---------------------------------------------------------------- life

    def __enter__(self) -> Gateway:
        self.keys = {}
        hashes = []
        for name, roles in CALLERS.items():
            self.keys[name], entry = self._new_key(name)
            hashes.append(entry | {"roles": roles})
        cards = self._folder / "cards"
        cards.mkdir()
        for name, card in self._cards.items():
            (cards / f"{name}.json").write_text(json.dumps(card), encoding="utf-8")
        config = self._write_config(hashes)
        self._process = subprocess.Popen(
            [self._program, "serve", "--config", config], cwd=self._folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
            env=os.environ | ({"ORQ_API_KEY": self._orq.key} if self._orq else {}),
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self._ready.wait(START_SECONDS_MAX)
        if self._awaited:
            self._process.kill()
            raise AssertionError("the gateway is not ready\n" + self.log())
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError("the gateway did not stop after TERM\n" + self.log())
        assert code == 0, f"the gateway ended with {code}\n" + self.log()

    def registered(self, key: str, agent_url: str, **more) -> dict:
        """What an operator is told of an external agent that is registered under this key, in place of any other."""
        with self._operator() as client:
            client.delete(f"/v2/agents/{key}")
        self.register(key, agent_url, **more)
        with self._operator() as client:
            return client.get(f"/v2/agents/{key}").json()

    def register(self, key: str, agent_url: str, **more) -> None:
        """Makes an external agent one of this gateway's, as Orq does it."""
        agent = {
            "key": key, "display_name": f"The {key}", "description": DESCRIPTION.format(key), "path": "Default",
            "agent_url": agent_url,
        } | more
        with self._operator() as client:
            answer = client.post("/v2/agents/a2a", json=agent)
        self.agents = sorted({*self.agents, key})
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}\n{self.log()}"

    def _operator(self) -> httpx.Client:
        line = self.tls(self.keys["operator"])
        return httpx.Client(
            base_url=line.url, verify=ssl.create_default_context(cafile=line.authority), trust_env=False,
            timeout=CALL_SECONDS_MAX, headers={"Authorization": f"Bearer {line.key}"},
        )

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def log(self, lines: int = 50) -> str:
        return "".join(list(self._log)[-lines:])

    def _read_log(self) -> None:
        for line in self._process.stdout:
            self._log.append(line)
            self._awaited = {words for words in self._awaited if words not in line}
            if not self._awaited:
                self._ready.set()
        # It has ended: whoever waits for it shall not wait longer.
        self._ready.set()

    # ---------------------------------------------------------------- files

    def _new_key(self, name: str) -> tuple[str, dict]:
        command = [self._program, "keys", "new", name, "--json"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return answer["key"], {"name": name, "sha256": answer["sha256"]}

    def _write_config(self, keys: list[dict]) -> pathlib.Path:
        config = {
            "listeners": [
                {"bind": f"127.0.0.1:{self._plain_port}", "auth": {"api_keys": False, "anonymous": True}},
                {
                    "bind": f"127.0.0.1:{self._tls_port}",
                    "public_url": f"https://localhost:{self._tls_port}",
                    "tls": {"certificates": [self._authority.certificate]},
                    "auth": {"api_keys": True, "anonymous": False},
                },
            ],
            "admin": {"bind": f"127.0.0.1:{self._admin_port}"},
            "cards": "cards",
            "default_agent": "echo",
            "keys": keys,
            "limits": self._limits,
            "state": {"dir": "state"},
            "runtime": {"models": MODELS},
            # External agents of the suite run here.
            "egress": {"allow": ["127.0.0.1"]},
        }
        if self._orq:
            config["orq"] = {
                "url": self._orq.url, "key": {"env": "ORQ_API_KEY"},
            } | self._orq_settings | ({"ca_file": self._orq.authority} if self._orq.authority else {})
        path = self._folder / "gateway.json"
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        return path


# Below the ports that the kernel gives to connections, and other ones in each of the sessions that run side by side.
_ports = itertools.cycle((os.getpid() * 97 + offset) % 10_000 + 20_000 for offset in range(10_000))


def _free_ports(count: int) -> list[int]:
    return list(itertools.islice(filter(_is_free, _ports), count))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
