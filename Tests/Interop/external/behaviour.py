"""What the external agents do, whatever SDK serves them: the suite's own command agent, one process for each turn, or an
echo. Parts are written as A2A 1.0 writes them, events as command agents print them."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys
from collections.abc import AsyncIterator

ACTOR = pathlib.Path(__file__).parent.parent / "agents" / "actor.py"

# A line may hold a whole file.
LINE_BYTES_MAX = 16 * 1024 * 1024


class Echo:
    async def turn(self, context: str, parts: list[dict], continues: bool) -> AsyncIterator[dict]:
        yield {"type": "artifact", "id": "echo", "name": "echo", "parts": parts, "append": False, "last": True}
        yield {"type": "status", "state": "completed", "parts": []}


class Actor:
    def __init__(self):
        self._said: dict[str, list[dict]] = {}

    async def turn(
        self, context: str, parts: list[dict], continues: bool, principal: str = "somebody"
    ) -> AsyncIterator[dict]:
        earlier = self._said.setdefault(context, [])
        turn = {
            "message": {"role": "user", "parts": parts}, "history": list(earlier), "continuation": continues,
            "principal": principal,
        }
        earlier.append(turn["message"])
        process = await asyncio.create_subprocess_exec(
            sys.executable, ACTOR, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES_MAX,
        )
        try:
            process.stdin.write(json.dumps(turn).encode() + b"\n")
            process.stdin.close()
            async for line in process.stdout:
                yield json.loads(line)
            if await process.wait() != 0:
                raise RuntimeError("secret of the inside")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


# What the agents take and give.
MEDIA_TYPES = ["text/plain", "application/json", "image/png", "application/pdf"]

# The last one's card claims streams, and its server has none.
AGENTS = {"actor": Actor, "echo": Echo, "streamless": Echo}
