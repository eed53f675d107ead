"""The external agents by a2a-sdk 1.x: each is served twice, below `/NAME/rpc` over JSON-RPC and below `/NAME/rest` over
HTTP+JSON, by cards that name A2A 1.0 alone."""

from __future__ import annotations

import uuid
from contextlib import aclosing

from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandlerV2
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as pb
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from google.protobuf.json_format import MessageToDict, ParseDict
from starlette.applications import Starlette
from starlette.routing import Mount

from behaviour import AGENTS, MEDIA_TYPES
from server import serve


class Executor(AgentExecutor):
    def __init__(self, agent):
        self._agent = agent

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        parts = [MessageToDict(part) for part in context.message.parts]
        task = context.current_task
        async with aclosing(self._agent.turn(context.context_id, parts, task is not None)) as events:
            async for event in events:
                if event["type"] == "message":
                    await event_queue.enqueue_event(_message(context, [{"text": event["text"]}]))
                    return
                if task is None:
                    task = new_task_from_user_message(context.message)
                    await event_queue.enqueue_event(task)
                await self._publish(event, context, updater)

    @staticmethod
    async def _publish(event: dict, context: RequestContext, updater: TaskUpdater) -> None:
        match event["type"]:
            case "status":
                state = pb.TaskState.Value("TASK_STATE_" + event["state"].upper().replace("-", "_"))
                said = _message(context, event["parts"]) if event["parts"] else None
                await updater.update_status(state, said)
            case "artifact":
                parts = [ParseDict(part, pb.Part()) for part in event["parts"]]
                await updater.add_artifact(
                    parts, event["id"], event["name"], append=event["append"], last_chunk=event["last"]
                )
            case "usage":
                counts = {name: value for name, value in event.items() if name != "type"}
                await updater.update_status(pb.TASK_STATE_WORKING, metadata={"usage": counts})
            case "metadata":
                await updater.update_status(pb.TASK_STATE_WORKING, metadata={event["name"]: event["value"]})

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def _message(context: RequestContext, parts: list[dict]) -> pb.Message:
    return pb.Message(
        message_id=str(uuid.uuid4()), role=pb.ROLE_AGENT, context_id=context.context_id, task_id=context.task_id,
        parts=[ParseDict(part, pb.Part()) for part in parts],
    )


def _routes(base: str, name: str, binding: str) -> list:
    path = f"/{name}/{'rpc' if binding == 'JSONRPC' else 'rest'}"
    card = pb.AgentCard(
        name=f"The {name}", description=f"An external agent of the interoperability suite: {name}.", version="1.0.0",
        supported_interfaces=[pb.AgentInterface(url=base + path, protocol_binding=binding, protocol_version="1.0")],
        capabilities=pb.AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=MEDIA_TYPES,
        default_output_modes=MEDIA_TYPES,
        skills=[pb.AgentSkill(id=name, name=name, description=f"Is the {name}.", tags=["interoperability"])],
    )
    enforced = pb.AgentCard()
    enforced.CopyFrom(card)
    enforced.capabilities.streaming = name != "streamless"
    handler = DefaultRequestHandlerV2(Executor(AGENTS[name]()), InMemoryTaskStore(), enforced)
    card_routes = create_agent_card_routes(card, card_url=path + AGENT_CARD_WELL_KNOWN_PATH)
    if binding == "JSONRPC":
        return card_routes + create_jsonrpc_routes(handler, path)
    return [*card_routes, Mount(path, routes=create_rest_routes(handler))]


def app(base: str) -> Starlette:
    agents = [(name, binding) for name in AGENTS for binding in ("JSONRPC", "HTTP+JSON")]
    return Starlette(routes=[route for name, binding in agents for route in _routes(base, name, binding)])


if __name__ == "__main__":
    serve(app)
