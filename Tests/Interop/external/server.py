"""Serves agents on a free loopback port, says which on standard output, and ends on TERM."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


def serve(app_at: Callable[[str], object]) -> None:
    """`app_at` makes the application for a base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(app_at(base), log_level="warning", timeout_graceful_shutdown=1)
    # What connects from now on waits until the server takes it.
    print(base, flush=True)
    uvicorn.Server(config).run(sockets=[listener])
