"""a2a-sdk 1.x: the client of A2A 1.0 over JSON-RPC and over HTTP+JSON."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import AsyncIterator, Sequence

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.auth import AuthInterceptor, CredentialService
from a2a.client.client import ClientCallContext
from a2a.client.errors import A2AClientError, AgentCardResolutionError
from a2a.types import a2a_pb2 as pb
from a2a.utils import errors
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value

import callers
from callers import Artifact, Card, Chunk, Event, Message, Part, Refused, Status, Stream, Task, as_parts

_KINDS = {
    errors.TaskNotFoundError: "task-not-found",
    errors.TaskNotCancelableError: "task-not-cancelable",
    errors.PushNotificationNotSupportedError: "push-not-supported",
    errors.UnsupportedOperationError: "unsupported-operation",
    errors.ExtendedAgentCardNotConfiguredError: "extended-card-not-configured",
    errors.VersionNotSupportedError: "version-not-supported",
    errors.InvalidParamsError: "invalid-params",
    errors.InvalidRequestError: "invalid-request",
    errors.MethodNotFoundError: "method-not-found",
    errors.InternalError: "internal",
}
_HTTP_KINDS = {401: "unauthenticated", 403: "forbidden", 404: "not-found"}


class _Key(CredentialService):
    def __init__(self, key: str):
        self._key = key

    async def get_credentials(self, security_scheme_name: str, context: ClientCallContext | None) -> str | None:
        return self._key


class Caller(callers.Caller):
    generation = "1.0"

    async def reach(self, agent: str, base: str | None = None) -> Agent:
        http = self.new_http_client()
        # The factory gives the HTTP client its version header: the card is asked for as every user of the SDK asks.
        factories = {
            streaming: ClientFactory(
                ClientConfig(streaming=streaming, httpx_client=http, supported_protocol_bindings=[self.binding])
            )
            for streaming in (False, True)
        }
        with _refusals():
            card = await A2ACardResolver(http, base or self.address(agent)).get_agent_card()
        interceptors = [AuthInterceptor(_Key(self.line.key))] if self.line.key else []
        return Agent(self.binding, card, {s: f.create(card, interceptors) for s, f in factories.items()})

    async def card_without_version(self, agent: str) -> Card:
        """The card as a client gets it that says nothing of versions."""
        with _refusals():
            return _card(await A2ACardResolver(self.new_http_client(), self.address(agent)).get_agent_card())


class Agent(callers.Agent):
    def __init__(self, binding: str, card: pb.AgentCard, clients: dict):
        self.binding = binding
        self.card = _card(card)
        self._clients = clients

    async def send(self, *content, context="", task="", wait=True, history=None):
        request = _request(content, context, task)
        request.configuration.return_immediately = not wait
        if history is not None:
            request.configuration.history_length = history
        return await self._answer(request)

    async def send_in_version(self, version, content):
        return await self._answer(_request([content], "", ""), {"A2A-Version": version})

    async def _answer(self, request, headers: dict[str, str] | None = None):
        with _refusals():
            call = ClientCallContext(service_parameters=headers) if headers else None
            [answer] = [_event(item) async for item in self._clients[False].send_message(request, context=call)]
            return answer

    def stream(self, *content, context="", task=""):
        return Stream(_events(self._clients[True].send_message(_request(content, context, task))))

    def subscribe(self, task):
        return Stream(_events(self._clients[True].subscribe(pb.SubscribeToTaskRequest(id=task))))

    async def get(self, task, history=None):
        request = pb.GetTaskRequest(id=task)
        if history is not None:
            request.history_length = history
        with _refusals():
            return _task(await self._clients[True].get_task(request))

    async def list(self, **filters) -> Page:
        with _refusals():
            answer = await self._clients[True].list_tasks(pb.ListTasksRequest(**filters))
        return Page([_task(task) for task in answer.tasks], answer.next_page_token, answer.page_size, answer.total_size)

    async def cancel(self, task):
        with _refusals():
            return _task(await self._clients[True].cancel_task(pb.CancelTaskRequest(id=task)))

    async def register_push(self, task):
        request = pb.TaskPushNotificationConfig(task_id=task, url="https://hooks.example.com/a2a")
        with _refusals():
            await self._clients[True].create_task_push_notification_config(request)

    async def call_unknown_method(self):
        # The SDK has no call that the protocol does not have: its transport is asked directly.
        transport = self._clients[True]._transport
        with _refusals():
            if self.binding == "JSONRPC":
                payload = {"jsonrpc": "2.0", "id": "1", "method": "ForgetTask", "params": {}}
                await transport._send_request(payload, await self._authorised())
            else:
                await transport._execute_request("POST", "/tasks:forget", "", await self._authorised(), json={})

    async def extended_card(self):
        # The SDK does not ask when the card says that there is none: its transport is asked directly.
        transport = self._clients[True]._transport
        with _refusals():
            if self.binding == "JSONRPC":
                payload = {"jsonrpc": "2.0", "id": "1", "method": "GetExtendedAgentCard", "params": {}}
                answer = (await transport._send_request(payload, await self._authorised()))["result"]
            else:
                answer = await transport._execute_request("GET", "/extendedAgentCard", "", await self._authorised())
        return _card(ParseDict(answer, pb.AgentCard()))

    async def _authorised(self) -> ClientCallContext:
        """The call context that the SDK's own interceptors make."""
        from a2a.client.interceptors import BeforeArgs

        client = self._clients[True]
        args = BeforeArgs(input=None, method="", agent_card=client._card, context=ClientCallContext())
        for interceptor in client._interceptors:
            await interceptor.before(args)
        return args.context


