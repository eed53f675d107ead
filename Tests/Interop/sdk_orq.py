"""orq-ai-sdk 4.x and 3.x: the clients of the Orq Agents API."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from orq_ai_sdk import Orq, models
from orq_ai_sdk.agents import Agents

import callers
from callers import Line

VERSION = importlib.metadata.version("orq-ai-sdk")
IS_V4 = VERSION.startswith("4.")

# What scenarios may need and some SDKs have (marker `needs`).
OPERATIONS = (
    ({"responses", "blocking"} if IS_V4 else {"tasks"})
    | ({"a2a"} if hasattr(Agents, "post_v2_agents_a2a") else set())
    | ({"external"} if VERSION.startswith("4.17.") else set())
)


def text(value: str) -> dict:
    return {"kind": "text", "text": value}


def message(*parts: str | dict) -> dict:
    return {"role": "user", "parts": [text(part) if isinstance(part, str) else part for part in parts]}


def results(**by_call: Any) -> dict:
    """The answer to pending calls, by the names of their functions."""
    return {
        "role": "tool",
        "parts": [
            {"kind": "tool_result", "tool_call_id": f"call-{name}", "result": result}
            for name, result in by_call.items()
        ],
    }


def plain(value: Any) -> Any:
    """A model of the SDK as it was on the wire."""
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)


def said(parts: list[dict]) -> str:
    return "".join(part["text"] for part in parts if part["kind"] == "text")


@dataclasses.dataclass(frozen=True)
class Event:
    type: str
    data: dict


class Stream:
    """An open stream; every event is one that the SDK has parsed."""

    def __init__(self, events: Iterator):
        self._events = iter(events)

    def next(self) -> Event:
        return self._read(next(self._events))

    def rest(self) -> list[Event]:
        events = [self._read(event) for event in self._events]
        if IS_V4:
            return events
        # To 3.x the mark of the end is an event like any other.
        assert events[-1].type == "[DONE]"
        return events[:-1]

    def until(self, kind: str) -> Event:
        while (event := self.next()).type != kind:
            pass
        return event

    @staticmethod
    def _read(event: Any) -> Event:
        if IS_V4:
            # One of the SDK's own classes, by its type.
            assert type(event.data).__name__.endswith("Event")
            event = plain(event.data)
        elif event.data.strip() == "[DONE]":
            return Event("[DONE]", {})
        else:
            event = json.loads(event.data)
        assert event["timestamp"]
        return Event(event["type"], event["data"])


@contextlib.contextmanager
def refusal(status: int, words: str = "", declared: bool = False):
    """Passes when the block is refused with this status, in the words of the gateway.

    Of a refusal that the API declares, the SDK makes an error of a class of its own, with the body parsed.
    """
    with pytest.raises(models.OrqError) as caught:
        yield
    error = caught.value
    assert error.status_code == status, error
    assert set(json.loads(error.body)) == {"message"}
    assert words in json.loads(error.body)["message"]
    assert hasattr(error, "data") == declared, type(error)
    assert not declared or words in error.data.message


def defined(key: str, **more: Any) -> dict:
    """The definition of an agent that the gateway's own runtime can run."""
    return {
        "key": key, "model": "suite/actor", "role": "Actor", "description": "An agent that a call has made.",
        "instructions": "Act.", "path": "Default", "settings": {} if IS_V4 else {"tools": []},
    } | more


class Caller:
    def __init__(self, line: Line):
        trust = ssl.create_default_context(cafile=line.authority) if line.authority else True
        self._http = httpx.Client(verify=trust, trust_env=False, timeout=callers.CALL_SECONDS_MAX)
        key = {"api_key": line.key} if line.key else {}
        self._sdk = Orq(server_url=line.url, client=self._http, **key)
        self.agents = self._sdk.agents

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_) -> None:
        self._http.close()

    # ---------------------------------------------------------------- turns

    def respond(self, agent: str, *content: str | dict, task: str | None = None, **more: Any) -> dict:
        response = self.agents.responses.create(agent_key=agent, **self._turn(content, task), **more)
        assert isinstance(response, models.CreateAgentResponse)
        return plain(response)

    def response(self, agent: str, task: str) -> dict:
        return plain(self.agents.responses.get(agent_key=agent, task_id=task))

    def finished_response(self, agent: str, task: str) -> dict:
        end = time.monotonic() + callers.CALL_SECONDS_MAX
        while (response := self.response(agent, task))["status"] == "in_progress":
            assert time.monotonic() < end, response
        return response

    def invoke(self, agent: str, *content: str | dict, task: str | None = None, **more: Any) -> dict:
        return plain(self.agents.invoke(key=agent, **self._turn(content, task), **more))

    def answer(self, agent: str, task: str) -> str:
        """What the newest turn of a task says in the end."""
        if IS_V4:
            return "".join(said(message["parts"]) for message in self.finished_response(agent, task)["output"])
        return said(self.finished_task(agent, task)["history"][-1]["parts"])

    def run(self, agent: str, *content: str | dict, task: str | None = None, **more: Any) -> dict:
        definition = defined(agent, **more) | self._turn(content, task)
        return plain(self.agents.run(**definition) if IS_V4 else self.agents.run(request=definition))

    # ---------------------------------------------------------------- streams

    @contextlib.contextmanager
    def stream_response(self, agent: str, *content: str | dict, task: str | None = None):
        with self.agents.responses.create(agent_key=agent, stream=True, **self._turn(content, task)) as events:
            yield Stream(events)

    @contextlib.contextmanager
    def stream_task(self, agent: str, *content: str | dict, task: str | None = None):
        with self.agents.stream(key=agent, stream_timeout_seconds=30, **self._turn(content, task)) as events:
            yield Stream(events)

    @contextlib.contextmanager
    def stream_run(self, agent: str, *content: str | dict, task: str | None = None, **more: Any):
        definition = defined(agent, **more) | self._turn(content, task)
        stream = self.agents.stream_run(**definition) if IS_V4 else self.agents.stream_run(request=definition)
        with stream as events:
            yield Stream(events)

    # ---------------------------------------------------------------- tasks

    def task(self, agent: str, task: str) -> dict:
        return plain(self.agents.retrieve_task(agent_key=agent, task_id=task))

    def finished_task(self, agent: str, task: str) -> dict:
        return self._task_beyond(agent, task, "submitted", "working")

    def running_task(self, agent: str, task: str) -> dict:
        """The task once its agent works."""
        return self._task_beyond(agent, task, "submitted")

    def _task_beyond(self, agent: str, task: str, *states: str) -> dict:
        end = time.monotonic() + callers.CALL_SECONDS_MAX
        while (found := self.task(agent, task))["status"]["state"] in states:
            assert time.monotonic() < end, found
        return found

    def tasks(self, agent: str, **query: Any) -> dict:
        return plain(self.agents.list_tasks(agent_key=agent, **query))

    # ---------------------------------------------------------------- bodies

    @staticmethod
    def _turn(content: tuple, task: str | None) -> dict:
        whole = len(content) == 1 and isinstance(content[0], dict) and "role" in content[0]
        return {"message": content[0] if whole else message(*content)} | ({"task_id": task} if task else {})
