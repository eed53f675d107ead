"""Runs the built gateway on free loopback ports: one listener in plain text for anyone, one over TLS for keys only."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import socket
import subprocess
import sys
import threading

from callers import Line

AGENTS = pathlib.Path(__file__).parent / "agents"

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20


class Gateway:
    def __init__(self, program: pathlib.Path, folder: pathlib.Path, limits: dict | None = None):
        self._program = program
        self._folder = folder
        self._limits = limits or {}
        self._plain_port, self._tls_port, self._admin_port = _free_ports(3)
        self._log: collections.deque[str] = collections.deque(maxlen=50)
        self._ready = threading.Event()

    # ---------------------------------------------------------------- lines

    def plain(self) -> Line:
        return Line(f"http://127.0.0.1:{self._plain_port}")

    def tls(self, key: str | None = None) -> Line:
        return dataclasses.replace(self.tls_without_key(), key=key or self.keys["partner"])

    def tls_without_key(self) -> Line:
        return Line(f"https://localhost:{self._tls_port}", str(self._folder / "authority.pem"))

    # ---------------------------------------------------------------- life

    def __enter__(self) -> Gateway:
        self._make_certificates()
        self.keys = {}
        hashes = []
        for name in ("partner", "stranger"):
            self.keys[name], entry = self._new_key(name)
            hashes.append(entry)
        self._write_cards()
        config = self._write_config(hashes)
        self._process = subprocess.Popen(
            [self._program, "serve", "--config", config], cwd=self._folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        if not self._ready.wait(START_SECONDS_MAX) or self._process.poll() is not None:
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

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def log(self) -> str:
        return "".join(self._log)

    def _read_log(self) -> None:
        for line in self._process.stdout:
            self._log.append(line)
            if '"message":"ready"' in line:
                self._ready.set()
        # It has ended: whoever waits for it shall not wait longer.
        self._ready.set()

    # ---------------------------------------------------------------- files

    def _new_key(self, name: str) -> tuple[str, dict]:
        command = [self._program, "keys", "new", name, "--json"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return answer["key"], {"name": name, "sha256": answer["sha256"]}

    def _write_cards(self) -> None:
        cards = self._folder / "cards"
        cards.mkdir()
        commands = {"actor": [sys.executable, str(AGENTS / "actor.py")], "words": [str(AGENTS / "words.sh")]}
        engines = {name: {"engine": "command", "command": command} for name, command in commands.items()}
        engines |= {"echo": {"engine": "echo"}, "clock": {"engine": "clock"}}
        for name, engine in engines.items():
            card = {
                "name": f"The {name}",
                "description": f"An agent of the interoperability suite: {name}.",
                "gateway": {"backend": {"type": "local"} | engine},
            }
            (cards / f"{name}.json").write_text(json.dumps(card), encoding="utf-8")

    def _write_config(self, keys: list[dict]) -> pathlib.Path:
        certificate = {"cert": "server.pem", "key": {"file": "server.key"}}
        config = {
            "listeners": [
                {"bind": f"127.0.0.1:{self._plain_port}", "auth": {"api_keys": False, "anonymous": True}},
                {
                    "bind": f"127.0.0.1:{self._tls_port}",
                    "public_url": f"https://localhost:{self._tls_port}",
                    "tls": {"certificates": [certificate]},
                    "auth": {"api_keys": True, "anonymous": False},
                },
            ],
            "admin": {"bind": f"127.0.0.1:{self._admin_port}"},
            "cards": "cards",
            "default_agent": "echo",
            "keys": keys,
            "limits": self._limits,
        }
        path = self._folder / "gateway.json"
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        return path

    def _make_certificates(self) -> None:
        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)

        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2",
                "-subj", "/CN=Interoperability suite", "-addext", "keyUsage=critical,keyCertSign")
        openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        (self._folder / "server.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                "-CAcreateserial", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


def _free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports
