"""What agents of the workspace do with a message: the suite's actor, an echo, a clock, a few words, or a script that
the message itself holds. A turn is a list of steps, whatever is called and however it is answered.

A step is an object with one of these keys:
    text (with `part` and `last`), file, data, reasoning    a part of the answer; text may come in pieces
    tool (with `arguments`, and `result` or `error`)        a tool that Orq itself has called
    review (with `arguments`)                               the turn rests until the platform has its review
    handed_off, named, created, execution_review            what the agent events alone tell
    usage                                                   what the turn has used
    end (a finish reason; with `pending` and `state`)       the turn is over
    fail, timeout, stream_error (with `code`)               the turn has failed
    wait                                                    seconds
    wire (reset, cut, eof, hang), raw, event                what only streams see: their end, bytes, an event as it is
"""

from __future__ import annotations

import datetime
import json
import pathlib
import sys
from collections.abc import AsyncIterator
from typing import Any

sys.path.append(str(pathlib.Path(__file__).parent.parent.parent / "external"))
from behaviour import Actor

ACTOR = Actor()

Step = dict[str, Any]


def scripted(message: dict) -> dict:
    """What a message says about the answer to it: `{"odd": {...}, "poll": [...], "steps": [...]}`."""
    first = (message["parts"] or [{}])[0].get("text", "")
    return json.loads(first) if first.startswith('{"odd"') else {}


async def steps(engine: str, task: str, principal: str, message: dict, continues: bool) -> AsyncIterator[Step]:
    script = scripted(message)
    if script.get("steps"):
        for step in script["steps"]:
            yield step
        if not step.keys() & {"end", "fail", "timeout", "stream_error"}:
            yield {"end": "stop"}
        return
    if script.get("say"):
        message = {"role": "user", "parts": [{"kind": "text", "text": script["say"]}]}
    match engine:
        case "actor":
            async for step in _acted(task, principal, message, continues):
                yield step
            return
        case "clock":
            yield {"text": f"Today is {datetime.datetime.now(datetime.UTC).date()}.", "last": True}
        case "words":
            yield {"text": "first line\n", "part": "words"}
            yield {"text": "second line: größer", "part": "words", "last": True}
        case _:
            for part in message["parts"]:
                yield {"text": part["text"], "last": True} if part["kind"] == "text" else {"file": part["file"]}
    yield {"end": "stop"}


# ---------------------------------------------------------------- the suite's actor

_ENDS = {
    "completed": {"end": "stop", "state": "completed"},
    # Orq says of an agent that rests only that it does: what it waits for stands in its words.
    "input-required": {"end": "function_call", "state": "input-required"},
    "auth-required": {"end": "function_call", "state": "auth-required"},
}


async def _acted(task: str, principal: str, message: dict, continues: bool) -> AsyncIterator[Step]:
    parts = [_to_a2a(part) for part in message["parts"] if part["kind"] != "tool_result"]
    results = [part for part in message["parts"] if part["kind"] == "tool_result"]
    if results:
        told = [{"tool_call_id": part["tool_call_id"], "result": part.get("result")} for part in results]
        parts.append({"data": {"tool_results": told}})
    try:
        async for event in ACTOR.turn(task, parts, continues, principal):
            for step in _steps_of(event):
                yield step
                if "end" in step or "fail" in step:
                    return
    except RuntimeError as crash:
        yield {"fail": str(crash), "code": 500}


def _steps_of(event: dict) -> list[Step]:
    match event["type"]:
        case "message":
            return [{"text": event["text"], "last": True}, {"end": "stop"}]
        case "usage":
            used, made = event["inputTokens"], event["outputTokens"]
            return [{"usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made}}]
        case "artifact":
            return [_of_part(part, event["id"], event["last"]) for part in event["parts"]]
        case "status":
            return _of_status(event["state"], event["parts"])
    return []


def _of_status(state: str, parts: list[dict]) -> list[Step]:
    said = "".join(part.get("text", "") for part in parts)
    if state == "working":
        return [{"reasoning": said}] if said else []
    if state in ("failed", "rejected"):
        return [{"fail": said, "code": 500, "state": state}]
    calls = [call for part in parts for call in part.get("data", {}).get("tool_calls", [])]
    steps = [{"text": said, "last": True}] if said else []
    return [*steps, _ENDS[state] | {"pending": calls} | ({"state": "input-required"} if calls else {})]


def _of_part(part: dict, artifact: str, last: bool) -> Step:
    if "text" in part:
        return {"text": part["text"], "part": artifact, "last": last}
    if "data" in part:
        return {"data": part["data"]}
    content = {"bytes": part["raw"]} if "raw" in part else {"uri": part["url"]}
    named = {"mimeType": part.get("mediaType"), "name": part.get("filename")}
    return {"file": content | {name: value for name, value in named.items() if value}}


def _to_a2a(part: dict) -> dict:
    if part["kind"] == "text":
        return {"text": part["text"]}
    file = part["file"]
    content = {"raw": file["bytes"]} if "bytes" in file else {"url": file["uri"]}
    return content | {"mediaType": file.get("mimeType", ""), "filename": file.get("name", "")}
