"""Tasks after they were made: get, list, cancel, and whose they are."""

import pytest

from callers import refusal, working
from conftest import GENERATION, new_caller


async def test_get(caller):
    actor = await caller.reach("actor")
    sent = await actor.send("say kept")
    task = await actor.get(sent.id)
    assert task.id == sent.id
    assert task.context == sent.context
    assert task.state == "completed"
    assert task.text == "kept"
    assert task.history[0].role == "user"
    assert task.history[0].text == "say kept"
    assert task.history[0].context == sent.context


async def test_get_with_a_history_of_one(caller):
    actor = await caller.reach("actor")
    asked = await actor.send("ask which?")
    answered = await actor.send("this one", task=asked.id, context=asked.context)
    assert answered.state == "completed"
    task = await actor.get(answered.id, history=1)
    assert len(task.history) == 1


async def test_usage_stands_in_the_metadata_of_the_task(caller):
    actor = await caller.reach("actor")
    sent = await actor.send("spend some")
    task = await actor.get(sent.id)
    if caller.backend.differs("usage"):
        return
    if caller.backend.differs("metadata"):
        usage = task.metadata["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == (12, 34)
    else:
        assert task.metadata["usage"] == {"inputTokens": 12, "outputTokens": 34}
        assert task.metadata["model"] == "none"


async def test_get_unknown_task(caller):
    actor = await caller.reach("actor")
    with refusal("task-not-found"):
        await actor.get("01JZZZZZZZZZZZZZZZZZZZZZZZ")


async def test_cancel_of_a_running_task(caller, gate):
    actor = await caller.reach("actor")
    async with actor.stream(f"obey {gate.path}") as stream:
        gate.tell("work on it")
        task = (await stream.next()).id
        await stream.until(working(caller, "on it"))
        canceled = await actor.cancel(task)
        assert canceled.state == "canceled"
        events = await stream.rest()
        assert events[-1].state == "canceled"
    assert (await actor.get(task)).state == "canceled"


async def test_cancel_of_a_finished_task(caller):
    actor = await caller.reach("actor")
    task = await actor.send("say over")
    with refusal("task-not-cancelable"):
        await actor.cancel(task.id)


async def test_cancel_of_an_unknown_task(caller):
    actor = await caller.reach("actor")
    with refusal("task-not-found"):
        await actor.cancel("01JZZZZZZZZZZZZZZZZZZZZZZZ")


@pytest.mark.keys
async def test_task_of_another_caller_is_unknown(client, gateway):
    partner, stranger = (new_caller(client, gateway, gateway.keys[name]) for name in ("partner", "stranger"))
    mine, theirs = await partner.reach("actor"), await stranger.reach("actor")
    task = await mine.send("ask which?")
    with refusal("task-not-found"):
        await theirs.get(task.id)
    with refusal("task-not-found"):
        await theirs.cancel(task.id)
    with refusal("task-not-found"):
        await theirs.send("this one", task=task.id)
    with refusal("task-not-found", "no-stream"):
        async with theirs.subscribe(task.id) as stream:
            await stream.rest()
    assert (await mine.get(task.id)).state == "input-required"
    if not client.backend.differs("principal"):
        assert (await mine.send("whoami")).text != (await theirs.send("whoami")).text
    await partner.close()
    await stranger.close()


if GENERATION == "1.0":

    async def test_list(caller):
        actor = await caller.reach("actor")
        first = await actor.send("say one")
        second = await actor.send("say two", context=first.context)
        third = await actor.send("ask three?", context=first.context)
        page = await actor.list(context_id=first.context)
        assert [task.id for task in page.tasks] == [third.id, second.id, first.id], "newest first"
        assert page.total == 3
        assert page.next_token == ""
        assert not any(task.artifacts for task in page.tasks), "artifacts only where they are asked for"

    async def test_list_by_pages(caller):
        actor = await caller.reach("actor")
        context = (await actor.send("say 0")).context
        for number in range(1, 5):
            await actor.send(f"say {number}", context=context)
        seen, token = [], ""
        while True:
            page = await actor.list(context_id=context, page_size=2, page_token=token, include_artifacts=True)
            assert page.size == 2
            assert page.total == 5
            seen += [task.text for task in page.tasks]
            token = page.next_token
            if not token:
                break
        assert seen == ["4", "3", "2", "1", "0"]

    async def test_list_by_state(caller):
        from a2a.types import a2a_pb2 as pb

        actor = await caller.reach("actor")
        done = await actor.send("say done")
        await actor.send("ask which?", context=done.context)
        page = await actor.list(context_id=done.context, status=pb.TASK_STATE_COMPLETED)
        assert [task.id for task in page.tasks] == [done.id]

    async def test_list_with_a_page_too_large(caller):
        actor = await caller.reach("actor")
        with refusal("invalid-params"):
            await actor.list(page_size=101)
