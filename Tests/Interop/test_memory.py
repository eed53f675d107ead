"""What a caller leaves behind when it is gone: nothing beyond the tasks that are kept."""

import pathlib

import pytest

from conftest import GENERATION, new_caller
from gateway import Gateway

TEXT = "x" * 200_000
ROUNDS = 150
# One text left behind by each message would be three times as much.
GROWTH_BYTES_MAX = ROUNDS * len(TEXT) // 3


@pytest.fixture(scope="module")
def small_gateway(pytestconfig, tmp_path_factory):
    """A gateway that keeps few tasks."""
    program = pathlib.Path(pytestconfig.getoption("gateway")).resolve()
    limits = {"tasks": {"tasks_max": 100}}
    with Gateway(program, tmp_path_factory.mktemp("small"), limits) as running:
        yield running


@pytest.mark.parametrize("way", ["send", "stream", "hang up"])
async def test_memory_stays(small_gateway, way):
    caller = new_caller(f"{GENERATION} JSON-RPC plain", small_gateway)
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
