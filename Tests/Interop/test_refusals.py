"""What is refused, and that each SDK understands the refusal as what it is."""

import pytest

from callers import Refused, refusal
from conftest import new_caller

pytestmark = pytest.mark.face


async def test_unknown_method(caller):
    actor = await caller.reach("actor")
    with refusal("method-not-found", "not-found"):
        await actor.call_unknown_method()


async def test_wrong_version(caller):
    echo = await caller.reach("echo")
    with refusal("version-not-supported"):
        await echo.send_in_version("9.9", "hello")


async def test_push_configuration(caller):
    actor = await caller.reach("actor")
    task = await actor.send("ask which?")
    with refusal("push-not-supported"):
        await actor.register_push(task.id)


async def test_extended_card(caller):
    echo = await caller.reach("echo")
    with refusal("unsupported-operation", *(["extended-card-not-configured"] if caller.generation == "0.3" else [])):
        await echo.extended_card()


@pytest.mark.keys
async def test_missing_key(client, gateway):
    await refused_without_a_good_key(client, gateway, None)


@pytest.mark.keys
async def test_wrong_key(client, gateway):
    good = gateway.keys["partner"]
    await refused_without_a_good_key(client, gateway, good[:-1] + ("0" if good[-1] != "0" else "1"))


async def refused_without_a_good_key(client, gateway, key):
    caller = new_caller(client, gateway, key)
    if key is None:
        caller.line = gateway.tls_without_key()
    echo = await caller.reach("echo")
    for call in (echo.send("hello"), echo.get("any")):
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.status == 401
        assert "www-authenticate" in refused.value.headers
    with pytest.raises(Refused) as refused:
        async with echo.stream("hello") as stream:
            await stream.rest()
    await caller.close()
