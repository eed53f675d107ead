"""The line to a workspace of Orq, whoever calls: all ways to write an answer, and all ways to fail."""

import json

import httpx
import pytest

from backends import ORQ_SIMULATED
from callers import CALL_SECONDS_MAX, Refused, chunks, said
from workspace import eventually, new_word, only, script, streamed, untold

pytestmark = [pytest.mark.simulated, pytest.mark.keys, pytest.mark.once]


# ---------------------------------------------------------------- how it is written


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
async def test_streams_in_all_writings(caller, newline):
    actor = await caller.reach("actor")
    framings = ["object", "tight", "lines", "two spaces", *(["string"] if caller.backend.generation == 3 else [])]
    for framing in framings:
        # Once, every byte comes alone.
        odd = {"chop": 1} if framing == framings[-1] else {"comments": True, "fields": True}
        told = f"größer, by {framing}"
        message = script(
            {"text": told[:5], "part": "a"}, {"text": told[5:], "part": "a"}, newline=newline, framing=framing, **odd
        )
        _, task = await streamed(actor, message)
        assert (task.state, task.text) == ("completed", told)


async def test_answers_in_all_writings(caller, simulator):
    actor = await caller.reach("actor")
    writings = [
        {"delimited": "chunked", "chop": 1}, {"delimited": "close"}, {"interim": [100, 103, 102]}, {"then_close": True},
        {"bom": True, "no_done": True}, {"first_byte_after": 0.3},
    ]
    for odd in writings:
        if odd.get("delimited") == "chunked" and only_streams(caller):
            odd = {"content_type": "Text/Event-Stream; charset=UTF-8"}
        word = new_word()
        task = await actor.send(script({"text": word, "last": True}, word=word, **odd))
        assert (task.state, task.text) == ("completed", word), odd
        only(simulator.sends(word))


def only_streams(caller) -> bool:
    """Whether a blocking call is a stream too."""
    return caller.backend.generation == 3 or caller.backend.call == "run"


async def test_events_that_nobody_knows(caller, simulator):
    actor = await caller.reach("actor")
    strange = [
        {"event": {"type": "event.agents.dreamt", "timestamp": "2026-01-01T00:00:00Z", "data": {"of": "secret sheep"}}},
        {"event": {"type": "response.dreamt", "data": None, "more": [1, {"deep": []}]}},
        {"raw": 'data: {"type":"part.dreamt","timestamp":null,"data":[]}\n\n'},
        {"raw": ": comment\n\n\n\nevent: nothing\n\n"},
    ]
    word = new_word()
    before = simulator.look_ups()
    _, task = await streamed(actor, script(*strange, {"text": "awake"}, *strange, word=word))
    assert (task.state, task.text) == ("completed", "awake")
    assert simulator.look_ups() == before, "the stream was not given up for them"


async def test_very_long_text(caller):
    actor = await caller.reach("actor")
    long = "größer " * 100_000
    _, task = await streamed(actor, script({"text": long, "part": "a"}, {"text": "end", "part": "a"}))
    assert task.text == long + "end"


async def test_very_many_pieces(caller):
    actor = await caller.reach("actor")
    pieces = [{"text": f"{number} ", "part": "a"} for number in range(1000)]
    events, task = await streamed(actor, script(*pieces))
    assert task.text == said(events) == "".join(step["text"] for step in pieces)
    assert len(task.artifacts) == 1
    assert len(chunks(events)) == (1000 if caller.backend.call == "responses" else 1)


