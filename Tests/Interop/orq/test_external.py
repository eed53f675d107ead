"""External A2A agents as Orq registers them: `a2a` of 4.5 to 4.9, and `external` of 4.17."""

import pytest

from sdk_orq import plain, refusal

pytestmark = [pytest.mark.keys, pytest.mark.face]

SECRET = {"X-Partner": {"value": "s3cret-of-the-partner", "encrypted": True}}


@pytest.fixture
def key(operator):
    """A key that no agent has; whatever agent gets it is gone after the scenario."""
    yield "partner-actor"
    if any(agent.key == "partner-actor" for agent in operator.agents.list(limit=100).data):
        operator.agents.delete(agent_key="partner-actor")


@pytest.fixture(params=["1.0 rpc", "1.0 rest", "0.3 rpc", "0.3 rest"])
def agent_url(request, gateways):
    """Where an external actor is, by SDK and binding."""
    sdk, path = request.param.split()
    return f"{gateways.external(sdk).base}/actor/{path}"


def registration(key, agent_url, **more):
    return {
        "key": key, "display_name": "The partner's actor", "description": "Acts elsewhere.", "path": "Default",
        "agent_url": agent_url,
    } | more


def card_of(agent):
    return (agent.get("a2a") or agent)["cached_card"]


@pytest.mark.needs("a2a")
def test_orq_register_external_agent(operator, orq, key, agent_url):
    made = operator.agents.post_v2_agents_a2a(request=registration(key, agent_url, headers=SECRET))
    assert (made.key, made.type, made.status, made.path) == (key, "a2a", "live", "Default")
    assert made.a2a.agent_url == agent_url
    assert "s3cret" not in str(plain(made))
    assert card_of(plain(made))["name"] == "The actor"
    found = plain(orq.agents.retrieve(agent_key=key))
    assert found["type"] == "a2a"
    assert "s3cret" not in str(found)
    assert key in [agent.key for agent in orq.agents.list(limit=100).data]
    assert orq.answer(key, orq.invoke(key, "say hello")["id"]) == "hello"


@pytest.mark.needs("a2a")
def test_orq_refresh_card(operator, orq, key, agent_url):
    operator.agents.post_v2_agents_a2a(request=registration(key, agent_url))
    answer = operator.agents.post_v2_agents_key_card_refresh(key=key)
    assert answer.message
    assert answer.card["name"] == "The actor"
    with refusal(403, "operator"):
        orq.agents.post_v2_agents_key_card_refresh(key=key)
    with refusal(400, declared=True):
        operator.agents.post_v2_agents_key_card_refresh(key="actor")
    with refusal(404, "no such agent", declared=True):
        operator.agents.post_v2_agents_key_card_refresh(key="nobody")


@pytest.mark.needs("a2a")
def test_orq_update_external_agent(operator, key, gateways):
    agent_url = f"{gateways.external('1.0').base}/actor/rpc"
    operator.agents.post_v2_agents_a2a(request=registration(key, agent_url, headers=SECRET))
    kept = {"X-Partner": {"value": "", "encrypted": True}, "X-More": {"value": "open"}}
    changed = plain(operator.agents.update(agent_key=key, a2a={"agent_url": agent_url, "headers": kept}))
    assert set(changed["a2a"]["headers"]) == {"X-Partner", "X-More"}
    assert "s3cret" not in str(changed)


@pytest.mark.needs("a2a")
def test_orq_refused_registrations(operator, orq, key, gateways, tmp_path):
    base = gateways.external("1.0").base
    with refusal(403, "operator"):
        orq.agents.post_v2_agents_a2a(request=registration(key, f"{base}/actor/rpc"))
    bad = {
        "unreachable": registration(key, "http://127.0.0.1:1/actor"),
        "no card": registration(key, f"{base}/nothing"),
        "a private address": registration(key, "http://10.0.0.1/actor"),
        "reserved": registration("run", f"{base}/actor/rpc"),
    }
    for agent in bad.values():
        with refusal(400, declared=True):
            operator.agents.post_v2_agents_a2a(request=agent)
    with refusal(409, "key", declared=True):
        operator.agents.post_v2_agents_a2a(request=registration("actor", f"{base}/actor/rpc"))
    with refusal(404, "no such agent", declared=True):
        operator.agents.retrieve(agent_key=key)


def test_orq_sdk_reads_an_agent_with_credentials(operator, gateway, key, agent_url):
    """What this gateway tells beside Orq's own members is in no SDK's way."""
    told = gateway.registered(key, agent_url, credentials={"type": "bearer", "token": "s3cret-of-the-partner"})
    assert told["a2a"]["credentials"] == {"type": "bearer", "token": "********"}
    assert [probe["streaming"] for probe in told["a2a"]["probes"]] == ["verified"]
    found = plain(operator.agents.retrieve(agent_key=key))
    assert found["key"] == key
    assert "s3cret" not in str(found)


@pytest.mark.needs("external")
def test_orq_external_agents(operator, orq, key, agent_url):
    external = operator.agents.external
    made = external.create(**registration(key, agent_url, headers=SECRET)).agent
    assert (made.key, made.display_name, made.agent_url) == (key, "The partner's actor", agent_url)
    assert "s3cret" not in str(plain(made))
    assert external.retrieve(agent_key=key).agent.agent_id == made.agent_id
    assert [agent.key for agent in external.list(limit=100).data if agent.key == key] == [key]
    tested = external.test_connection(agent_key=key, test_external_agent_connection_request={})
    assert tested.reachable
    assert external.refresh_card(agent_key=key, refresh_external_agent_card_request={}).agent.key == key
    changed = external.update(agent_key=key, display_name="Another name", description="Acts.").agent
    assert (changed.display_name, changed.agent_url) == ("Another name", agent_url)
    assert orq.answer(key, orq.invoke(key, "say hello")["id"]) == "hello"
    external.delete(agent_key=key)
    with refusal(404, "no such agent"):
        external.retrieve(agent_key=key)


@pytest.mark.needs("external")
def test_orq_refused_external_agents(operator, orq, key, gateways):
    base = gateways.external("1.0").base
    external = operator.agents.external
    with refusal(403, "operator"):
        orq.agents.external.create(**registration(key, f"{base}/actor/rpc"))
    with refusal(400):
        external.create(**registration(key, f"{base}/nothing"))
    with refusal(409, "key"):
        external.create(**registration("actor", f"{base}/actor/rpc"))
    with refusal(404, "no such agent"):
        external.refresh_card(agent_key="nobody", refresh_external_agent_card_request={})
    with refusal(404, "no such agent"):
        external.test_connection(agent_key="nobody", test_external_agent_connection_request={})
    with refusal(404, "no such agent"):
        external.delete(agent_key="nobody")
