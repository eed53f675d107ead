"""a2a-sdk 0.3.x: the client of A2A 0.3 over JSON-RPC and over REST."""

from __future__ import annotations

import base64
import uuid
from collections.abc import AsyncIterator, Sequence

import httpx
from a2a import types
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.auth import AuthInterceptor, CredentialService
from a2a.client.errors import A2AClientError, A2AClientHTTPError, A2AClientJSONRPCError
from a2a.client.middleware import ClientCallContext

import callers
from callers import Artifact, Card, Chunk, Event, Message, Part, Refused, Status, Stream, Task, as_parts

_RPC_KINDS = {
    -32001: "task-not-found",
    -32002: "task-not-cancelable",
    -32003: "push-not-supported",
    -32004: "unsupported-operation",
    -32007: "extended-card-not-configured",
    -32009: "version-not-supported",
    -32600: "invalid-request",
    -32601: "method-not-found",
    -32602: "invalid-params",
    -32603: "internal",
}
# This SDK shows only the HTTP status of a refusal over REST; several refusals share one.
_REST_KINDS = {
    400: {"invalid-params", "invalid-request", "version-not-supported"},
    401: {"unauthenticated"},
    403: {"forbidden"},
    404: {"not-found", "task-not-found", "method-not-found", "extended-card-not-configured"},
    409: {"task-not-cancelable"},
    422: {"invalid-params"},
    500: {"internal"},
    501: {"unsupported-operation", "push-not-supported"},
}


class _Key(CredentialService):
    def __init__(self, key: str):
        self._key = key

    async def get_credentials(self, security_scheme_name: str, context: ClientCallContext | None) -> str | None:
        return self._key


class Caller(callers.Caller):
    generation = "0.3"

    async def reach(self, agent: str, base: str | None = None) -> Agent:
        http = self.new_http_client()
        with _refusals():
            card = await A2ACardResolver(http, base or self.address(agent)).get_agent_card()
        interceptors = []
        if self.line.key:
            interceptors = [AuthInterceptor(_Key(self.line.key))]
            if self.binding == "HTTP+JSON":
                # This SDK runs no interceptors over REST: its users set the header themselves.
                http.headers["Authorization"] = f"Bearer {self.line.key}"
        clients = {
            (streaming, polling): ClientFactory(
                ClientConfig(
                    streaming=streaming, polling=polling, httpx_client=http, supported_transports=[self.binding]
                )
            ).create(card, interceptors=interceptors)
            for streaming in (False, True)
            for polling in (False, True)
        }
        return Agent(self.binding, card, clients)


class Agent(callers.Agent):
    def __init__(self, binding: str, card: types.AgentCard, clients: dict):
        self.binding = binding
        self.card = _card(card)
        self._clients = clients
        self._streaming = clients[True, False]

    async def send(self, *content, context="", task="", wait=True, history=None):
        configuration = types.MessageSendConfiguration(history_length=history) if history is not None else None
        return await self._answer(_message_of(content, context, task), wait, configuration)

    async def send_in_version(self, version, content):
        headers = ClientCallContext(state={"http_kwargs": {"headers": {"A2A-Version": version}}})
        return await self._answer(_message_of([content], "", ""), True, context=headers)

    async def _answer(self, message: types.Message, wait: bool, configuration=None, context=None):
        client = self._clients[False, not wait]
        with _refusals():
            answers = client.send_message(message, configuration=configuration, context=context)
            [answer] = [_event(item) async for item in answers]
            return answer

    def stream(self, *content, context="", task=""):
        return Stream(_events(self._streaming.send_message(_message_of(content, context, task))))

    def subscribe(self, task):
        return Stream(_events(self._streaming.resubscribe(types.TaskIdParams(id=task))))

    async def get(self, task, history=None):
        with _refusals():
            return _task(await self._streaming.get_task(types.TaskQueryParams(id=task, history_length=history)))

    async def cancel(self, task):
        with _refusals():
            return _task(await self._streaming.cancel_task(types.TaskIdParams(id=task)))

    async def register_push(self, task):
        hook = types.PushNotificationConfig(id="hook", url="https://hooks.example.com/a2a")
        request = types.TaskPushNotificationConfig(task_id=task, push_notification_config=hook)
        with _refusals():
            await self._streaming.set_task_callback(request)

    async def call_unknown_method(self):
        # The SDK has no call that the protocol does not have: its transport is asked directly.
        transport = self._streaming._transport
        with _refusals():
            if self.binding == "JSONRPC":
                await self._ask("tasks/forget")
            else:
                await transport._send_post_request("/v1/tasks:forget", {})

    async def extended_card(self):
        # The SDK does not ask when the card says that there is none: its transport is asked directly.
        with _refusals():
            if self.binding == "JSONRPC":
                answer = await self._ask("agent/getAuthenticatedExtendedCard")
            else:
                answer = await self._streaming._transport._send_get_request("/v1/card", {})
        return _card(types.AgentCard.model_validate(answer))

    async def _ask(self, method: str):
        transport = self._streaming._transport
        payload = {"jsonrpc": "2.0", "id": "1", "method": method, "params": {}}
        payload, arguments = await transport._apply_interceptors(method, payload, None, None)
        answer = await transport._send_request(payload, arguments)
        if "error" in answer:
            raise A2AClientJSONRPCError(types.JSONRPCErrorResponse.model_validate(answer))
        return answer["result"]


