"""Each kind of part, in both directions, and artifacts that come in pieces."""

import json

from callers import data, raw, uri

PNG = raw(bytes(range(256)), "image/png", "a.png")
PDF = uri("https://example.com/b.pdf", "application/pdf", "b.pdf")
VALUES = {"name": "Ümläut", "list": [1, 2.5, True, None], "nested": {"empty": {}}}


async def test_each_kind_of_part_from_the_agent(caller):
    actor = await caller.reach("actor")
    task = await actor.send("show")
    parts = {artifact.id: artifact.parts for artifact in task.artifacts}
    assert [part.value for part in parts["text"]] == ["plain"]
    assert parts["bytes"] == (PNG,)
    assert parts["uri"] == (PDF,)
    assert [(part.kind, part.value) for part in parts["data"]] == [("data", VALUES)]


async def test_each_kind_of_part_to_the_agent_and_back(caller):
    actor = await caller.reach("actor")
    task = await actor.send("mirror", "more text", PNG, PDF, data(VALUES))
    mirror, sizes = task.artifacts
    assert [part.kind for part in mirror.parts] == ["text", "bytes", "uri", "data"]
    assert mirror.parts[0].value == "more text"
    assert mirror.parts[1] == PNG
    assert mirror.parts[2] == PDF
    assert mirror.parts[3].value == VALUES
    assert json.loads(sizes.text) == [256], "the agent has seen the bytes themselves"


async def test_each_kind_of_part_on_a_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("show") as stream:
        events = await stream.rest()
    parts = {event.artifact.id: event.artifact.parts for event in events if hasattr(event, "artifact")}
    assert parts["bytes"] == (PNG,)
    assert parts["uri"] == (PDF,)
    assert parts["data"][0].value == VALUES


async def test_chunks_make_one_artifact(caller, gate):
    actor = await caller.reach("actor")
    for line in ("chunk one ", "chunk two ", "last three", "done"):
        gate.tell(line)
    task = await actor.send(f"obey {gate.path}")
    assert len(task.artifacts) == 1
    assert task.text == "one two three"
