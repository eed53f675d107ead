"""Agents that calls define: made, changed, run and removed, in the gateway's runtime and in a workspace of Orq."""

import pytest

from backends import HERE
from sdk_orq import IS_V4, defined, plain, refusal, said

# Only operators define agents. External agents are registered instead.
pytestmark = [pytest.mark.keys, pytest.mark.runtime]


@pytest.fixture
def key(operator, request):
    """A key that no agent has; whatever agent gets it is gone after the scenario."""
    yield "made"
    if any(agent.key == "made" for agent in operator.agents.list(limit=100).data):
        operator.agents.delete(agent_key="made")


def create(caller, key, **more):
    definition = defined(key, **more)
    return caller.agents.create(**definition) if IS_V4 else caller.agents.create(request=definition)


def test_orq_create_agent(operator, key):
    made = create(operator, key)
    assert (made.key, made.status, made.role, made.path) == (key, "live", "Actor", "Default")
    assert made.description == "An agent that a call has made."
    assert made.version if IS_V4 else made.id
    found = operator.agents.retrieve(agent_key=key)
    assert found.id == made.id
    assert key in [agent.key for agent in operator.agents.list(limit=100).data]
    task = operator.invoke(key, "say hello")
    assert operator.answer(key, task["id"]) == "hello"


def test_orq_create_with_all_fields(operator, key):
    more = {
        "display_name": "Made by a call", "system_prompt": "Be brief.", "fallback_models": ["suite/echo"],
        "memory_stores": [], "knowledge_bases": [], "team_of_agents": [], "variables": {"city": "Köln"},
    } | ({"engine": "text", "source": "internal"} if IS_V4 else {})
    create(operator, key, instructions="You are in {{city}}.", **more)
    found = plain(operator.agents.retrieve(agent_key=key))
    assert not IS_V4 or found["variables"] == {"city": "Köln"}
    assert not IS_V4 or found["display_name"] == "Made by a call"
    assert operator.answer(key, operator.invoke(key, "say hello")["id"]) == "hello"


def test_orq_key_that_is_taken(operator, key):
    create(operator, key)
    for taken in (key, "actor"):
        with refusal(409, "key", declared=not IS_V4):
            create(operator, taken)


def test_orq_keys_that_cannot_be(operator):
    for bad in ("run", "a2a", "1st", "two words", ""):
        with refusal(400, "key"):
            create(operator, bad)


def test_orq_only_operators_define(orq, operator, client, key):
    with refusal(403, "operator"):
        create(orq, key)
    create(operator, key)
    # Nobody else knows of an agent that only the workspace has.
    status, words = (403, "operator") if client.backend is HERE else (404, "no such agent")
    with refusal(status, words, declared=status == 404):
        orq.agents.update(agent_key=key, description="Other.")
    with refusal(status, words, declared=status == 404):
        orq.agents.delete(agent_key=key)
    assert operator.agents.retrieve(agent_key=key).description == "An agent that a call has made."


def test_orq_update_agent(operator, key):
    made = create(operator, key)
    more = {"version_increment": "minor", "version_description": "Another description."} if IS_V4 else {}
    changed = operator.agents.update(agent_key=key, description="Other.", **more)
    assert (changed.id, changed.description, changed.role) == (made.id, "Other.", "Actor")
    assert not IS_V4 or changed.version != made.version
    assert operator.agents.retrieve(agent_key=key).description == "Other."
    assert operator.answer(key, operator.invoke(key, "say as before")["id"]) == "as before"
    with refusal(404, "no such agent", declared=True):
        operator.agents.update(agent_key="nobody", description="Other.")


def test_orq_versions_of_an_agent(operator, client, key):
    if client.backend.differs("versions"):
        return
    made = create(operator, key)
    number = made.version if IS_V4 else made.version_hash
    operator.agents.update(agent_key=key, description="Other.")
    old = f"{key}@{number}"
    earlier, current = operator.agents.retrieve(agent_key=old), operator.agents.retrieve(agent_key=key)
    assert (earlier.id, earlier.description, earlier.status) == (made.id, made.description, "published")
    assert (current.description, current.status) == ("Other.", "live")
    task = operator.invoke(old, "say as ever")["id"]
    assert operator.answer(old, task) == "as ever"
    with refusal(404, "version", declared=True):
        operator.agents.retrieve(agent_key=f"{key}@9.9.9")
    with refusal(400, "as a whole"):
        operator.agents.delete(agent_key=old)


def test_orq_delete_agent(operator, key):
    create(operator, key)
    assert operator.agents.delete(agent_key=key) is None
    with refusal(404, "no such agent", declared=True):
        operator.agents.retrieve(agent_key=key)
    with refusal(404, "no such agent", declared=True):
        operator.agents.delete(agent_key=key)
    with refusal(404, "no such agent"):
        operator.invoke(key, "say hello")


def test_orq_run_defines_an_agent(operator, key):
    task = operator.run(key, "say one", model="suite/actor")
    assert operator.answer(key, task["id"]) == "one"
    first = operator.agents.retrieve(agent_key=key)
    assert first.role == "Actor"
    operator.answer(key, operator.run(key, "say two", model="suite/actor")["id"])
    assert not IS_V4 or operator.agents.retrieve(agent_key=key).version == first.version
    operator.answer(key, operator.run(key, "say three", model="suite/actor", instructions="Act otherwise.")["id"])
    changed = operator.agents.retrieve(agent_key=key)
    assert changed.id == first.id
    assert not IS_V4 or changed.version != first.version


def test_orq_run_goes_on(operator, key):
    task = operator.run(key, "ask which one?", model="suite/actor")["id"]
    assert operator.answer(key, task) == "which one?"
    assert operator.run(key, "the first", task=task, model="suite/actor")["id"] == task
    assert operator.answer(key, task) == "you answered the first"


def test_orq_stream_run_defines_an_agent(operator, key):
    with operator.stream_run(key, "say as it comes", model="suite/actor") as stream:
        events = stream.rest()
    assert events[-1].data["last_message"] == "as it comes"
    assert operator.agents.retrieve(agent_key=key).key == key


def test_orq_unknown_model(operator, key):
    with refusal(404, "model"):
        operator.run(key, "say hello", model="nobody/nothing")
    with refusal(404, "model", declared=True), operator.stream_run(key, "say hello", model="nobody/nothing"):
        pass
    with refusal(404, "no such agent", declared=True):
        operator.agents.retrieve(agent_key=key)
