"""Each kind of part, in both directions, and artifacts that come in pieces."""

import json

from callers import Chunk, data, raw, text, uri

PNG = raw(bytes(range(256)), "image/png", "a.png")
PDF = uri("https://example.com/b.pdf", "application/pdf", "b.pdf")
VALUES = {"name": "Ümläut", "list": [1, 2.5, True, None], "nested": {"empty": {}}}


async def test_each_kind_of_part_from_the_agent(caller):
    actor = await caller.reach("actor")
    task = await actor.send("show")
    check_each_kind(caller, task.artifacts)


async def test_each_kind_of_part_to_the_agent_and_back(caller):
    actor = await caller.reach("actor")
    task = await actor.send("mirror", "more text", PNG, PDF, data(VALUES))
    *parts, sizes = (part for artifact in task.artifacts for part in artifact.parts)
    assert parts[:3] == [text("more text"), PNG, PDF]
    assert json.loads(sizes.value) == [256], "the agent has seen the bytes themselves"
    if caller.backend.differs("data to the agent"):
        assert json.loads(parts[3].value) == VALUES
    else:
        assert parts[3] == data(VALUES)
    if not caller.backend.differs("artifacts as made"):
        assert [artifact.id for artifact in task.artifacts] == ["mirror", "sizes"]


async def test_each_kind_of_part_on_a_stream(caller):
    actor = await caller.reach("actor")
    async with actor.stream("show") as stream:
        events = await stream.rest()
    artifacts = [event.artifact for event in events if isinstance(event, Chunk)]
    check_each_kind(caller, [artifact for artifact in artifacts if artifact.parts[0] != text("")])


def check_each_kind(caller, artifacts):
    assert [artifact.parts for artifact in artifacts] == [(text("plain"),), (PNG,), (PDF,), (data(VALUES),)]
    if not caller.backend.differs("artifacts as made"):
        assert [artifact.id for artifact in artifacts] == ["text", "bytes", "uri", "data"]


async def test_chunks_make_one_artifact(caller, gate):
    actor = await caller.reach("actor")
    for line in ("chunk one ", "chunk two ", "last three", "done"):
        gate.tell(line)
    task = await actor.send(f"obey {gate.path}")
    assert task.artifacts[0].text == "one two three"
    assert [artifact.text for artifact in task.artifacts[1:]] == (
        ["obeyed"] if caller.backend.differs("status words") else []
    )
