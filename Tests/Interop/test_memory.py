"""What a caller leaves behind when it is gone: nothing beyond the tasks that are kept."""

import pytest

from backends import HERE
from conftest import Client, new_caller
from gateway import local_cards

TEXT = "x" * 200_000
ROUNDS = 150
# One text left behind by each message would be three times as much.
GROWTH_BYTES_MAX = ROUNDS * len(TEXT) // 3


@pytest.fixture(scope="module")
def small_gateway(gateways):
    """A gateway that keeps few tasks."""
    with gateways.new(local_cards(), limits={"tasks": {"tasks_max": 100}}) as running:
        yield running


@pytest.mark.parametrize("way", ["send", "stream", "hang up"])
async def test_memory_stays(small_gateway, way):
    caller = new_caller(Client("JSONRPC", "plain", HERE), small_gateway)
    echo = await caller.reach("echo")

    async def call() -> None:
        if way == "send":
            await echo.send(TEXT)
            return
        async with echo.stream(TEXT) as stream:
            await (stream.rest() if way == "stream" else stream.next())

    for _ in range(ROUNDS):
        await call()
    before = small_gateway.resident_bytes()
    for _ in range(ROUNDS):
        await call()
    grown = small_gateway.resident_bytes() - before
    await caller.close()
    assert grown < GROWTH_BYTES_MAX, f"{grown} bytes more after {ROUNDS} messages of {len(TEXT)} bytes"
