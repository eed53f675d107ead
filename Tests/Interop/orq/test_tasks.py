"""Tasks and actions, which only the SDKs of 3.x read."""

import pytest

from sdk_orq import IS_V4, plain, refusal, results, said


@pytest.mark.needs("tasks")
def test_orq_task_with_its_history(orq):
    task = orq.invoke("actor", "say one")["id"]
    orq.finished_task("actor", task)
    orq.invoke("actor", "ask why?", task=task)
    found = orq.finished_task("actor", task)
    assert found["status"]["state"] == "input-required"
    assert said(found["status"]["message"]["parts"]) == "why?"
    assert [(message["role"], said(message["parts"])) for message in found["history"]] == [
        ("user", "say one"), ("agent", "one"), ("user", "ask why?"), ("agent", "why?"),
    ]


@pytest.mark.needs("tasks")
def test_orq_tool_calls_in_a_task(orq):
    task = orq.invoke("actor", "call weather")["id"]
    found = orq.finished_task("actor", task)
    assert found["status"]["message"]["parts"][0]["tool_call_id"] == "call-weather"
    orq.invoke("actor", results(weather=21), task=task)
    found = orq.finished_task("actor", task)
    assert [message["role"] for message in found["history"]] == ["user", "agent", "tool", "agent"]


@pytest.mark.needs("tasks")
def test_orq_list_tasks(orq, gate):
    running = orq.invoke("actor", f"obey {gate.path}")["id"]
    orq.running_task("actor", running)
    failed = orq.invoke("actor", "fail it")["id"]
    orq.finished_task("actor", failed)
    listed = orq.tasks("actor", limit=2)
    assert listed["overall_total"] >= 2
    assert {running, failed} <= {task["_id"] for task in listed["tasks"]}
    assert listed["tasks"][0]["agent_manifest_snapshot"]["key"] == "actor"
    assert running in [task["_id"] for task in orq.tasks("actor", status="in_progress", limit=200)["tasks"]]
    errored = orq.tasks("actor", status="errored", limit=200)["tasks"]
    assert {task["_id"]: task["state"]["error"] for task in errored}[failed] == "it"
    assert orq.tasks("actor", status="approval_required")["tasks"] == []
    first, second = (task["_id"] for task in listed["tasks"])
    assert [task["_id"] for task in orq.tasks("actor", limit=1, starting_after=first)["tasks"]] == [second]
    assert [task["_id"] for task in orq.tasks("actor", limit=1, ending_before=second)["tasks"]] == [first]
    gate.tell("done")


@pytest.mark.needs("tasks")
def test_orq_actions(orq):
    task = orq.invoke("actor", "say one")["id"]
    actions = plain(orq.agents.list_actions(agent_key="actor", task_id=task))
    assert actions == {"object": "list", "data": [], "has_more": False}
    with refusal(404, "no such action"):
        orq.agents.retrieve_action(agent_key="actor", task_id=task, action_id="none")


@pytest.mark.needs("tasks")
def test_orq_actions_of_tool_calls(orq):
    task = orq.invoke("actor", "call weather")["id"]
    orq.finished_task("actor", task)
    [asked] = plain(orq.agents.list_actions(agent_key="actor", task_id=task))["data"]
    assert asked["agent_tool_call_id"] == "call-weather"
    assert asked["state"]["input"] == {"city": "Köln"}
    assert not asked["state"]["executed"]
    orq.invoke("actor", results(weather=21), task=task)
    orq.finished_task("actor", task)
    done = plain(orq.agents.retrieve_action(agent_key="actor", task_id=task, action_id=asked["_id"]))
    assert done["state"]["executed"]
    assert done["state"]["output"] == {"value": 21}


def test_orq_unknown_task(orq):
    if IS_V4:
        with refusal(404, "task not found", declared=True):
            orq.response("actor", "unknown")
    else:
        with refusal(404, "task not found", declared=True):
            orq.task("actor", "unknown")
        with refusal(404, "no such agent", declared=True):
            orq.tasks("nobody")
