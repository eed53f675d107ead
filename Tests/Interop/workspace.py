"""Messages that tell the simulated workspace of Orq what to make of them, and what scenarios ask of its answers."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from callers import Task

# Steps that make every event of both families but the last one.
EVERYTHING = [
    {"reasoning": "thinking"}, {"named": "A name"}, {"created": "by a colleague"}, {"handed_off": "colleague"},
    {"execution_review": True},
    {"tool": "clock", "arguments": {"zone": "UTC"}, "result": {"time": "12:00"}},
    {"tool": "search", "arguments": {}, "error": "out of reach"},
    {"text": "one ", "part": "a"}, {"text": "two", "part": "a", "last": True},
    {"file": {"uri": "https://example.com/b.pdf", "mimeType": "application/pdf"}}, {"data": {"big": 2**60}},
    {"usage": {
        "prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46, "prompt_tokens_details": None,
        "completion_tokens_details": {"reasoning_tokens": None},
    }},
]
AGENT_EVENTS = {
    "agents.execution_started", "event.agents.started", "event.agents.thought", "event.agents.execution_named",
    "event.agents.message-created", "event.agents.handed_off", "event.agents.execution_review_required",
    "event.agents.execution_reviewed", "event.workflow_events.tool_execution_started",
    "event.workflow_events.tool_execution_finished", "event.workflow_events.tool_execution_failed",
}
RESPONSE_EVENTS = {
    "response.started", "tool.started", "tool.done", "tool.failed", "part.delta", "part.done",
}


def new_word() -> str:
    """What no other message has said."""
    return f"word-{uuid.uuid4()}"


def script(*steps: dict, word: str = "", poll: list[dict] | None = None, say: str = "", **odd: Any) -> str:
    """A message that says what becomes of it: steps of the turn (or what the actor shall do), what the answer does
    otherwise than others, and what becomes of the questions that follow, one after the other."""
    told = {"odd": odd, "steps": steps, "poll": poll or [], "word": word or new_word()}
    return json.dumps(told | ({"say": say} if say else {}))


def untold(*answers: Any) -> None:
    """What Orq keeps to itself is in nothing that callers get but their own words, which say what it is to be."""
    for answer in answers:
        told = dataclasses.replace(answer, history=()) if isinstance(answer, Task) else answer
        assert "secret" not in repr(told)


async def streamed(actor, *content, **more) -> tuple[list, Task]:
    """The events of a stream, and the task as it stands afterwards."""
    async with actor.stream(*content, **more) as stream:
        events = await stream.rest()
    task = next(event for event in events if isinstance(event, Task))
    untold(*events)
    return events, await actor.get(task.id)


async def finished(actor, task: str) -> Task:
    end = time.monotonic() + 10
    while (found := await actor.get(task)).state in ("submitted", "working", "auth-required"):
        assert time.monotonic() < end, found
    return found


def eventually(wanted: Callable[[], Any]) -> Any:
    end = time.monotonic() + 5
    while not (found := wanted()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)
    return found


def only(records: list[dict]) -> dict:
    """The one send that there must be."""
    assert len(records) == 1, f"sent {len(records)} times"
    return records[0]
