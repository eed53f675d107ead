"""The external agents by a2a-sdk 0.3.x: each is served twice, below `/NAME/rpc` over JSON-RPC and below `/NAME/rest` over
REST, by cards that name A2A 0.3 alone."""

from __future__ import annotations

import uuid
from contextlib import aclosing

from a2a import types
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.apps import A2ARESTFastAPIApplication, A2AStarletteApplication
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.utils import new_task
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from starlette.applications import Starlette
from starlette.routing import Mount

from behaviour import AGENTS, MEDIA_TYPES
from server import serve


class Executor(AgentExecutor):
    def __init__(self, agent):
        self._agent = agent

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        parts = [_written(part.root) for part in context.message.parts]
        task = context.current_task
        async with aclosing(self._agent.turn(context.context_id, parts, task is not None)) as events:
            async for event in events:
                if event["type"] == "message":
                    await event_queue.enqueue_event(_message(context, [{"text": event["text"]}]))
                    return
                if task is None:
                    task = new_task(context.message)
                    await event_queue.enqueue_event(task)
                await self._publish(event, context, updater)

    @staticmethod
    async def _publish(event: dict, context: RequestContext, updater: TaskUpdater) -> None:
        match event["type"]:
            case "status":
                state = types.TaskState(event["state"])
                said = _message(context, event["parts"]) if event["parts"] else None
                await updater.update_status(state, said, final=state not in _GOES_ON)
            case "artifact":
                parts = [_read(part) for part in event["parts"]]
                await updater.add_artifact(
                    parts, event["id"], event["name"], append=event["append"], last_chunk=event["last"]
                )
            case "usage":
                counts = {name: value for name, value in event.items() if name != "type"}
                await updater.update_status(types.TaskState.working, metadata={"usage": counts})
            case "metadata":
                await updater.update_status(types.TaskState.working, metadata={event["name"]: event["value"]})

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


_GOES_ON = {types.TaskState.submitted, types.TaskState.working}


def _message(context: RequestContext, parts: list[dict]) -> types.Message:
    return types.Message(
        message_id=str(uuid.uuid4()), role=types.Role.agent, context_id=context.context_id, task_id=context.task_id,
        parts=[_read(part) for part in parts],
    )


def _read(part: dict) -> types.Part:
    match part:
        case {"text": text}:
            return types.Part(root=types.TextPart(text=text))
        case {"data": data}:
            return types.Part(root=types.DataPart(data=data))
        case {"raw": content}:
            file = types.FileWithBytes(bytes=content, mime_type=part.get("mediaType"), name=part.get("filename"))
        case {"url": uri}:
            file = types.FileWithUri(uri=uri, mime_type=part.get("mediaType"), name=part.get("filename"))
    return types.Part(root=types.FilePart(file=file))


def _written(part) -> dict:
    match part:
        case types.TextPart(text=text):
            return {"text": text}
        case types.DataPart(data=data):
            return {"data": data}
        case types.FilePart(file=file):
            names = {"mediaType": file.mime_type, "filename": file.name}
            content = {"raw": file.bytes} if isinstance(file, types.FileWithBytes) else {"url": file.uri}
            return content | {name: value for name, value in names.items() if value}
    raise ValueError(f"a part of an unknown kind: {part}")


def _routes(base: str, name: str, transport: str) -> list:
    path = f"/{name}/{'rpc' if transport == 'JSONRPC' else 'rest'}"
    card = types.AgentCard(
        name=f"The {name}", description=f"An external agent of the interoperability suite: {name}.", version="1.0.0",
        url=base + path, preferred_transport=transport, protocol_version="0.3.0",
        capabilities=types.AgentCapabilities(streaming=name != "streamless", push_notifications=False),
        default_input_modes=MEDIA_TYPES,
        default_output_modes=MEDIA_TYPES,
        skills=[types.AgentSkill(id=name, name=name, description=f"Is the {name}.", tags=["interoperability"])],
    )
    handler = DefaultRequestHandler(Executor(AGENTS[name]()), InMemoryTaskStore())
    if transport == "JSONRPC":
        return A2AStarletteApplication(card, handler, card_modifier=_claiming).routes(
            path + AGENT_CARD_WELL_KNOWN_PATH, path
        )
    return [Mount(path, app=A2ARESTFastAPIApplication(card, handler, card_modifier=_claiming).build())]


def _claiming(card: types.AgentCard) -> types.AgentCard:
    """The card as it is published; the server goes by the one that it was made with."""
    return card.model_copy(update={"capabilities": types.AgentCapabilities(streaming=True, push_notifications=False)})


def app(base: str) -> Starlette:
    agents = [(name, transport) for name in AGENTS for transport in ("JSONRPC", "HTTP+JSON")]
    return Starlette(routes=[route for name, transport in agents for route in _routes(base, name, transport)])


if __name__ == "__main__":
    serve(app)
