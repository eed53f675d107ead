"""The simulated workspace itself, as the SDKs see it without a gateway between: all it says satisfies their models."""

import json

import httpx
import pytest

from callers import Line
from conftest import ORQ_SDK
from sdk_orq import IS_V4, Caller, plain, refusal, results, said
from workspace import AGENT_EVENTS, EVERYTHING, RESPONSE_EVENTS, new_word, script


@pytest.fixture
def simulator(gateways):
    return gateways.simulator(int(ORQ_SDK[0]))


@pytest.fixture
def workspace(simulator):
    with Caller(simulator.line("plain")) as caller:
        yield caller


def test_orq_simulated_agents(workspace):
    seen, page = [], workspace.agents.list(limit=50)
    while True:
        seen += [agent.key for agent in page.data]
        if not page.has_more:
            break
        page = workspace.agents.list(limit=50, starting_after=page.data[-1].id)
    assert {"draft", "actor", "echo", "words", "clock"} <= set(seen)
    assert workspace.agents.retrieve(agent_key="actor").key == "actor"
    with refusal(404, declared=True):
        workspace.agents.retrieve(agent_key="nobody")


@pytest.mark.needs("responses")
def test_orq_simulated_responses(workspace):
    response = workspace.respond("actor", script(*EVERYTHING))
    assert response["finish_reason"] == "stop"
    assert [part["kind"] for part in response["output"][-1]["parts"]] == ["text", "file", "data"]
    assert workspace.response("actor", response["task_id"])["status"] == "completed"
    begun = workspace.respond("actor", script({"wait": 0.1}, {"text": "late"}), background=True)
    assert begun["output"] == []
    assert said(workspace.finished_response("actor", begun["task_id"])["output"][0]["parts"]) == "late"


@pytest.mark.needs("responses")
def test_orq_simulated_response_events(workspace, simulator):
    with workspace.stream_response("actor", script(*EVERYTHING)) as stream:
        events = stream.rest()
    assert {event.type for event in events} == RESPONSE_EVENTS | {"response.done"}
    with workspace.stream_response("actor", script({"fail": "broken", "code": 502})) as stream:
        assert stream.rest()[-1].type == "response.failed"
    word = new_word()
    review = script({"review": "mail", "arguments": {"to": "all"}}, word=word)
    with workspace.stream_response("actor", review) as stream:
        assert stream.until("tool.review.requested").data["arguments"] == {"to": "all"}
        simulator.approve(word)
        assert [event.type for event in stream.rest()] == ["tool.review.done", "response.done"]


def test_orq_simulated_agent_events(workspace, simulator):
    with workspace.stream_task("actor", script(*EVERYTHING)) as stream:
        events = stream.rest()
    assert {event.type for event in events} == AGENT_EVENTS | {"event.agents.inactive"}
    assert events[-1].data["billing"]["integration_id"] is None
    ends = {"fail": "event.agents.errored", "timeout": "agents.timeout", "stream_error": "agents.error"}
    for step, kind in ends.items():
        with workspace.stream_run("run-agent", script({step: "broken"})) as stream:
            assert stream.rest()[-1].type == kind
    word = new_word()
    review = script({"review": "mail", "arguments": {"to": "all"}}, word=word)
    with workspace.stream_task("actor", review) as stream:
        stream.until("event.agents.action_review_requested")
        simulator.approve(word)
        assert [event.type for event in stream.rest()] == ["event.agents.action_reviewed", "event.agents.inactive"]


@pytest.mark.parametrize("framing", ["lines", "tight", "two spaces"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_orq_simulated_streams_in_all_writings(workspace, framing, newline):
    text = f"größer, by {framing!r} {newline!r}"
    if not IS_V4:
        # Whatever begins with a brace is no event to 3.x.
        framing = "string" if framing != "two spaces" else framing
    told = script({"text": text}, framing=framing, newline=newline, comments=True, chop=7, bom=IS_V4)
    with workspace.stream_task("actor", told) as stream:
        assert stream.rest()[-1].data["last_message"] == text


def test_orq_simulated_tool_calls(workspace):
    with workspace.stream_task("actor", "call weather") as stream:
        events = stream.rest()
    task = events[0].data["agent_task_id"]
    assert events[-1].data["pending_tool_calls"][0]["id"] == "call-weather"
    with refusal(400):
        workspace.invoke("actor", "and now?", task=task)
    with workspace.stream_task("actor", results(weather=21), task=task) as stream:
        assert '"result": 21' in stream.rest()[-1].data["last_message"]


def test_orq_simulated_tasks(workspace):
    task = workspace.invoke("actor", "ask which one?")["id"]
    assert workspace.answer("actor", task) == "which one?"
    assert workspace.run("actor", "the first", task=task)["id"] == task
    assert workspace.answer("actor", task) == "you answered the first"
    if IS_V4:
        whole = workspace.invoke("actor", "say hello", configuration={"blocking": True})
        assert [message["role"] for message in whole["messages"]] == ["user", "agent"]
        return
    assert workspace.tasks("actor")["tasks"][0]["_id"] == task
    asked = workspace.invoke("actor", "call weather")["id"]
    workspace.finished_task("actor", asked)
    [action] = plain(workspace.agents.list_actions(agent_key="actor", task_id=asked))["data"]
    found = workspace.agents.retrieve_action(agent_key="actor", task_id=asked, action_id=action["_id"])
    assert plain(found)["state"]["input"] == {"city": "Köln"}


def test_orq_simulated_agents_are_defined_by_calls(workspace):
    workspace.run("made-by-run", "say hello")
    assert workspace.agents.retrieve(agent_key="made-by-run").role == "Actor"
    assert workspace.agents.update(agent_key="made-by-run", description="Other.").description == "Other."
    assert workspace.agents.delete(agent_key="made-by-run") is None


@pytest.mark.needs("a2a")
def test_orq_simulated_external_agents(workspace):
    agent = {
        "key": "elsewhere", "display_name": "Elsewhere", "description": "d", "path": "Default",
        "agent_url": "https://agents.example.com/agents/elsewhere",
    }
    made = workspace.agents.post_v2_agents_a2a(request=agent)
    assert (made.key, made.type, made.a2a.agent_url) == ("elsewhere", "a2a", agent["agent_url"])
    assert workspace.agents.post_v2_agents_key_card_refresh(key="elsewhere").message
    with refusal(409, declared=True):
        workspace.agents.post_v2_agents_a2a(request=agent)
    with refusal(400, declared=True):
        workspace.agents.post_v2_agents_key_card_refresh(key="actor")
    workspace.agents.delete(agent_key="elsewhere")


def test_orq_simulated_refusals(workspace, simulator):
    with refusal(429):
        workspace.invoke("actor", script(status=429, headers={"Retry-After": "7"}))
    line = simulator.line("plain")
    with Caller(Line(line.url, key="sk-other")) as stranger, refusal(401):
        stranger.agents.list()
    body = {"message": {"role": "agent", "parts": []}}
    key = {"Authorization": f"Bearer {line.key}"}
    answer = httpx.post(f"{line.url}/v2/agents/actor/task", json=body, headers=key, trust_env=False)
    assert answer.status_code == 422
    assert "role" in simulator.forgive().pop()