class _refusals:
    """Turns the SDK's exceptions into `Refused`."""

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        if not isinstance(error, A2AClientError):
            return
        kinds: set[str] = set()
        status, headers = None, None
        if isinstance(error, A2AClientJSONRPCError) and error.error.code in _RPC_KINDS:
            kinds = {_RPC_KINDS[error.error.code]}
        if isinstance(error, A2AClientHTTPError):
            if isinstance(error.__cause__, httpx.HTTPStatusError):
                status, headers = error.status_code, error.__cause__.response.headers
                kinds = _REST_KINDS.get(status, set())
            else:
                # Resubscribing never looks at the status: all that the SDK can tell is that no stream came.
                kinds = {"no-stream"}
        raise Refused(kinds, status, headers, error) from error


async def _events(answers: AsyncIterator) -> AsyncIterator[Event]:
    with _refusals():
        async for answer in answers:
            yield _event(answer)


def _message_of(content: Sequence[str | Part], context: str, task: str) -> types.Message:
    return types.Message(
        message_id=str(uuid.uuid4()), role=types.Role.user, context_id=context or None, task_id=task or None,
        parts=[_to_part(part) for part in as_parts(content)],
    )


def _to_part(part: Part) -> types.Part:
    match part.kind:
        case "text":
            return types.Part(root=types.TextPart(text=part.value))
        case "data":
            return types.Part(root=types.DataPart(data=part.value))
        case "bytes":
            content = base64.b64encode(part.value).decode()
            file = types.FileWithBytes(bytes=content, mime_type=part.media_type, name=part.filename)
        case "uri":
            file = types.FileWithUri(uri=part.value, mime_type=part.media_type, name=part.filename)
    return types.Part(root=types.FilePart(file=file))


def _part(part: types.Part) -> Part:
    match part.root:
        case types.TextPart(text=text):
            return Part("text", text)
        case types.DataPart(data=data):
            return Part("data", data)
        case types.FilePart(file=types.FileWithBytes() as file):
            return Part("bytes", base64.b64decode(file.bytes, validate=True), file.mime_type or "", file.name or "")
        case types.FilePart(file=types.FileWithUri() as file):
            return Part("uri", file.uri, file.mime_type or "", file.name or "")
    raise AssertionError(f"a part of an unknown kind: {part}")


def _parts(parts) -> tuple[Part, ...]:
    return tuple(_part(part) for part in parts or ())


def _artifact(artifact: types.Artifact) -> Artifact:
    return Artifact(artifact.artifact_id, artifact.name or "", _parts(artifact.parts))


def _message(message: types.Message) -> Message:
    return Message(message.role.value, _parts(message.parts), message.context_id or "", message.task_id or "")


def _said(status: types.TaskStatus) -> tuple[Part, ...]:
    return _parts(status.message.parts) if status.message else ()


def _task(task: types.Task) -> Task:
    said = _said(task.status)
    return Task(
        task.id, task.context_id, task.status.state.value, callers.joined(said), said,
        tuple(_artifact(artifact) for artifact in task.artifacts or ()),
        tuple(_message(message) for message in task.history or ()), task.metadata or {},
    )


def _event(event) -> Event:
    """An event of the SDK: a message, or the task as the client has put it together so far and what changed it."""
    if isinstance(event, types.Message):
        return _message(event)
    task, update = event
    match update:
        case None:
            return _task(task)
        case types.TaskStatusUpdateEvent():
            said = callers.joined(_said(update.status))
            return Status(update.task_id, update.status.state.value, said, update.final)
        case types.TaskArtifactUpdateEvent():
            return Chunk(update.task_id, _artifact(update.artifact), bool(update.append), bool(update.last_chunk))
    raise AssertionError(f"an event of an unknown kind: {update}")


def _card(card: types.AgentCard) -> Card:
    main = (card.url, card.preferred_transport or "JSONRPC", card.protocol_version)
    others = [(each.url, str(each.transport), card.protocol_version) for each in card.additional_interfaces or ()]
    return Card(
        card.name, card.version, bool(card.capabilities.streaming), bool(card.capabilities.push_notifications),
        bool(card.supports_authenticated_extended_card), tuple(skill.id for skill in card.skills),
        tuple(dict.fromkeys([main, *others])), frozenset(card.security_schemes or {}),
    )
