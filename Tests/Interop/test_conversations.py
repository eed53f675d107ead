"""More than one turn: contexts, questions and their answers."""

import json

from callers import data, refusal


async def test_follow_up_turns_in_a_context(caller):
    actor = await caller.reach("actor")
    first = await actor.send("say red")
    second = await actor.send("say green", context=first.context)
    third = await actor.send("remember", context=first.context)
    assert first.context == second.context == third.context
    assert len({first.id, second.id, third.id}) == 3, "a turn is a task"
    assert third.text == "say red | say green"


async def test_context_of_the_caller_s_own_naming(caller):
    actor = await caller.reach("actor")
    context = f"my-context-{caller.generation}-{caller.binding}-{id(caller)}"
    task = await actor.send("say here", context=context)
    assert task.context == context
    again = await actor.send("remember", context=context)
    assert again.text == "say here"


async def test_question_and_answer(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("ask which colour?")
    assert asked.state == "input-required"
    assert (asked.text if caller.backend.differs("status words") else asked.says) == "which colour?"
    answered = await actor.send("blue", task=asked.id, context=asked.context)
    assert answered.id == asked.id
    assert answered.state == "completed"
    assert answered.text == "you answered blue"


async def test_answer_that_names_only_the_task(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("ask which colour?")
    answered = await actor.send("blue", task=asked.id)
    assert answered.context == asked.context
    assert answered.text == "you answered blue"
    task = await actor.get(asked.id)
    assert [message.text for message in task.history if message.role == "user"] == ["ask which colour?", "blue"]
    assert {message.context for message in task.history} == {asked.context}


async def test_answer_on_a_stream(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("ask which colour?")
    async with actor.stream("green", task=asked.id, context=asked.context) as stream:
        events = await stream.rest()
    assert events[-1].state == "completed"
    assert (await actor.get(asked.id)).text == "you answered green"


async def test_functions_of_the_caller(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("call weather clock")
    assert asked.state == "input-required"
    [question] = asked.says_parts
    assert question.value == {
        "tool_calls": [
            {"tool_call_id": f"call-{name}", "name": name, "arguments": {"city": "Köln"}}
            for name in ("weather", "clock")
        ]
    }
    results = {"weather": {"degrees": 21.5}, "clock": "noon"}
    answer = {"tool_results": [{"tool_call_id": f"call-{name}", "result": value} for name, value in results.items()]}
    answered = await actor.send(data(answer), task=asked.id, context=asked.context)
    assert answered.state == "completed"
    assert json.loads(answered.text.removeprefix("you answered ")) == answer


async def test_message_to_a_finished_task(caller):
    actor = await caller.reach("actor")
    task = await actor.send("say over")
    with refusal("unsupported-operation", *(["invalid-params"] if caller.generation == "0.3" else [])):
        await actor.send("one more thing", task=task.id, context=task.context)


async def test_message_to_an_unknown_task(caller):
    actor = await caller.reach("actor")
    with refusal("task-not-found"):
        await actor.send("hello?", task="01JZZZZZZZZZZZZZZZZZZZZZZZ")


async def test_message_to_a_task_of_another_context(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("ask which?")
    with refusal("invalid-params"):
        await actor.send("this", task=asked.id, context="another-context")