@dataclasses.dataclass(frozen=True)
class Page:
    tasks: list[Task]
    next_token: str
    size: int
    total: int


class _refusals:
    """Turns the SDK's exceptions into `Refused`."""

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        if not isinstance(error, errors.A2AError):
            return
        response = error.__cause__.response if isinstance(error.__cause__, httpx.HTTPStatusError) else None
        status = response.status_code if response is not None else None
        kinds = {_KINDS[type(error)]} if type(error) in _KINDS else set()
        if isinstance(error, A2AClientError | AgentCardResolutionError) and status in _HTTP_KINDS:
            kinds.add(_HTTP_KINDS[status])
        raise Refused(kinds, status, response.headers if response is not None else None, error) from error


async def _events(answers: AsyncIterator) -> AsyncIterator[Event]:
    with _refusals():
        async for answer in answers:
            yield _event(answer)


def _request(content: Sequence[str | Part], context: str, task: str) -> pb.SendMessageRequest:
    message = pb.Message(
        message_id=str(uuid.uuid4()), role=pb.ROLE_USER, context_id=context, task_id=task,
        parts=[_to_part(part) for part in as_parts(content)],
    )
    return pb.SendMessageRequest(message=message)


def _to_part(part: Part) -> pb.Part:
    content = {
        "text": lambda: {"text": part.value},
        "bytes": lambda: {"raw": part.value},
        "uri": lambda: {"url": part.value},
        "data": lambda: {"data": ParseDict(part.value, Value())},
    }[part.kind]()
    return pb.Part(**content, media_type=part.media_type, filename=part.filename)


def _part(part: pb.Part) -> Part:
    field = part.WhichOneof("content")
    kind = {"raw": "bytes", "url": "uri"}.get(field, field)
    value = MessageToDict(part.data) if field == "data" else getattr(part, field)
    return Part(kind, value, part.media_type, part.filename)


def _parts(parts) -> tuple[Part, ...]:
    return tuple(_part(part) for part in parts)


def _state(state: int) -> str:
    return pb.TaskState.Name(state).removeprefix("TASK_STATE_").lower().replace("_", "-")


def _artifact(artifact: pb.Artifact) -> Artifact:
    return Artifact(artifact.artifact_id, artifact.name, _parts(artifact.parts))


def _message(message: pb.Message) -> Message:
    role = "user" if message.role == pb.ROLE_USER else "agent"
    return Message(role, _parts(message.parts), message.context_id, message.task_id)


def _task(task: pb.Task) -> Task:
    said = _parts(task.status.message.parts)
    return Task(
        task.id, task.context_id, _state(task.status.state), callers.joined(said), said,
        tuple(_artifact(artifact) for artifact in task.artifacts), tuple(_message(message) for message in task.history),
        MessageToDict(task.metadata),
    )


def _event(event: pb.StreamResponse) -> Event:
    match event.WhichOneof("payload"):
        case "task":
            return _task(event.task)
        case "message":
            return _message(event.message)
        case "status_update":
            update = event.status_update
            said = callers.joined(_parts(update.status.message.parts))
            return Status(update.task_id, _state(update.status.state), said, None)
        case "artifact_update":
            update = event.artifact_update
            return Chunk(update.task_id, _artifact(update.artifact), update.append, update.last_chunk)
    raise AssertionError(f"an event without content: {event}")


def _card(card: pb.AgentCard) -> Card:
    return Card(
        card.name, card.version, card.capabilities.streaming, card.capabilities.push_notifications,
        card.capabilities.extended_agent_card, tuple(skill.id for skill in card.skills),
        tuple((each.url, each.protocol_binding, each.protocol_version) for each in card.supported_interfaces),
        frozenset(card.security_schemes),
    )
