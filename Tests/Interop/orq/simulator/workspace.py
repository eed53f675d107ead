"""The agents of a workspace, their tasks, and the turns of these."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import shapes
from turns import Step, scripted, steps

KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*")
RESERVED = {"run", "stream-run", "a2a", "external"}
# What is kept of an agent's definition.
NEW = {
    "status": "live", "role": "Agent", "description": "", "instructions": "secret instructions", "path": "Default",
    "model": "openai/gpt-4o", "minor": 0, "memory_stores": [], "variables": {}, "a2a": {},
}


class Refusal(Exception):
    def __init__(self, status: int, message: str):
        self.status = status
        self.body = {"message": message}


class Turn:
    """A message, and what the agent makes of it."""

    def __init__(self, task: Task, message: dict):
        self.task = task
        self.number = len(task.turns) + 1
        self.user = {"messageId": message.get("messageId") or shapes.ulid()} | message
        self.script = scripted(message)
        self.response = f"resp_{shapes.ulid()}"
        self.message_id = shapes.ulid()
        self.run = shapes.ulid().lower()
        self.telemetry = {"trace_id": self.run, "span_id": "0123456789abcdef"}
        self.output: list[dict] = []  # messages of the agent and of its tools
        self.parts: list[dict] = []  # of the last message
        self.usage: dict = {}
        self.reason: str | None = None
        self.pending: list[dict] = []
        self.error: str | None = None
        self.over = False
        self._numbers = 0
        self._steps: list[Step] = []
        self._news = asyncio.Condition()
        self._reviewed = asyncio.Event()
        self._open: dict[str, int] = {}  # index of the part that text is appended to

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.parts if part["kind"] == "text")

    def message(self, *parts: dict, role: str = "agent") -> dict:
        return {"messageId": shapes.ulid(), "role": role, "parts": list(parts)}

    # ---------------------------------------------------------------- life

    async def play(self, continues: bool, principal: str) -> None:
        agent = self.task.agent
        # The suite's agents do what they do, also where a run call defines them otherwise.
        engine = agent.get("engine") or str(agent["model"]).removeprefix("suite/")
        try:
            async for step in steps(engine, self.task.id, principal, self.user, continues):
                if "wait" in step:
                    await asyncio.sleep(step["wait"])
                elif "review" in step:
                    await self._review(step)
                else:
                    self._take(step)
                    await self._tell(step)
        finally:
            async with self._news:
                self.over = True
                self._news.notify_all()

    async def follow(self) -> AsyncIterator[Step]:
        """All steps from the first, as they come."""
        seen = 0
        while True:
            async with self._news:
                await self._news.wait_for(lambda: len(self._steps) > seen or self.over)
                if len(self._steps) == seen:
                    return
                step = self._steps[seen]
            seen += 1
            yield step

    async def end(self) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self.over)

    async def _tell(self, step: Step) -> None:
        async with self._news:
            self._steps.append(step)
            self._news.notify_all()

    # ---------------------------------------------------------------- what steps do to it

    def _take(self, step: Step) -> None:
        match step:
            case {"text": text}:
                name = step.get("part", "")
                if name not in self._open:
                    self._open[name] = len(self.parts)
                    self.parts.append({"kind": "text", "text": ""})
                self.parts[self._open[name]]["text"] += text
                if step.get("last"):
                    del self._open[name]
            case {"file": file}:
                self.parts.append({"kind": "file", "file": file})
            case {"data": data}:
                self.parts.append({"kind": "data", "data": data})
            case {"tool": name}:
                step["id"] = step.get("id") or f"call_{self.next_number()}"
                call = {
                    "kind": "tool_call", "tool_name": name, "tool_call_id": step["id"], "arguments": step["arguments"],
                }
                result = step.get("error", step.get("result"))
                done = {"kind": "tool_result", "tool_call_id": step["id"], "result": result}
                self.output += [self.message(call), self.message(done, role="tool")]
                self.task.new_action(step["id"], name, step["arguments"], {"value": result})
            case {"usage": usage}:
                self.usage = usage
            case {"end": reason}:
                self._end(step, reason)
            case {"fail": error} | {"timeout": error} | {"stream_error": error}:
                self.error = error
                self.task.error = error
                self.task.state = step.get("state", "failed")

    def _end(self, step: Step, reason: str) -> None:
        calls = step.get("pending") or []
        self.pending = [
            {
                "id": call["tool_call_id"], "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call["arguments"], ensure_ascii=False)},
            }
            for call in calls
        ]
        for call in calls:
            self.task.new_action(call["tool_call_id"], call["name"], call["arguments"], None)
        asked = [
            {
                "kind": "tool_call", "tool_name": call["name"], "tool_call_id": call["tool_call_id"],
                "arguments": call["arguments"],
            }
            for call in calls
        ]
        if self.parts or asked:
            self.output.append({"messageId": self.message_id, "role": "agent", "parts": self.parts + asked})
        self.reason = reason
        self.task.state = step.get("state", "completed")
        self.task.messages += self.output

    async def _review(self, step: Step) -> None:
        step["id"] = f"call_{self.next_number()}"
        action = self.task.new_action(step["id"], step["review"] or "unnamed", step["arguments"], None)
        step["action"] = action["id"]
        self.task.in_review = True
        await self._tell(step)
        await self._reviewed.wait()
        self.task.in_review = False
        await self._tell({"reviewed": "approved", "id": step["id"], "action": action["id"]})

    def approve(self) -> None:
        self._reviewed.set()


class Task:
    def __init__(self, agent: dict):
        self.id = shapes.ulid()
        self.agent = agent
        self.workspace = shapes.WORKSPACE
        self.turns: list[Turn] = []
        self.messages: list[dict] = []
        self.actions: list[dict] = []
        self.state = "submitted"
        self.error: str | None = None
        self.in_review = False

    @property
    def inactive(self) -> bool:
        return self.turns[-1].over

    def new_action(self, call: str, name: str, arguments: dict, output: dict | None) -> dict:
        action = {
            "id": shapes.ulid(), "call": call, "name": name, "input": arguments, "output": output or {},
            "executed": output is not None, "review": None,
        }
        self.actions.append(action)
        return action


class Workspace:
    """Parameter agents: what the suite calls its agents, and what it says of them."""

    def __init__(self, agents: dict[str, str]):
        self.agents: dict[str, dict] = {}
        self.tasks: dict[str, Task] = {}
        self._playing: set[asyncio.Task] = set()
        for key, description in agents.items():
            self.define({"key": key, "description": description, "display_name": f"The {key}"})["engine"] = key
        self.define({"key": "draft", "status": "draft"})

    def define(self, body: dict) -> dict:
        """An agent, newly made or changed."""
        if not KEY.fullmatch(body["key"]) or body["key"] in RESERVED:
            raise Refusal(400, "The key is invalid")
        model = body.get("model", {})
        if str(model).startswith("nobody/"):
            raise Refusal(404, "model not found")
        stored = self.agents.setdefault(body["key"], NEW | {"_id": shapes.ulid(), "display_name": body["key"]})
        changed = {name: body[name] for name in [*NEW, "key", "display_name"] if name in body}
        if stored | changed != stored:
            stored |= changed | {"minor": stored["minor"] + 1}
        return stored

    def agent(self, key: str) -> dict:
        for found in self.agents.values():
            if key in (found["key"], found["_id"]):
                return found
        raise Refusal(404, "no such agent")

    def task(self, agent: dict, task_id: str) -> Task:
        found = self.tasks.get(task_id)
        if not found or found.agent is not agent:
            raise Refusal(404, "task not found")
        return found

    def begin(self, agent: dict, body: dict) -> Turn:
        """The next turn of a task, or the first of a new one."""
        if "task_id" in body:
            task = self.task(agent, body["task_id"])
            if not task.inactive or task.error:
                raise Refusal(409, "the task has failed" if task.error else "the task is active")
        else:
            task = Task(agent)
            self.tasks[task.id] = task
        message = body["message"]
        waits = bool(task.turns) and task.state in ("input-required", "auth-required")
        asked = {call["id"] for call in task.turns[-1].pending} if task.turns else set()
        told = {part["tool_call_id"] for part in message["parts"] if part["kind"] == "tool_result"}
        if asked != told or (message["role"] == "tool") != bool(told):
            raise Refusal(400, f"Expected tool results for {sorted(asked)}, got {sorted(told)}")
        for action in task.actions:
            if action["call"] in told:
                results = {part["tool_call_id"]: part.get("result") for part in message["parts"]}
                action |= {"executed": True, "output": {"value": results[action["call"]]}}
        turn = Turn(task, message)
        task.turns.append(turn)
        task.state = "working"
        task.messages.append(turn.user)
        person = body.get("identity") or body.get("contact") or {"id": "nobody"}
        playing = asyncio.create_task(turn.play(waits, person["id"]))
        self._playing.add(playing)
        playing.add_done_callback(self._playing.discard)
        return turn

    async def stop(self) -> None:
        for playing in list(self._playing):
            playing.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
