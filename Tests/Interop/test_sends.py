"""A message, and the answer to it."""

import datetime

import pytest

from callers import Message, Task, refusal


async def test_blocking_send(caller):
    echo = await caller.reach("echo")
    task = await echo.send("hello, Größe 🌍")
    assert isinstance(task, Task)
    assert task.state == "completed"
    assert task.text == "hello, Größe 🌍"
    assert task.id and task.context


@pytest.mark.runtime
async def test_clock_agent_tells_the_date(caller):
    clock = await caller.reach("clock")
    answer = await clock.send("What day is it?")
    said = answer.text
    today = datetime.datetime.now(datetime.UTC).date()
    assert any(str(day) in said for day in (today, today - datetime.timedelta(days=1))), said


@pytest.mark.runtime
async def test_plain_output_of_a_shell_agent(caller):
    words = await caller.reach("words")
    task = await words.send("anything")
    assert task.state == "completed"
    assert task.text.rstrip("\n") == "first line\nsecond line: größer"


async def test_immediate_send(caller, gate):
    actor = await caller.reach("actor")
    task = await actor.send(f"obey {gate.path}", wait=False)
    assert task.state in ("submitted", "working")
    async with actor.subscribe(task.id) as events:
        gate.tell("last later")
        gate.tell("done")
        await events.rest()
    task = await actor.get(task.id)
    assert task.state == "completed"
    assert task.artifacts[0].text == "later"


async def test_direct_message_reply(caller):
    actor = await caller.reach("actor")
    answer = await actor.send("reply no task needed")
    if not caller.backend.differs("direct replies"):
        assert isinstance(answer, Message)
        assert answer.role == "agent"
    assert answer.text == "no task needed"
    assert answer.context


async def test_rejection(caller):
    actor = await caller.reach("actor")
    task = await actor.send("reject not my trade")
    assert task.state == ("failed" if caller.backend.differs("rejection") else "rejected")
    if not caller.backend.differs("words of a failure"):
        assert task.says == "not my trade"


async def test_failure(caller):
    actor = await caller.reach("actor")
    task = await actor.send("fail out of paper")
    assert task.state == "failed"
    if not caller.backend.differs("words of a failure"):
        assert task.says == "out of paper"


async def test_crash_of_the_agent_is_a_failure_that_tells_nothing(caller):
    actor = await caller.reach("actor")
    if caller.backend.differs("crash"):
        task = await actor.send("crash", wait=False)
        assert (await actor.get(task.id)).state in ("submitted", "working")
        assert (await actor.cancel(task.id)).state == "canceled"
        return
    task = await actor.send("crash")
    assert task.state == "failed"
    assert "secret" not in task.says


async def test_agent_that_needs_a_login(caller):
    actor = await caller.reach("actor")
    task = await actor.send("login at https://example.com/login")
    assert task.state == ("input-required" if caller.backend.differs("login") else "auth-required")
    if not caller.backend.differs("words of a login"):
        told = task.text if caller.backend.differs("status words") else task.says
        assert told == "at https://example.com/login"


async def test_long_text_comes_back_whole(caller):
    echo = await caller.reach("echo")
    text = "0123456789 größer " * 20_000
    task = await echo.send(text)
    assert task.text == text


async def test_unknown_agent(caller):
    with refusal("not-found"):
        await caller.reach("nobody")
