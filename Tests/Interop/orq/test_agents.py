"""The agents of the gateway as those of an Orq workspace."""

import pytest

from backends import A2ABackend
from sdk_orq import IS_V4, Caller, refusal


def keys(page) -> list[str]:
    return [agent.key for agent in page.data]


def test_orq_list_agents(orq, gateway):
    page = orq.agents.list(limit=100)
    assert page.object == "list"
    assert keys(page) == gateway.agents
    assert not page.has_more
    actor = page.data[0]
    assert actor.id and actor.role and actor.status == "live"
    assert actor.instructions == ""
    assert actor.memory_stores == [] and actor.team_of_agents == []


def test_orq_list_agents_in_pages(orq, gateway):
    seen = []
    page = orq.agents.list(limit=1)
    assert page.has_more
    while True:
        seen += keys(page)
        if not page.has_more:
            break
        page = orq.agents.list(limit=1, starting_after=page.data[-1].id)
    assert seen == gateway.agents
    assert keys(orq.agents.list(limit=1, ending_before=page.data[-1].id)) == [seen[-2]]


def test_orq_retrieve_agent(orq, client):
    agent = orq.agents.retrieve(agent_key="actor")
    assert agent.key == "actor"
    assert agent.description == "An agent of the interoperability suite: actor."
    if IS_V4:
        assert agent.display_name == "The actor"
        assert agent.type == ("a2a" if isinstance(client.backend, A2ABackend) else "internal")


def test_orq_unknown_agent(orq):
    with refusal(404, "no such agent", declared=True):
        orq.agents.retrieve(agent_key="nobody")
    with refusal(404, "no such agent"):
        orq.invoke("nobody", "hello")


def test_orq_agents_are_made_by_operators_only(orq):
    definition = {
        "key": "new", "role": "r", "description": "d", "instructions": "i", "path": "Default", "model": "m/m",
        "settings": {} if IS_V4 else {"tools": []},
    }
    with refusal(403, "operator"):
        orq.agents.create(**definition) if IS_V4 else orq.agents.create(request=definition)
    with refusal(403, "operator"):
        orq.agents.delete(agent_key="actor")
    with refusal(403, "operator"):
        orq.agents.update(agent_key="actor", description="other")


def test_orq_key_is_wanted(gateway, client):
    if client.line == "TLS":
        with Caller(gateway.tls_without_key()) as nobody, refusal(401):
            nobody.agents.list()
    with Caller(gateway.tls("sk-of-somebody-else-1234567890")) as stranger, refusal(401):
        stranger.agents.retrieve(agent_key="actor")
