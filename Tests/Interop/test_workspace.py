"""Turns with a workspace of Orq: what it is sent, and what becomes of all that it can answer. The simulated workspace
does on purpose what another gateway in its place never does, and tells afterwards what it has been asked."""

import asyncio
import json
import uuid

import pytest

from callers import Refused, Status, Task, data, refusal, text, uri
from gateway import CIRCUMSTANCES
from workspace import eventually, finished, new_word, only, script, streamed, untold

pytestmark = [pytest.mark.simulated, pytest.mark.keys]

PDF = uri("https://example.com/b.pdf", "application/pdf", "b.pdf")
# The last part of the path, of a blocking call and of a stream. 3.x never waits: there a blocking call is a stream that
# is collected.
PATHS = {
    (4, "responses"): ["responses", "responses"], (4, "invoke"): ["task", "stream-task"],
    (4, "run"): ["stream-run", "stream-run"], (3, "invoke"): ["stream-task", "stream-task"],
    (3, "run"): ["stream-run", "stream-run"],
}


async def test_what_orq_is_sent(caller, simulator):
    actor = await caller.reach("actor")
    word, context = new_word(), f"context-{uuid.uuid4()}"
    first = await actor.send(f"say {word} one", context=context)
    _, second = await streamed(actor, f"say {word} two", context=context)
    assert (first.text, second.text) == (f"{word} one", f"{word} two")
    sent = simulator.sends(word)
    backend = caller.backend
    assert [record["path"].split("/")[-1] for record in sent] == PATHS[backend.generation, backend.call]
    person = "identity" if caller.backend.generation == 4 else "contact"
    for record in sent:
        body = record["body"]
        assert body["variables"] == CIRCUMSTANCES["variables"]
        assert body["memory"] == CIRCUMSTANCES["memory"]
        assert body["metadata"]["suite"] == "interop"
        assert body["thread"]["tags"] == CIRCUMSTANCES["thread_tags"]
        assert "partner" not in body[person]["id"], "the caller's name is nobody's business"
        assert context not in json.dumps(body), "nor is what the caller calls its context"
        assert record["headers"]["accept-encoding"] == "identity"
    one, two = (record["body"] for record in sent)
    assert (one[person], one["thread"]) == (two[person], two["thread"])
    assert "task_id" not in one
    assert two["task_id"], "the second turn goes on with the first one's task"


async def test_turns_of_a_context_wait_for_each_other(caller, simulator):
    """Orq takes no message for a task that is active: to say it all at once must not be an error."""
    actor = await caller.reach("actor")
    word, context = new_word(), f"context-{uuid.uuid4()}"
    tasks = await asyncio.gather(*(
        actor.send(script({"wait": 0.05}, {"text": str(number)}, word=word), context=context) for number in range(4)
    ))
    assert sorted(task.text for task in tasks) == ["0", "1", "2", "3"]
    sent = [record["body"] for record in simulator.sends(word)]
    assert len(sent) == 4
    assert len({body["task_id"] for body in sent[1:]}) == 1 and "task_id" not in sent[0]


async def test_every_event_of_a_turn(caller):
    actor = await caller.reach("actor")
    _, begun = await streamed(actor, script(
        {"reasoning": "secret thought"}, {"named": "secret name"}, {"created": "secret words"},
        {"handed_off": "colleague"}, {"execution_review": True},
        {"tool": "clock", "arguments": {"zone": "UTC"}, "result": "secret time"},
        {"tool": "search", "arguments": {}, "error": "secret trouble"},
        {"text": "one ", "part": "a"}, {"text": "two", "part": "a", "last": True},
        {"file": {"uri": PDF.value, "mimeType": PDF.media_type, "name": PDF.filename}}, {"data": {"list": [1, None]}},
        {"usage": {"total_tokens": 46, "prompt_tokens_details": None}},
    ))
    # To some, a stream ends where a review is waited for.
    task = await finished(actor, begun.id)
    assert task.state == "completed"
    assert [artifact.parts for artifact in task.artifacts] == [(text("one two"),), (PDF,), (data({"list": [1, None]}),)]
    assert task.metadata["finish_reason"] == "stop"
    assert task.metadata["usage"]["total_tokens"] == 46
    assert caller.backend.call == "responses" or task.metadata["cost"]["total_cost"] == 0.0125


async def test_output_of_a_whole_answer(caller):
    """What tools were asked and have answered is no answer of the agent, nor is what was said in earlier turns."""
    actor = await caller.reach("actor")
    tool = {"tool": "clock", "arguments": {"zone": "UTC"}, "result": {"time": "secret time"}}
    first = await actor.send(script(tool, {"text": "twelve"}))
    untold(first)
    second = await actor.send(script({"text": "one"}), context=first.context)
    third = await actor.send(script({"end": "stop"}), context=first.context)
    assert [task.text for task in (first, second, third)] == ["twelve", "one", ""]
    assert third.state == "completed"


