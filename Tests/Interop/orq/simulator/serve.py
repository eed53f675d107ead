"""An Orq workspace for tests, written from the API's documents and from the models of its SDKs alone: serve.py
GENERATION CERT KEY AGENTS, where AGENTS is JSON, descriptions by key. Says its URLs as JSON on standard output and ends
on TERM.

It runs beside the SDK of its generation, whose models every request body must satisfy without a field left over. All it
has been asked is kept; calls below /simulator, which the real one does not have, tell it and set what goes wrong next.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from typing import Any

import pydantic
from orq_ai_sdk import models

import shapes
from events import AgentFamily, ResponseFamily, frame
from turns import scripted
from web import Connection, Gone, Odd, Request, listen
from workspace import Refusal, Turn, Workspace

KEY = "sk-of-the-simulated-workspace"
PAGE_MAX = 3

BODIES = {
    "run": ["RunAgentRequestBody"],
    "stream-run": ["StreamRunAgentRequestBody"],
    "task": ["InvokeAgentRequestBody"],
    "stream-task": ["StreamAgentRequestBody"],
    "responses": ["CreateAgentResponseRequestRequestBody"],
    "create": ["CreateAgentRequestRequestBody", "CreateAgentRequestBody"],
    "update": ["UpdateAgentRequestBody"],
    "a2a": ["PostV2AgentsA2aRequestBody"],
}


def left_over(sent: Any, understood: Any, where: str) -> list[str]:
    """The fields of a body that its model does not have."""
    if isinstance(sent, dict) and isinstance(understood, dict):
        unknown = [f"{where}.{name} is unknown" for name in sent.keys() - understood.keys()]
        return unknown + [
            complaint for name in sent.keys() & understood.keys()
            for complaint in left_over(sent[name], understood[name], f"{where}.{name}")
        ]
    if isinstance(sent, list) and isinstance(understood, list):
        return [complaint for one, other in zip(sent, understood) for complaint in left_over(one, other, where)]
    return []


def paged(found: list[dict], query: dict[str, str], size: int) -> tuple[list[dict], bool]:
    """A page, and whether there is more in its direction."""
    ids = [each["_id"] for each in found]
    if "ending_before" in query:
        end = ids.index(query["ending_before"])
        start = max(end - size, 0)
        return found[start:end], start > 0
    start = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
    return found[start : start + size], start + size < len(found)


@dataclasses.dataclass
class Record:
    """What has been asked, and what became of it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    connection: int
    status: int = 0
    hung_up: bool = False

    def has(self, words: str, method: str) -> bool:
        return method in ("", self.method) and words in self.path + json.dumps(self.body, ensure_ascii=False)


