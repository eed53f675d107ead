"""The words of the scenarios: the same for both generations of the official SDK and for both bindings.

`sdk_v10.py` and `sdk_v03.py` translate between these and what their SDK hands out; the scenarios see nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from typing import Any

import httpx

from backends import HERE, Backend

# No call of a scenario takes longer than this unless the gateway hangs.
CALL_SECONDS_MAX = 15

TERMINAL = {"completed", "failed", "canceled", "rejected"}


# ---------------------------------------------------------------- what is sent and received


@dataclasses.dataclass(frozen=True)
class Part:
    kind: str  # text, bytes, uri or data
    value: Any
    media_type: str = ""
    filename: str = ""


def text(value: str) -> Part:
    return Part("text", value)


def raw(value: bytes, media_type: str, filename: str) -> Part:
    return Part("bytes", value, media_type, filename)


def uri(value: str, media_type: str, filename: str) -> Part:
    return Part("uri", value, media_type, filename)


def data(value: dict) -> Part:
    return Part("data", value)


def joined(parts: Sequence[Part]) -> str:
    """The text of the text parts."""
    return "".join(part.value for part in parts if part.kind == "text")


@dataclasses.dataclass(frozen=True)
class Artifact:
    id: str
    name: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return joined(self.parts)


@dataclasses.dataclass(frozen=True)
class Message:
    role: str  # user or agent
    parts: tuple[Part, ...]
    context: str
    task: str = ""

    @property
    def text(self) -> str:
        return joined(self.parts)


@dataclasses.dataclass(frozen=True)
class Task:
    id: str
    context: str
    state: str  # in the spelling of 0.3: input-required, canceled, ...
    says: str  # the text of the status message
    says_parts: tuple[Part, ...]
    artifacts: tuple[Artifact, ...]
    history: tuple[Message, ...]
    metadata: dict

    @property
    def text(self) -> str:
        return "".join(artifact.text for artifact in self.artifacts)


@dataclasses.dataclass(frozen=True)
class Status:
    task: str
    state: str
    says: str
    final: bool | None  # None where the protocol has no such flag


@dataclasses.dataclass(frozen=True)
class Chunk:
    task: str
    artifact: Artifact
    append: bool
    last: bool

    @property
    def text(self) -> str:
        return self.artifact.text


Event = Task | Message | Status | Chunk


@dataclasses.dataclass(frozen=True)
class Card:
    name: str
    version: str
    streaming: bool
    push: bool
    extended: bool
    skills: tuple[str, ...]
    interfaces: tuple[tuple[str, str, str], ...]  # url, binding, protocol version, preferred first
    schemes: frozenset[str]  # names of the declared security schemes


class Refused(Exception):
    """The SDK raised an error. `kinds` holds every meaning that the error, as this client sees it, can have."""

    def __init__(self, kinds: set[str], status: int | None, headers: httpx.Headers | None, cause: Exception):
        super().__init__(f"{'/'.join(sorted(kinds)) or 'unclassified'} (HTTP {status}): {cause!r}")
        self.kinds = kinds
        self.status = status
        self.headers = headers or httpx.Headers()


@contextlib.contextmanager
def refusal(*kinds: str):
    """Passes when the block is refused with one of these meanings."""
    try:
        yield
    except Refused as refused:
        assert refused.kinds & set(kinds), f"refused as {refused}, expected {' or '.join(kinds)}"
    else:
        raise AssertionError(f"accepted, but expected a refusal: {' or '.join(kinds)}")


# ---------------------------------------------------------------- streams

# Set by the HTTP client when the head of a response has arrived in the task that carries this variable.
_opening: ContextVar[asyncio.Event | None] = ContextVar("opening", default=None)


async def response_arrived(_: httpx.Response) -> None:
    opened = _opening.get()
    if opened is not None:
        opened.set()


class Stream:
    """An open stream. Entering it returns once the gateway has answered, so whatever happens next is seen by it;
    leaving it hangs up."""

    _end = object()

    def __init__(self, events: AsyncIterator[Event]):
        self._events = events
        self._queue: asyncio.Queue = asyncio.Queue()
        self._opened = asyncio.Event()

    async def __aenter__(self) -> Stream:
        self._pump = asyncio.create_task(self._run())
        await self._opened.wait()
        return self

    async def __aexit__(self, *_) -> None:
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump

    async def _run(self) -> None:
        _opening.set(self._opened)
        try:
            async for event in self._events:
                self._queue.put_nowait(event)
            self._queue.put_nowait(self._end)
        except Exception as error:
            self._queue.put_nowait(error)
        finally:
            self._opened.set()

    async def until(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """The events up to and including the first that is wanted."""
        events: list[Event] = []
        while True:
            item = await self._queue.get()
            if item is self._end:
                raise AssertionError(f"the stream ended after {events}")
            if isinstance(item, Exception):
                raise item
            events.append(item)
            if wanted(item):
                return events

    async def next(self) -> Event:
        return (await self.until(lambda _: True))[0]

    async def rest(self) -> list[Event]:
        """All events to the end of the stream."""
        events: list[Event] = []
        while (item := await self._queue.get()) is not self._end:
            if isinstance(item, Exception):
                raise item
            events.append(item)
        return events


def chunks(events: Sequence[Event]) -> list[str]:
    """The pieces of text, without those that only say that an artifact is whole."""
    return [event.text for event in events if isinstance(event, Chunk) and event.text]


def said(events: Sequence[Event]) -> str:
    return "".join(chunks(events))


def states(events: Sequence[Event]) -> list[str]:
    """The states that the events tell of, in order, each named once in a row."""
    names = [event.state for event in events if isinstance(event, Task | Status)]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def working(caller: Caller, words: str) -> Callable[[Event], bool]:
    """Tells the status by which an agent says these words on its way."""
    told = not caller.backend.differs("progress")
    return lambda event: isinstance(event, Status) and event.state == "working" and (not told or event.says == words)


# ---------------------------------------------------------------- agents under the test's control


class Gate:
    """A named pipe from the test to a running agent: the agent does what each line says when the line comes."""

    def __init__(self, path: str):
        os.mkfifo(path)
        self.path = path
        # Held open for both directions: neither side ever waits for the other to open, and nothing is lost.
        self._descriptor = os.open(path, os.O_RDWR)

    def tell(self, line: str) -> None:
        os.write(self._descriptor, line.encode() + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


# ---------------------------------------------------------------- callers


@dataclasses.dataclass(frozen=True)
class Line:
    """How a caller reaches the gateway."""

    url: str
    authority: str | None = None  # file of the certificate authority, for TLS
    key: str | None = None

    def http_client(self) -> httpx.AsyncClient:
        trust = ssl.create_default_context(cafile=self.authority) if self.authority else True
        return httpx.AsyncClient(
            verify=trust, trust_env=False, timeout=CALL_SECONDS_MAX, event_hooks={"response": [response_arrived]}
        )


class Agent(ABC):
    """One agent, as one SDK sees it over one binding."""

    card: Card

    @abstractmethod
    async def send(
        self, *content: str | Part, context: str = "", task: str = "", wait: bool = True, history: int | None = None
    ) -> Task | Message: ...

    @abstractmethod
    def stream(self, *content: str | Part, context: str = "", task: str = "") -> Stream: ...

    @abstractmethod
    async def get(self, task: str, history: int | None = None) -> Task: ...

    @abstractmethod
    async def cancel(self, task: str) -> Task: ...

    @abstractmethod
    def subscribe(self, task: str) -> Stream: ...

    @abstractmethod
    async def call_unknown_method(self) -> None: ...

    @abstractmethod
    async def send_in_version(self, version: str, content: str) -> Task | Message: ...

    @abstractmethod
    async def register_push(self, task: str) -> None: ...

    @abstractmethod
    async def extended_card(self) -> Card: ...


class Caller(ABC):
    """An official client: one SDK generation, one binding, one line to a gateway whose agents are in one place."""

    generation: str  # 1.0 or 0.3

    def __init__(self, binding: str, line: Line, backend: Backend = HERE):
        self.binding = binding  # JSONRPC or HTTP+JSON
        self.line = line
        self.backend = backend
        self._clients: list[httpx.AsyncClient] = []

    def new_http_client(self) -> httpx.AsyncClient:
        client = self.line.http_client()
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    @abstractmethod
    async def reach(self, agent: str, base: str | None = None) -> Agent:
        """Resolves the agent's card below `base` (the agent's own address unless given) and connects by it."""

    def address(self, agent: str) -> str:
        return f"{self.line.url}/agents/{agent}"


def as_parts(content: Sequence[str | Part]) -> list[Part]:
    return [text(item) if isinstance(item, str) else item for item in content]
