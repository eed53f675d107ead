"""Turns that are answered as a whole, and the conversations that they make."""

import base64
import json

import pytest

from sdk_orq import IS_V4, Caller, refusal, results, said, text

NOISE = bytes(range(256))


def output(response) -> list[dict]:
    return [part for message in response["output"] for part in message["parts"]]


@pytest.mark.needs("responses")
def test_orq_respond(orq, client):
    response = orq.respond("actor", "spend hello, Größe 🌍")
    assert said(output(response)) == "hello, Größe 🌍"
    assert response["finish_reason"] == "stop"
    if not client.backend.differs("usage"):
        assert response["usage"]["prompt_tokens"] == 12
        assert response["usage"]["total_tokens"] == 46
    found = orq.response("actor", response["task_id"])
    assert found["status"] == "completed"
    assert found["output"] == response["output"]


@pytest.mark.needs("responses")
def test_orq_respond_in_the_background(orq, gate):
    response = orq.respond("actor", f"obey {gate.path}", background=True)
    assert response["output"] == []
    assert orq.response("actor", response["task_id"])["status"] == "in_progress"
    gate.tell("last later")
    gate.tell("done")
    found = orq.finished_response("actor", response["task_id"])
    assert found["status"] == "completed"
    assert said(output(found)) == "laterobeyed"


@pytest.mark.needs("responses")
def test_orq_respond_with_all_circumstances(orq):
    response = orq.respond(
        "echo", "hello", variables={"name": "x"}, identity={"id": "u1", "email": "a@example.com"},
        thread={"id": "t1", "tags": ["a"]}, memory={"entity_id": "e1"}, metadata={"k": 1},
        configuration={"blocking": True},
    )
    assert said(output(response)) == "hello"


def test_orq_invoke(orq):
    task = orq.invoke("actor", "say hello")
    assert task["kind"] == "task"
    assert task["status"]["state"] in ("submitted", "working", "completed")
    assert task["metadata"]["orq_agent_key"] == "actor"
    if IS_V4:
        assert said(output(orq.finished_response("actor", task["id"]))) == "hello"
    else:
        found = orq.finished_task("actor", task["id"])
        assert found["status"]["state"] == "completed"
        assert said(found["history"][-1]["parts"]) == "hello"


@pytest.mark.needs("blocking")
def test_orq_invoke_and_wait(orq, client):
    task = orq.invoke("actor", "say hello", configuration={"blocking": True})
    assert task["status"]["state"] == "completed"
    # Orq may tell all of the conversation.
    assert said(task["messages"][-1]["parts"]) == "hello"
    task = orq.invoke("actor", "reject not my trade", configuration={"blocking": True})
    if client.backend.differs("rejection"):
        assert task["status"]["state"] == "failed"
        return
    assert task["status"]["state"] == "rejected"
    assert said(task["status"]["message"]["parts"]) == "not my trade"


def test_orq_run(orq):
    task = orq.run("actor", "say hello")
    assert task["kind"] == "task"
    assert task["metadata"]["urn:a2a-gateway:translation:v1"]["losses"] == ["agent_definition"]
    with refusal(403, "operator"):
        orq.run("nobody", "hello")


@pytest.mark.needs("responses")
def test_orq_direct_reply(orq):
    response = orq.respond("actor", "reply just this")
    assert said(output(response)) == "just this"
    assert orq.response("actor", response["task_id"])["status"] == "completed"


@pytest.mark.needs("responses")
def test_orq_failure(orq, client):
    response = orq.respond("actor", "fail in the middle")
    found = orq.response("actor", response["task_id"])
    words = "The agent failed." if client.backend.differs("words of a failure") else "in the middle"
    assert (found["status"], found["error"]) == ("failed", words)
    with refusal(409, "failed"):
        orq.respond("actor", "say more", task=response["task_id"])


@pytest.mark.needs("responses")
def test_orq_files_from_the_agent(orq):
    parts = output(orq.respond("actor", "show"))
    assert [part["kind"] for part in parts] == ["text", "file", "file", "data"]
    assert base64.b64decode(parts[1]["file"]["bytes"]) == NOISE
    assert parts[1]["file"]["mimeType"] == "image/png"
    assert parts[2]["file"]["uri"] == "https://example.com/b.pdf"
    assert parts[3]["data"]["nested"] == {"empty": {}}


@pytest.mark.needs("responses")
def test_orq_files_to_the_agent(orq):
    files = [
        {"kind": "file", "file": {"bytes": base64.b64encode(NOISE).decode(), "mimeType": "image/png", "name": "a.png"}},
        {"kind": "file", "file": {"uri": "https://example.com/b.pdf", "name": "b.pdf"}},
    ]
    parts = output(orq.respond("actor", "mirror", *files))
    assert parts[:2] == files
    assert parts[2] == text("[256]")


@pytest.mark.needs("responses")
def test_orq_conversation(orq):
    first = orq.respond("actor", "say one")
    second = orq.respond("actor", "say two", task=first["task_id"])
    assert second["task_id"] == first["task_id"]
    third = orq.respond("actor", "remember", task=first["task_id"])
    assert said(output(third)) == "say one | say two"
    assert said(output(orq.respond("actor", "remember"))) == ""


@pytest.mark.needs("responses")
def test_orq_question(orq):
    question = orq.respond("actor", "ask which one?")
    assert said(output(question)) == "which one?"
    answer = orq.respond("actor", "the first", task=question["task_id"])
    assert answer["task_id"] == question["task_id"]
    assert said(output(answer)) == "you answered the first"


@pytest.mark.needs("responses")
def test_orq_tool_calls(orq):
    question = orq.respond("actor", "call weather clock")
    assert question["finish_reason"] == "function_call"
    pending = question["pending_tool_calls"]
    assert [(call["id"], call["function"]["name"]) for call in pending] == [
        ("call-weather", "weather"), ("call-clock", "clock"),
    ]
    assert json.loads(pending[0]["function"]["arguments"]) == {"city": "Köln"}
    with refusal(400, "call-clock"):
        orq.respond("actor", results(weather=1), task=question["task_id"])
    answer = orq.respond("actor", results(weather={"degrees": 21.5}, clock="noon"), task=question["task_id"])
    told = json.loads(said(output(answer)).removeprefix("you answered "))
    assert {each["tool_call_id"]: each["result"] for each in told["tool_results"]} == {
        "call-weather": {"degrees": 21.5}, "call-clock": "noon",
    }


def test_orq_task_of_another_caller(orq, gateway):
    task = orq.invoke("actor", "say mine")["id"]
    with Caller(gateway.tls(gateway.keys["stranger"])) as stranger:
        with refusal(404, "task not found"):
            stranger.invoke("actor", "say more", task=task)


def test_orq_running_task_takes_no_message(orq, gate):
    task = orq.invoke("actor", f"obey {gate.path}")["id"]
    with refusal(409, "active"):
        orq.invoke("actor", "say more", task=task)
    gate.tell("done")
