"""HTTP/1.1 written as bytes: an origin must be able to do on purpose what no server library does."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import ssl
import urllib.parse
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

REASONS = {200: "OK", 201: "Created", 204: "No Content"}


@dataclasses.dataclass
class Odd:
    """What one answer does that a plain one does not. Messages and control calls of the simulator carry it as JSON."""

    # The answer as a whole.
    status: int = 0
    content_type: str = ""
    body: str | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    interim: list[int] = dataclasses.field(default_factory=list)
    first_byte_after: float = 0
    gzip: bool = False
    length_off_by: int = 0  # what Content-Length says beyond the truth; of a stream, all that it says
    delimited: str = ""  # length, chunked, or close: the connection's end is the body's
    hang: bool = False  # nothing at all comes
    reset: bool = False  # the connection is reset instead
    then_close: bool = False  # the connection ends after the answer, which does not say so
    # Bytes that nobody asked for, sent with the end of the answer: those that come later may come behind the next request,
    # where nobody can tell them from its answer.
    trailing: str = ""
    # Streams.
    newline: str = "\n"
    framing: str = ""  # object, string, two spaces, tight, or lines; the generation's own unless given
    chop: int = 0  # no write is longer
    comments: bool = False
    fields: bool = False  # lines for event, id, retry, and one that nobody knows
    bom: bool = False
    no_done: bool = False


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


class Gone(Exception):
    """The connection is over, by the client or on purpose."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int):
        self._reader = reader
        self._writer = writer
        self._number = number
        # Of the next request, read while the last answer ended.
        self._early = b""
        self._chop = 0
        self._chunked = False
        self._compressor = None

    # ---------------------------------------------------------------- requests

    async def request(self) -> Request | None:
        try:
            read = self._early + await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        self._early = b""
        head = read.decode("latin-1").split("\r\n")
        method, target, version = head[0].split(" ")
        assert version == "HTTP/1.1", head[0]
        headers: dict[str, str] = {}
        for line in head[1:]:
            if line:
                name, _, value = line.partition(":")
                assert name.lower() not in headers, f"{name} stands twice"
                headers[name.lower()] = value.strip()
        if headers.get("expect") == "100-continue":
            await self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        path, _, query = target.partition("?")
        asked = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        body = await self._body(headers)
        return Request(method, urllib.parse.unquote(path), dict(asked), headers, body, self._number)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self._reader.readline(), 16):
                body += await self._reader.readexactly(size)
                assert await self._reader.readline() == b"\r\n"
            assert await self._reader.readline() == b"\r\n"
            return body
        return await self._reader.readexactly(int(headers.get("content-length", 0)))

    # ---------------------------------------------------------------- answers

    async def answer(self, status: int, content: Any, odd: Odd) -> None:
        """A whole answer; `content` is JSON, or None where there is none."""
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        content_type = "application/json; charset=utf-8"
        if odd.status:
            status, body = odd.status, json.dumps({"message": "secret words of the workspace"}).encode()
        if odd.body is not None:
            body, content_type = odd.body.encode(), "text/html"
        if odd.gzip:
            body = gzip.compress(body)
        by = odd.delimited or ("none" if status == 204 else "length")
        headers = {"Content-Length": str(len(body) + odd.length_off_by)} if by == "length" else {}
        if by == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        if body:
            headers["Content-Type"] = odd.content_type or content_type
        await self._head(status, headers, odd)
        if by == "chunked":
            self._chunked = True
            await self.send(body)
            await self.finish(odd)
        else:
            await self._write(body + odd.trailing.encode())
            if by == "close":
                raise Gone
            await self._after(odd)

    async def begin_stream(self, odd: Odd) -> None:
        headers = {"Content-Type": odd.content_type or "text/event-stream", "Cache-Control": "no-cache"}
        self._chunked = not odd.delimited
        if self._chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif odd.delimited == "length":
            headers["Content-Length"] = str(odd.length_off_by)
        self._compressor = zlib.compressobj(wbits=31) if odd.gzip else None
        await self._head(200, headers, odd)

    async def send(self, data: bytes) -> None:
        """More of a body that has no length."""
        if self._compressor:
            data = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        size = self._chop or max(len(data), 1)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await self._write(b"%x;odd=yes\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)

    async def finish(self, odd: Odd) -> None:
        if not self._chunked:
            raise Gone
        await self._write(b"0\r\nX-Trailer: yes\r\n\r\n" + odd.trailing.encode())
        await self._after(odd)

    def cut(self) -> None:
        """Ends the connection in the middle of a body."""
        self._writer.close()
        raise Gone

    def reset(self) -> None:
        self._writer.transport.abort()
        raise Gone

    async def hang(self) -> None:
        """Nothing more comes until the client gives up."""
        await asyncio.Event().wait()

    async def hung_up(self) -> None:
        """Ends when the client has hung up. Its next request may come as soon as it has the answer's last byte, which is
        before all here know that it is written."""
        if byte := await self._reader.read(1):
            self._early = byte
            await asyncio.Event().wait()

    async def _head(self, status: int, headers: dict[str, str], odd: Odd) -> None:
        if odd.hang:
            await self.hang()
        if odd.reset:
            self.reset()
        await asyncio.sleep(odd.first_byte_after)
        for code in odd.interim:
            await self._write(f"HTTP/1.1 {code} Interim\r\nLink: </style.css>; rel=preload\r\n\r\n".encode())
        if odd.gzip:
            headers["Content-Encoding"] = "gzip"
        if odd.delimited == "close":
            headers["Connection"] = "close"
        headers |= {"Date": "Thu, 01 Jan 2026 00:00:00 GMT", "X-Request-Id": "req_1"} | odd.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._chop = odd.chop
        await self._write(f"HTTP/1.1 {status} {REASONS.get(status, '')}\r\n{lines}\r\n".encode())

    async def _after(self, odd: Odd) -> None:
        if odd.then_close or odd.length_off_by:
            self.cut()

    async def _write(self, data: bytes) -> None:
        try:
            size = self._chop or max(len(data), 1)
            for start in range(0, len(data), size):
                self._writer.write(data[start : start + size])
                await self._writer.drain()
                if self._chop:
                    # So that the kernel hands it out by itself.
                    await asyncio.sleep(0)
        except ConnectionError:
            raise Gone from None


Handler = Callable[[Connection, Request], Awaitable[None]]


async def listen(handler: Handler, context: ssl.SSLContext | None) -> str:
    """Serves on a free loopback port and returns the URL."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        connection = Connection(reader, writer, count)
        try:
            while request := await connection.request():
                await handler(connection, request)
        except (Gone, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, limit=64 * 1024 * 1024)
    port = server.sockets[0].getsockname()[1]
    return f"https://localhost:{port}" if context else f"http://127.0.0.1:{port}"
