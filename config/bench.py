"""Measures the release program beside nginx on this machine: requests per second and CPU per request of an `echo` send,
one loop against one worker that returns a fixed answer of the same size; then start time and idle memory.

Usage: config/bench.py [rounds]   (needs .build/release/a2a-gateway, nginx, wrk, taskset and at least two cores)
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PROGRAM = pathlib.Path(__file__).parent.parent / ".build/release/a2a-gateway"
SECONDS_PER_ROUND = 5
CONNECTIONS = 32
STARTS = 9
SERVER_CORE, CLIENT_CORE = "0", "1"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# About 250 bytes in; the answer with task, artifact and history is about 0.9 KB.
MESSAGE = {
    "messageId": "0d5c4cb6-8f1e-4a55-9d2b-2a3b0c1d4e5f",
    "role": "ROLE_USER",
    "parts": [{"text": "The quick brown fox jumps over the lazy dog, twice a day, once at night too."}],
}
CALL = {"jsonrpc": "2.0", "id": "request-1", "method": "SendMessage", "params": {"message": MESSAGE}}
REQUEST = json.dumps(CALL, separators=(",", ":"))
HEADERS = {"Content-Type": "application/json", "A2A-Version": "1.0"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return holder.getsockname()[1]


def wait_for(port, process):
    while process.poll() is None:
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        time.sleep(0.0005)
    sys.exit(f"{process.args} ended with {process.returncode}")


class Server:
    """A server on the first core."""

    def __init__(self, name, command, port, url):
        self.name, self.url = name, url
        started = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", SERVER_CORE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(port, self.process)
        self.start_seconds = time.perf_counter() - started

    def processes(self):
        """The process and its children: nginx works in one."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [str(self.process.pid), *children]

    def cpu_seconds(self):
        ticks = 0
        for process in self.processes():
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_SECOND

    def resident_megabytes(self):
        total = 0
        for process in self.processes():
            total += int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1])
        return total / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def gateway(folder):
    port = free_port()
    (folder / "cards").mkdir(exist_ok=True)
    card = {"gateway": {"backend": {"type": "local", "engine": "echo"}}}
    (folder / "cards/echo.json").write_text(json.dumps(card))
    config = {
        "listeners": [{"bind": f"127.0.0.1:{port}"}],
        "admin": {"bind": f"127.0.0.1:{free_port()}"},
        "cards": "cards",
        "workers": 1,
        "log": {"access": "access.log"},
    }
    (folder / "gateway.json").write_text(json.dumps(config))
    command = [PROGRAM, "serve", "--config", folder / "gateway.json"]
    return Server("a2a-gateway", command, port, f"http://127.0.0.1:{port}/agents/echo")


def nginx(folder, size):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
        events {{ worker_connections 1024; }}
        http {{
          access_log {folder}/nginx.log combined buffer=64k flush=1s; keepalive_requests 1000000000; default_type application/json;
          client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
          uwsgi_temp_path {folder}; scgi_temp_path {folder};
          server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{"x" * size}"; }} }}
        }}""")
    return Server("nginx", ["nginx", "-c", folder / "nginx.conf"], port, f"http://127.0.0.1:{port}/")


def answer(url):
    request = urllib.request.Request(url, REQUEST.encode(), HEADERS)
    with urllib.request.urlopen(request) as response:
        return response.read()


def load(server, script):
    """One round: requests per second, and microseconds of CPU per request."""
    before = server.cpu_seconds()
    report = subprocess.run(
        ["taskset", "--cpu-list", CLIENT_CORE, "wrk", "--threads", "1", "--connections", str(CONNECTIONS),
         "--duration", f"{SECONDS_PER_ROUND}s", "--script", script, server.url],
        check=True, capture_output=True, text=True,
    ).stdout
    cpu = server.cpu_seconds() - before
    if "Non-2xx" in report or "Socket errors" in report:
        sys.exit(f"{server.name}:\n{report}")
    count, seconds = re.search(r"(\d+) requests in ([\d.]+)s", report).groups()
    return int(count) / float(seconds), cpu / int(count) * 1e6


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        script = folder / "send.lua"
        headers = "".join(f'wrk.headers["{key}"] = "{value}"\n' for key, value in HEADERS.items())
        script.write_text(f'wrk.method = "POST"\nwrk.body = [[{REQUEST}]]\n{headers}')

        starts = []
        for _ in range(STARTS):
            server = gateway(folder)
            starts.append(server.start_seconds * 1000)
            server.stop()

        servers = [gateway(folder)]
        size = len(answer(servers[0].url))
        servers.append(nginx(folder, size))
        idle = {server.name: server.resident_megabytes() for server in servers}
        results = {server.name: [] for server in servers}
        print(f"{len(REQUEST)} bytes in, {size} bytes out, {CONNECTIONS} connections, {rounds} rounds")
        for number in range(rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                results[server.name].append(load(server, script))
                rate, cpu = results[server.name][-1]
                print(f"  round {number + 1}  {server.name:<12} {rate:>9,.0f} requests/s  {cpu:6.2f} µs CPU/request")
        print(f"{'median':<22}{'requests/s':>12}{'µs CPU/request':>16}{'idle MB':>9}{'loaded MB':>11}")
        for server in servers:
            rate, cpu = (statistics.median(column) for column in zip(*results[server.name]))
            loaded = server.resident_megabytes()
            print(f"{server.name:<22}{rate:>12,.0f}{cpu:>16.2f}{idle[server.name]:>9.1f}{loaded:>11.1f}")
            server.stop()
        print(f"start to first connection, median of {STARTS}: {statistics.median(starts):.1f} ms")


main()
