"""Streams of both families, to their end."""

import pytest

from sdk_orq import refusal, results, said


def types(events) -> list[str]:
    return [event.type for event in events]


@pytest.mark.needs("responses")
def test_orq_response_stream(orq, client):
    with orq.stream_response("actor", "spend as it comes") as stream:
        events = stream.rest()
    assert types(events) == ["response.started", "part.delta", "part.done", "response.done"]
    assert events[1].data["partId"] == events[2].data["partId"]
    assert events[2].data["part"] == {"kind": "text", "text": "as it comes"}
    assert events[3].data["finishReason"] == "stop"
    if not client.backend.differs("usage"):
        assert events[3].data["usage"]["total_tokens"] == 46
    assert orq.response("actor", events[0].data["taskId"])["status"] == "completed"


@pytest.mark.needs("responses")
def test_orq_each_chunk_arrives_before_the_next_is_made(orq, client, gate):
    if client.backend.differs("chunks"):
        with orq.stream_response("actor", f"obey {gate.path}") as stream:
            for line in ("chunk one", "work nearly there", "last two", "done"):
                gate.tell(line)
            events = stream.rest()
        parts = [event.data["part"] for event in events if event.type == "part.done"]
        # The words of the last status are output too.
        assert [part["text"] for part in parts if part["kind"] == "text"] == ["onetwo", "obeyed"]
        assert client.backend.differs("progress") == ("reasoning" not in [part["kind"] for part in parts])
        return
    with orq.stream_response("actor", f"obey {gate.path}") as stream:
        for word in ("one", "two", "three"):
            gate.tell(f"chunk {word}")
            assert stream.until("part.delta").data["delta"]["text"] == word
        gate.tell("work nearly there")
        assert stream.until("part.done").data["part"]["reasoning"] == "nearly there"
        gate.tell("last four")
        gate.tell("done")
        events = stream.rest()
    assert events[1].data["part"] == {"kind": "text", "text": "onetwothreefour"}
    assert types(events)[-1] == "response.done"


@pytest.mark.needs("responses")
def test_orq_parts_of_every_kind_on_a_stream(orq):
    with orq.stream_response("actor", "show") as stream:
        parts = [event.data["part"] for event in stream.rest() if event.type == "part.done"]
    assert [part["kind"] for part in parts] == ["text", "file", "file", "data"]


@pytest.mark.needs("responses")
def test_orq_failure_on_a_response_stream(orq, client):
    with orq.stream_response("actor", "fail in the middle") as stream:
        events = stream.rest()
    assert types(events) == ["response.started", "response.failed"]
    words = "The agent failed." if client.backend.differs("words of a failure") else "in the middle"
    assert events[-1].data["error"] == words


@pytest.mark.needs("responses")
def test_orq_tool_calls_on_a_response_stream(orq):
    with orq.stream_response("actor", "call weather") as stream:
        events = stream.rest()
    assert events[-1].data["finishReason"] == "function_call"
    assert events[-1].data["pendingToolCalls"][0]["function"]["name"] == "weather"
    with orq.stream_response("actor", results(weather="fine"), task=events[0].data["taskId"]) as stream:
        assert types(stream.rest())[-1] == "response.done"


@pytest.mark.parametrize("run", [False, True], ids=["stream-task", "stream-run"])
def test_orq_agent_stream(orq, gate, run):
    open_stream = orq.stream_run if run else orq.stream_task
    with open_stream("actor", f"obey {gate.path}") as stream:
        started = stream.next()
        assert started.type == "agents.execution_started"
        assert stream.next().type == "event.agents.started"
        gate.tell("work nearly there")
        thought = stream.until("event.agents.thought").data["message_difference"]
        assert [said(message["parts"]) for message in thought.values()] == ["nearly there"]
        gate.tell("chunk one")
        gate.tell("last two")
        gate.tell("done")
        events = stream.rest()
    assert types(events)[-1] == "event.agents.inactive"
    assert events[-1].data["last_message"] == "onetwoobeyed"
    assert events[-1].data["finish_reason"] == "stop"
    with orq.stream_task("actor", "remember", task=started.data["agent_task_id"]) as stream:
        assert "obey" in stream.rest()[-1].data["last_message"]


def test_orq_failure_on_an_agent_stream(orq):
    with orq.stream_task("actor", "fail in the middle") as stream:
        last = stream.rest()[-1]
    assert (last.type, last.data["error"]) == ("event.agents.errored", "in the middle")


def test_orq_question_on_an_agent_stream(orq):
    with orq.stream_task("actor", "ask which one?") as stream:
        events = stream.rest()
    assert events[-1].data["last_message"] == "which one?"
    with orq.stream_task("actor", "the first", task=events[0].data["agent_task_id"]) as stream:
        assert stream.rest()[-1].data["last_message"] == "you answered the first"


def test_orq_tool_calls_on_an_agent_stream(orq):
    with orq.stream_task("actor", "call weather") as stream:
        events = stream.rest()
    assert events[-1].data["pending_tool_calls"][0]["id"] == "call-weather"
    with orq.stream_task("actor", results(weather=21), task=events[0].data["agent_task_id"]) as stream:
        assert '"result": 21' in stream.rest()[-1].data["last_message"]


def test_orq_refusals_of_streams(orq):
    with refusal(404, "no such agent", declared=True), orq.stream_task("nobody", "hello"):
        pass
    with refusal(403, "operator"), orq.stream_run("nobody", "hello"):
        pass
    with refusal(404, "task not found", declared=True), orq.stream_task("actor", "hello", task="unknown"):
        pass
