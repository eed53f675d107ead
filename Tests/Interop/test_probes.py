"""What the gateway finds out of an agent's claims at its registration, by asking the servers of the official SDKs."""

import pytest

from callers import Status, Task, said, states
from conftest import GENERATION, new_caller

pytestmark = pytest.mark.face

# A server of 0.3 answers a subscription to a task that is not there in the same way whether it streams or not, over
# JSON-RPC, and fails over REST where it does not stream.
STREAMLESS = {
    ("1.0", "rpc"): "refused", ("1.0", "rest"): "refused", ("0.3", "rpc"): "verified", ("0.3", "rest"): "claimed",
}


@pytest.mark.parametrize("path", ["rpc", "rest"])
def test_probes_of_an_honest_card(gateways, gateway, path):
    (probe,) = gateway.registered("honest", f"{gateways.external(GENERATION).base}/echo/{path}")["a2a"]["probes"]
    assert (probe["version"], probe["outcome"], probe["note"]) == (GENERATION, "verified", "")
    assert (probe["streaming"], probe["streaming_note"]) == ("verified", "")


@pytest.mark.parametrize("path", ["rpc", "rest"])
def test_probes_of_a_card_that_claims_streams_in_vain(gateways, gateway, path):
    url = f"{gateways.external(GENERATION).base}/streamless/{path}"
    (probe,) = gateway.registered("streamless", url)["a2a"]["probes"]
    assert (probe["outcome"], probe["streaming"]) == ("verified", STREAMLESS[GENERATION, path])


if GENERATION == "1.0":
    @pytest.mark.parametrize("path", ["rpc", "rest"])
    async def test_streams_of_an_agent_that_has_none(client, gateways, gateway, path):
        agents = gateways.external("1.0")
        gateway.registered("streamless", f"{agents.base}/streamless/{path}")
        before = agents.log()
        caller = new_caller(client, gateway)
        try:
            agent = await caller.reach("streamless")
            async with agent.stream("hello") as stream:
                events = await stream.rest()
        finally:
            await caller.close()
        assert isinstance(events[0], Task)
        assert isinstance(events[-1], Status) and states(events)[-1] == "completed"
        assert said(events) == "hello"
        # Nobody has asked for a stream: the SDK would have told of it.
        assert "Streaming is not supported" not in agents.log()[len(before):]