@pytest.mark.calls("responses")
async def test_numbers_keep_their_digits(caller):
    """What the SDKs cannot show: their JSON has doubles only."""
    numbers = '{"big":123456789012345678901234567890,"small":0.12345678901234567890123456789}'
    part = f'{{"kind":"data","data":{numbers}}}'
    event = f'data: {{"type":"part.done","timestamp":"t","data":{{"partId":"data_1","part":{part}}}}}\n\n'
    message = {"messageId": new_word(), "role": "ROLE_USER", "parts": [{"text": script({"raw": event})}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": message}}
    headers = {"A2A-Version": "1.0", "Authorization": f"Bearer {caller.line.key}"}
    async with caller.line.http_client() as http:
        answer = await http.post(caller.address("actor"), json=body, headers=headers, timeout=CALL_SECONDS_MAX)
    assert numbers in answer.text


@pytest.mark.calls("responses")
async def test_half_of_a_pair_fails_nothing(caller, simulator):
    actor = await caller.reach("actor")
    before = simulator.look_ups()
    half = {"partId": "text_1", "part": {"kind": "text", "text": "HALF"}}
    event = {"type": "part.done", "timestamp": "2026-01-01T00:00:00Z", "data": half}
    raw = "data: " + json.dumps(event).replace("HALF", "cut \\ud83d short") + "\n\n"
    _, task = await streamed(actor, script({"raw": raw}))
    assert (task.state, task.text) == ("completed", "cut \ufffd short")
    assert simulator.look_ups() == before, "the stream was not given up for it"


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("odd", [
    {"body": "<html><h1>secret page</h1></html>"},
    {"gzip": True},
    {"length_off_by": 300, "delimited": "length"},
    {"length_off_by": -5, "delimited": "length"},
    {"reset": True},
], ids=["a page", "compressed", "too short", "too long", "reset"])
async def test_no_answer_to_go_by(caller, simulator, odd):
    actor = await caller.reach("actor")
    for way in (actor.send, lambda message: streamed(actor, message)):
        word = new_word()
        try:
            answer = await way(script({"text": "said", "last": True}, word=word, **odd))
        except Refused as refused:
            untold(refused)
        else:
            task = answer[1] if isinstance(answer, tuple) else answer
            assert odd.get("length_off_by") == 300, "what cannot be read is refused"
            assert (task.state, task.text) in (("failed", ""), ("completed", "said"))
        only(simulator.sends(word))
    assert (await actor.send("say after")).text == "after"


@pytest.mark.calls("responses", "run")
async def test_stream_that_does_not_begin(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    _, task = await streamed(actor, script({"text": "said"}, word=word, hang=True))
    assert task.state == "failed"
    assert eventually(lambda: only(simulator.sends(word))["hung_up"])


@pytest.mark.calls("responses", "run")
@pytest.mark.parametrize("polls", [[], [{"body": "<html>secret</html>"}], [{"reset": True}], [{"status": 500}]],
                         ids=["at once", "behind a page", "behind a reset", "behind a refusal"])
async def test_stream_that_is_lost(caller, simulator, polls):
    actor = await caller.reach("actor")
    word = new_word()
    end = "eof" if polls else "reset"
    steps = [{"text": "one ", "part": "a"}, {"wire": end}, {"wait": 0.1}, {"text": "two", "part": "a"}]
    _, task = await streamed(actor, script(*steps, word=word, poll=polls))
    assert (task.state, task.text) == ("completed", "one two")
    only(simulator.sends(word))


@pytest.mark.calls("responses", "run")
async def test_stream_that_falls_silent(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    _, task = await streamed(actor, script({"text": "one "}, {"wire": "hang"}, {"text": "two"}, word=word))
    assert (task.state, task.text) == ("completed", "one two")
    assert eventually(lambda: only(simulator.sends(word))["hung_up"])


async def test_task_that_is_lost(caller, simulator):
    actor = await caller.reach("actor")
    word = new_word()
    steps = [{"text": "one ", "part": "a"}, {"wire": "cut"}]
    _, task = await streamed(actor, script(*steps, word=word, poll=[{"status": 404}] * 20))
    assert task.state == "failed"
    untold(task)
    only(simulator.sends(word))
    assert (await actor.send("say after", context=task.context)).text == "after"


async def test_connection_that_ends_between_requests(caller, simulator):
    actor = await caller.reach("actor")
    for _ in range(5):
        word = new_word()
        task = await actor.send(script({"text": word, "last": True}, word=word, then_close=True))
        assert task.text == word
        only(simulator.sends(word))


async def test_bytes_behind_an_answer(caller):
    """They are no answer to the next request."""
    actor = await caller.reach("actor")
    word = new_word()
    trailing = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
    assert (await actor.send(script({"text": word}, trailing=trailing))).text == word
    assert (await actor.send("say after")).text == "after"


# ---------------------------------------------------------------- agents of the workspace


def test_external_agents_are_registered_in_the_workspace(gateways):
    """Under the gateway's own address, also where the first try fails."""
    backend = ORQ_SIMULATED[0]
    simulator = gateways.simulator(backend.generation)
    simulator.fail_next("POST /v2/agents/a2a", {"status": 503})
    with gateways.beside(backend, register_external=True) as gateway:
        gateway.register("elsewhere", f"{gateways.external('1.0').base}/actor/rpc")
        known = eventually(lambda: simulator.records("elsewhere", "POST")[1:])[0]
    address = f"{gateway.plain().url}/agents/elsewhere"
    assert known["body"]["agent_url"] == address
    assert known["body"]["card_url"] == f"{address}/.well-known/agent-card.json"
    assert known["body"]["display_name"] == "The elsewhere"


@pytest.mark.parametrize("backend", [each for each in ORQ_SIMULATED if each.call == "invoke"], ids=str)
def test_exposed_agents(gateways, backend):
    """All that are live, page by page, also where a page cannot be had at once."""
    path = "/v2/agents/" if backend.generation == 3 else "/v2/agents"
    gateways.simulator(backend.generation).fail_next(f"GET {path}", {"body": "<html>secret</html>"})
    with gateways.beside(backend, expose=["*"]) as gateway:
        def known() -> list[str]:
            answer = httpx.get(f"{gateway.plain().url}/agents", trust_env=False).json()
            return [agent["key"] for agent in answer["agents"]]

        eventually(lambda: {"actor", "words", "clock"} <= set(known()))
        assert "draft" not in known()
        assert "secret" not in json.dumps(httpx.get(f"{gateway.plain().url}/agents/actor/card", trust_env=False).json())
