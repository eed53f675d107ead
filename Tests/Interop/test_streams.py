"""Streams: what arrives, in which order, and when it ends."""

import asyncio

from callers import Chunk, Message, Status, Task, chunks, refusal, said, states, working


def is_chunk(word):
    return lambda event: isinstance(event, Chunk) and event.text == word


async def running(caller, actor, gate):
    """A task that has said its first word, and the stream of its starter."""
    stream = actor.stream(f"obey {gate.path}")
    await stream.__aenter__()
    gate.tell("chunk one")
    if caller.backend.differs("chunks"):
        gate.tell("work on it")
    events = await stream.until(working(caller, "on it") if caller.backend.differs("chunks") else is_chunk("one"))
    return stream, next(event.id for event in events if isinstance(event, Task))


def obeyed(caller, text):
    """What an agent that was told these words, and then that it is done, has said in the end."""
    return text + "obeyed" if caller.backend.differs("status words") else text


async def test_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("say as it comes") as stream:
        events = await stream.rest()
    task = events[0]
    assert isinstance(task, Task), "a stream begins with the task"
    assert all(event.task == task.id for event in events if isinstance(event, Status | Chunk))
    assert chunks(events) == ["as it comes"]
    assert states(events)[-1] == "completed"
    assert isinstance(events[-1], Status), "nothing follows the final state"
    if caller.generation == "0.3":
        assert [event.final for event in events if isinstance(event, Status)][-1] is True


async def test_each_chunk_arrives_before_the_next_is_made(caller, gate):
    actor = await caller.reach("actor")
    async with actor.stream(f"obey {gate.path}") as stream:
        for word in ("one", "two", "three"):
            gate.tell(f"chunk {word}")
            if not caller.backend.differs("chunks"):
                await stream.until(is_chunk(word))
        gate.tell("work nearly there")
        if not caller.backend.differs("progress"):
            await stream.until(lambda event: isinstance(event, Status) and event.says == "nearly there")
        gate.tell("last four")
        gate.tell("done")
        events = await stream.rest()
    assert said(events) == obeyed(caller, "onetwothreefour" if caller.backend.differs("chunks") else "four")
    assert [event.last for event in events if isinstance(event, Chunk)][-1] is True
    assert events[-1].state == "completed"
    if not caller.backend.differs("status words"):
        assert events[-1].says == "obeyed"


async def test_only_the_last_status_of_a_stream_is_final(caller, gate):
    actor = await caller.reach("actor")
    async with actor.stream(f"obey {gate.path}") as stream:
        for line in ("work a", "work b", "done"):
            gate.tell(line)
        statuses = [event for event in await stream.rest() if isinstance(event, Status)]
    if not caller.backend.differs("progress"):
        assert [status.says for status in statuses if status.says] == ["a", "b", "obeyed"]
    if caller.generation == "0.3":
        assert [status.final for status in statuses] == [False] * (len(statuses) - 1) + [True]


async def test_direct_message_reply_on_a_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("reply just this") as stream:
        events = await stream.rest()
    if caller.backend.differs("direct replies"):
        assert said(events) == "just this"
        assert events[-1].state == "completed"
    else:
        [message] = events
        assert isinstance(message, Message)
        assert message.text == "just this"


async def test_failure_on_a_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("fail in the middle") as stream:
        events = await stream.rest()
    assert states(events)[-1] == "failed"
    if not caller.backend.differs("words of a failure"):
        assert events[-1].says == "in the middle"


async def test_crash_on_a_stream_ends_it_with_a_failure(caller):
    actor = await caller.reach("actor")
    async with actor.stream("crash") as stream:
        if caller.backend.differs("crash"):
            task = (await stream.next()).id
            await stream.until(lambda event: isinstance(event, Status) and event.state == "working")
            await actor.cancel(task)
            assert (await stream.rest())[-1].state == "canceled"
            return
        events = await stream.rest()
    assert states(events)[-1] == "failed"
    assert "secret" not in events[-1].says


async def test_question_ends_the_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("ask which one?") as stream:
        events = await stream.rest()
    assert states(events)[-1] == "input-required"
    assert (said(events) if caller.backend.differs("status words") else events[-1].says) == "which one?"
    if caller.generation == "0.3":
        assert events[-1].final is True


async def test_subscribe_in_mid_run(caller, gate):
    actor = await caller.reach("actor")
    started, task = await running(caller, actor, gate)
    async with actor.subscribe(task) as later:
        if caller.generation == "1.0":
            snapshot = await later.next()
            assert isinstance(snapshot, Task), "a subscription begins with the task"
            assert snapshot.text == ("" if caller.backend.differs("chunks") else "one")
        for line in ("chunk two", "chunk three", "last four", "done"):
            gate.tell(line)
        events = await later.rest()
        whole = obeyed(caller, "onetwothreefour")
        assert said(events) == (whole if caller.backend.differs("chunks") else whole.removeprefix("one"))
        assert events[-1].state == "completed"
        if caller.generation == "0.3":
            assert events[-1].final is True
    await started.__aexit__()
    assert (await actor.get(task)).text == whole


async def test_two_subscribers_see_the_same(caller, gate):
    actor = await caller.reach("actor")
    started, task = await running(caller, actor, gate)
    async with actor.subscribe(task) as first, actor.subscribe(task) as second:
        numbers = "".join(map(str, range(50)))
        for number in range(50):
            gate.tell(f"chunk {number}")
        gate.tell("done")
        of_starter, of_first, of_second = await asyncio.gather(started.rest(), first.rest(), second.rest())
    await started.__aexit__()
    assert said(of_starter) == obeyed(caller, ("one" if caller.backend.differs("chunks") else "") + numbers)
    assert chunks(of_first) == chunks(of_second) == chunks(of_starter)


async def test_hanging_up_does_not_cancel(caller, gate):
    actor = await caller.reach("actor")
    started, task = await running(caller, actor, gate)
    await started.__aexit__()
    async with actor.subscribe(task) as later:
        gate.tell("last two")
        gate.tell("done")
        await later.rest()
    task = await actor.get(task)
    assert task.state == "completed"
    assert task.text == obeyed(caller, "onetwo")


async def test_subscribe_to_a_finished_task(caller):
    actor = await caller.reach("actor")
    task = await actor.send("say done")
    with refusal("unsupported-operation", "invalid-params", "no-stream"):
        async with actor.subscribe(task.id) as stream:
            await stream.rest()


async def test_subscribe_to_an_unknown_task(caller):
    actor = await caller.reach("actor")
    with refusal("task-not-found", "no-stream"):
        async with actor.subscribe("no-such-task") as stream:
            await stream.rest()