async def test_reasons_to_finish(caller):
    actor = await caller.reach("actor")
    tells = caller.backend.generation == 3 or caller.backend.call != "invoke"
    for reason in ("length", "content_filter", "max_iterations", "max_time"):
        whole = await actor.send(script({"text": "so far"}, {"end": reason}))
        _, task = await streamed(actor, script({"text": "so far"}, {"end": reason}))
        assert (whole.state, whole.text, task.state, task.text) == ("completed", "so far") * 2
        assert task.metadata["finish_reason"] == reason
        assert whole.metadata["finish_reason"] == (reason if tells else "stop")
        _, task = await streamed(actor, script({"end": reason}))
        assert task.state == ("completed" if reason == "length" else "failed")


@pytest.mark.parametrize("end", ["fail", "timeout", "stream_error"])
async def test_failures(caller, simulator, end):
    actor = await caller.reach("actor")
    for way in ("stream", "send"):
        word, again = new_word(), new_word()
        message = script({"text": "begun"}, {end: "secret words"}, word=word)
        task = await actor.send(message) if way == "send" else (await streamed(actor, message))[1]
        assert task.state == "failed"
        untold(task)
        sent = only(simulator.sends(word))["body"]
        after = await actor.send(f"say {again}", context=task.context)
        assert after.text == again
        next_sent = only(simulator.sends(again))["body"]
        assert "task_id" not in next_sent, "a task that has failed takes no more"
        assert next_sent["thread"] == sent["thread"]
        assert "context_reset" in json.dumps(after.metadata)


async def test_cancel_hangs_up(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    async with actor.stream(script({"text": "begun", "part": "a"}, {"wait": 20}, word=word)) as stream:
        task = (await stream.next()).id
        assert (await actor.cancel(task)).state == "canceled"
        await stream.rest()
    canceled = await actor.get(task)
    assert "may run on" in canceled.says
    assert eventually(lambda: only(simulator.sends(word))["hung_up"])
    after = await actor.send("say after", context=canceled.context)
    assert after.text == "after"
    assert "task_id" not in simulator.sends("say after")[-1]["body"]
    assert "context_reset" in json.dumps(after.metadata)


@pytest.mark.parametrize("tool", ["mail", ""], ids=["named", "unnamed"])
async def test_review_waits_for_the_platform(caller, simulator, tool):
    actor = await caller.reach("actor")
    word = new_word()
    review = {"review": tool, "arguments": {"to": "everybody"}}
    async with actor.stream(script(review, {"text": "sent"}, word=word)) as stream:
        events = await stream.until(lambda event: isinstance(event, Status) and event.state == "auth-required")
        task = next(event.id for event in events if isinstance(event, Task))
        assert "Orq" in events[-1].says
        with refusal("unsupported-operation", *(["invalid-params"] if caller.generation == "0.3" else [])):
            await actor.send("approved", task=task)
        simulator.approve(word)
    found = await finished(actor, task)
    assert (found.state, found.text) == ("completed", "sent")
    only(simulator.sends(word))


async def test_refused_by_orq(caller, simulator):
    actor = await caller.reach("actor")
    context = f"context-{uuid.uuid4()}"
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503):
        word = new_word()
        told = script(word=word, status=status, headers={"Retry-After": "7"} if status in (429, 503) else {})
        for way in (lambda: actor.send(told, context=context), lambda: streamed(actor, told, context=context)):
            with pytest.raises(Refused) as refused:
                await way()
            untold(refused.value)
            if status in (429, 503):
                assert refused.value.status == status
                assert refused.value.headers["retry-after"] == "7"
        assert len(simulator.sends(word)) == 2, "each was sent once"
    # Nothing has come of it, and the conversation goes on.
    assert (await actor.send("say better", context=context)).text == "better"


async def test_lost_stream_is_followed(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    steps = [{"text": "one ", "part": "a"}, {"wire": "cut"}, {"wait": 0.1}, {"text": "two", "part": "a"}]
    events, task = await streamed(actor, script(*steps, word=word))
    assert (task.state, task.text) == ("completed", "one two")
    assert events[-1].state == "completed"
    only(simulator.sends(word))


async def test_functions_of_the_caller_behind_a_lost_stream(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    call = {"tool_call_id": "call-1", "name": "weather", "arguments": {"city": "Köln"}}
    end = {"end": "function_call", "state": "input-required", "pending": [call]}
    _, task = await streamed(actor, script({"text": "hm"}, {"wire": "cut"}, end, word=word))
    assert task.state == "input-required"
    assert [part.value for part in task.says_parts] == [{"tool_calls": [call]}]
    with refusal("invalid-params"):
        await actor.send("fine", task=task.id)
    result = {"degrees": 21.5, "by": new_word()}
    answered = await actor.send(data({"tool_call_id": "call-1", "result": result}), task=task.id)
    assert answered.state == "completed"
    only(simulator.sends(word))
    [part] = only(simulator.sends(result["by"]))["body"]["message"]["parts"]
    assert part == {"kind": "tool_result", "tool_call_id": "call-1", "result": result}