class Server:
    def __init__(self, generation: int, agents: dict[str, str]):
        self._generation = generation
        self._workspace = Workspace(agents)
        self._records: list[Record] = []
        self._complaints: list[str] = []
        # What goes wrong next, by method and path.
        self._next: dict[str, list[Odd]] = {}
        self._polls: dict[str, list[Odd]] = {}

    async def stop(self) -> None:
        await self._workspace.stop()

    async def handle(self, connection: Connection, request: Request) -> None:
        if request.path.startswith("/simulator/"):
            await connection.answer(200, self._told(request), Odd())
            return
        body = json.loads(request.body) if request.body else None
        record = Record(
            request.method, request.path, request.query, request.headers, body, request.connection
        )
        self._records.append(record)
        try:
            await self._route(connection, request, record)
        except Refusal as refusal:
            record.status = refusal.status
            await connection.answer(refusal.status, refusal.body, Odd())

    # ---------------------------------------------------------------- control

    def _told(self, request: Request) -> Any:
        match request.path.removeprefix("/simulator/"):
            case "records":
                words, method = request.query.get("words", ""), request.query.get("method", "")
                found = [record for record in self._records if record.has(words, method)]
                return {"records": [dataclasses.asdict(record) for record in found]}
            case "complaints":
                return {"complaints": self._complaints + self._repeated()}
            case "forgive":
                forgiven, self._complaints = self._complaints, []
                return {"complaints": forgiven}
            case "next":
                for route, odds in request.json().items():
                    self._next[route] = [Odd(**odd) for odd in odds]
            case "approve":
                for task in self._workspace.tasks.values():
                    if task.in_review and request.json()["of"] in json.dumps(task.turns[-1].user):
                        task.turns[-1].approve()
        return {}

    def _repeated(self) -> list[str]:
        """Turns that came twice: the gateway gives each an id and a thread."""
        sends = [
            json.dumps([record.path, record.body], sort_keys=True) for record in self._records
            if record.method == "POST" and record.status == 200 and "thread" in (record.body or {})
        ]
        return [f"sent twice: {send}" for send in set(sends) if sends.count(send) > 1]

    def _odd(self, request: Request) -> Odd:
        waiting = self._next.get(f"{request.method} {request.path}")
        return waiting.pop(0) if waiting else Odd()

    # ---------------------------------------------------------------- routes

    async def _route(self, connection: Connection, request: Request, record: Record) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refusal(401, "API key for the workspace not found")
        path = request.path.removeprefix("/v2/agents").strip("/").split("/")
        if not request.path.startswith("/v2/agents"):
            raise Refusal(404, "Not found")
        match request.method, path:
            case "POST", ["run" | "stream-run" as name]:
                await self._send(connection, request, record, name, self._defined)
            case "POST", [key, "task" | "stream-task" as name]:
                await self._send(connection, request, record, name, lambda _: self._workspace.agent(key))
            case "POST", [key, "responses"] if self._generation == 4:
                await self._send(connection, request, record, "responses", lambda _: self._workspace.agent(key))
            case _:
                status, body = self._plain(request, path)
                odd = self._odd(request)
                if polls := self._polls.get(path[2] if len(path) > 2 else ""):
                    odd = polls.pop(0)
                record.status = odd.status or status
                await connection.answer(status, body, odd)

    def _plain(self, request: Request, path: list[str]) -> tuple[int, Any]:
        workspace, generation = self._workspace, self._generation
        match request.method, path:
            case "GET", [""]:
                return 200, self._listed(request.query)
            case "GET", [key]:
                return 200, shapes.manifest(workspace.agent(key), generation)
            case "POST", [""]:
                body = self._body(request, "create")
                if body["key"] in workspace.agents:
                    raise Refusal(409, "Agent key already exists")
                return 201, shapes.manifest(workspace.define(body), generation)
            case "PATCH", [key]:
                body = self._body(request, "update")
                return 200, shapes.manifest(workspace.define({"key": workspace.agent(key)["key"]} | body), generation)
            case "POST", ["a2a"] if generation == 4:
                body = self._body(request, "a2a")
                if body["key"] in workspace.agents:
                    raise Refusal(409, "Agent key already exists")
                a2a = {name: body[name] for name in ("agent_url", "card_url", "headers") if name in body}
                a2a = {"headers": {}} | a2a
                return 201, shapes.registration(workspace.define(body | {"a2a": a2a}))
            case "POST", [key, "card", "refresh"] if generation == 4:
                if not workspace.agent(key)["a2a"]:
                    raise Refusal(400, "not an external agent")
                return 200, {"message": "The card is refreshed", "card": {}}
            case "DELETE", [key]:
                del workspace.agents[workspace.agent(key)["key"]]
                return 204, None
            case "GET", [key, "responses", task] if generation == 4:
                turn = workspace.task(workspace.agent(key), task).turns[-1]
                status = "failed" if turn.error else "completed" if turn.over else "in_progress"
                return 200, shapes.response(turn, status)
            case "GET", [key, "tasks"] if generation == 3:
                return 200, self._listed_tasks(key, request.query)
            case "GET", [key, "tasks", task] if generation == 3:
                return 200, shapes.task_with_history(workspace.task(workspace.agent(key), task))
            case "GET", [key, "tasks", task, "actions"] if generation == 3:
                found = workspace.task(workspace.agent(key), task)
                actions = [shapes.action(each, found) for each in found.actions]
                return 200, {"object": "list", "data": actions, "has_more": False}
            case "GET", [key, "tasks", task, "actions", action] if generation == 3:
                found = workspace.task(workspace.agent(key), task)
                for each in found.actions:
                    if each["id"] == action:
                        return 200, shapes.action(each, found)
                raise Refusal(404, "no such action")
        raise Refusal(404, "Not found")

    def _listed(self, query: dict[str, str]) -> dict:
        """Newest first. A page may hold less than was asked for."""
        shown = [shapes.manifest(agent, self._generation) for agent in self._workspace.agents.values()][::-1]
        size = min(int(float(query["limit"])), PAGE_MAX) if "limit" in query else len(shown)
        page, has_more = paged(shown, query, size)
        return {"object": "list", "data": page, "has_more": has_more}

    def _listed_tasks(self, key: str, query: dict[str, str]) -> dict:
        agent = self._workspace.agent(key)
        states: dict[str, Callable] = {
            "in_progress": lambda task: not task.inactive,
            "inactive": lambda task: task.inactive and not task.error,
            "errored": lambda task: bool(task.error),
            "approval_required": lambda task: task.in_review,
        }
        found = [task for task in self._workspace.tasks.values() if task.agent is agent][::-1]
        wanted = query["status"].split(",") if "status" in query else list(states)
        found = [shapes.record(task) for task in found if any(states[state](task) for state in wanted)]
        page, _ = paged(found, query, int(float(query.get("limit", 10))))
        return {"tasks": page, "overall_total": len(found)}

    # ---------------------------------------------------------------- sends

    def _body(self, request: Request, name: str) -> dict:
        """The body of a request, which the SDK's own model must take."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(415, "JSON is expected")
        body = request.json()
        [model] = [getattr(models, each) for each in BODIES[name] if hasattr(models, each)]
        try:
            understood = model.model_validate(body).model_dump(mode="json", by_alias=True, exclude_unset=True)
        except pydantic.ValidationError as error:
            self._complaints.append(f"{request.path}: {error}")
            raise Refusal(422, str(error)) from error
        self._complaints += left_over(body, understood, request.path)
        return body

    def _defined(self, body: dict) -> dict:
        """The agent that a run call defines."""
        return self._workspace.define(body)

    async def _send(
        self, connection: Connection, request: Request, record: Record, name: str, agent_of: Callable[[dict], dict]
    ) -> None:
        body = self._body(request, name)
        if not body["message"]["parts"]:
            raise Refusal(400, "message.parts must not be empty")
        script = scripted(body["message"])
        odd = Odd(**script["odd"]) if script else self._odd(request)
        record.status = 200
        if odd.status:
            record.status = odd.status
            await connection.answer(200, {}, odd)
            return
        turn = self._workspace.begin(agent_of(body), body)
        self._polls[turn.task.id] = [Odd(**each) for each in script.get("poll", [])]
        answering = asyncio.create_task(self._answer(connection, turn, name, body, odd))
        leaving = asyncio.create_task(connection.hung_up())
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        await asyncio.wait([leaving])
        if not answering.done():
            record.hung_up = True
            answering.cancel()
            raise Gone
        await answering

    async def _answer(self, connection: Connection, turn: Turn, name: str, body: dict, odd: Odd) -> None:
        match name:
            case "stream-run" | "stream-task":
                await self._stream(connection, turn, AgentFamily(turn), odd)
            case "responses" if body.get("stream"):
                await self._stream(connection, turn, ResponseFamily(turn), odd)
            case "responses":
                if not body.get("background"):
                    await turn.end()
                await connection.answer(200, shapes.response(turn), odd)
            case "task" if (body.get("configuration") or {}).get("blocking"):
                await turn.end()
                task = turn.task
                said = [shapes.extended(message, task, index) for index, message in enumerate(task.messages, 1)]
                await connection.answer(200, shapes.task(task, self._generation, said), odd)
            case _:
                await connection.answer(200, shapes.task(turn.task, self._generation), odd)

    async def _stream(
        self, connection: Connection, turn: Turn, family: ResponseFamily | AgentFamily, odd: Odd
    ) -> None:
        async def say(event: dict | str) -> None:
            await connection.send(frame(event, odd, self._generation))

        if odd.body is not None:
            await connection.answer(200, None, odd)
            return
        await connection.begin_stream(odd)
        if odd.bom:
            await connection.send("\ufeff".encode())
        for event in family.opening():
            await say(event)
        async for step in turn.follow():
            match step:
                case {"wire": "reset"}:
                    connection.reset()
                case {"wire": "cut"}:
                    connection.cut()
                case {"wire": "hang"}:
                    await connection.hang()
                case {"wire": "eof"}:
                    await connection.finish(odd)
                    return
                case {"raw": text}:
                    await connection.send(text.encode())
            for event in family.of(step):
                await say(event)
        if not odd.no_done:
            await say("[DONE]")
        await connection.finish(odd)


async def main() -> None:
    generation, certificate, key, agents = sys.argv[1:]
    server = Server(int(generation), json.loads(agents))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    urls = {"plain": await listen(server.handle, None), "tls": await listen(server.handle, context), "key": KEY}
    print(json.dumps(urls), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    await server.stop()
    # Answers that still hang are nobody's loss.
    os._exit(0)


asyncio.run(main())
