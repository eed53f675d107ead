"""Agents of the simulated workspace of Orq through the gateway, as Orq's own clients see them: what it says is passed on,
however it writes it, and whatever goes wrong is no more than that."""

import httpx
import pytest
from orq_ai_sdk import models

from sdk_orq import IS_V4
from workspace import AGENT_EVENTS, EVERYTHING, RESPONSE_EVENTS, new_word, only, script

pytestmark = [pytest.mark.simulated, pytest.mark.keys]


def types(events) -> set[str]:
    return {event.type for event in events}


def test_orq_every_event_is_passed_on(orq, simulator):
    word = new_word()
    with orq.stream_task("actor", script(*EVERYTHING, word=word)) as stream:
        events = stream.rest()
    assert types(events) == AGENT_EVENTS | {"event.agents.inactive"}
    assert events[-1].data["billing"]["total_cost"] == 0.0125
    only(simulator.sends(word))
    if IS_V4:
        with orq.stream_response("actor", script(*EVERYTHING)) as stream:
            assert types(stream.rest()) == RESPONSE_EVENTS | {"response.done"}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("framing", ["object", "tight", "lines", "two spaces", "string"])
def test_orq_streams_in_all_writings_are_passed_on(orq, framing, newline):
    if IS_V4 and framing == "string":
        # No SDK of 4.x could read it from Orq itself.
        return
    for odd in ({"comments": True, "fields": True}, {"chop": 1}, {"delimited": "close"}):
        told = script({"text": "größer"}, framing=framing, newline=newline, **odd)
        with orq.stream_task("actor", told) as stream:
            assert stream.rest()[-1].data["last_message"] == "größer"


def test_orq_refusals_of_the_workspace(orq, simulator):
    """As Orq has said it, but that it does not take the gateway's own key."""
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 503):
        word = new_word()
        with pytest.raises(models.OrqError) as caught:
            orq.invoke("actor", script(word=word, status=status, headers={"Retry-After": "7"}))
        assert caught.value.status_code == (502 if status in (401, 403) else status)
        assert ("secret" in caught.value.body) == (status not in (401, 403))
        assert status != 429 or caught.value.headers["retry-after"] == "7"
        only(simulator.sends(word))


@pytest.mark.parametrize(("odd", "status"), [
    ({"body": "<html>secret</html>"}, 502), ({"gzip": True}, 502),
    ({"length_off_by": 1000, "delimited": "length"}, 500), ({"reset": True}, 503),
], ids=["a page", "compressed", "too short", "reset"])
def test_orq_no_answer_to_go_by(orq, simulator, odd, status):
    word = new_word()
    with pytest.raises(models.OrqError) as caught:
        orq.invoke("actor", script({"text": "said"}, word=word, **odd))
    assert caught.value.status_code == status
    assert "secret" not in caught.value.body
    only(simulator.sends(word))


@pytest.mark.parametrize("end", ["reset", "cut", "hang"])
def test_orq_lost_stream_is_seen_as_lost(orq, simulator, end):
    word = new_word()
    with pytest.raises(httpx.RemoteProtocolError), orq.stream_task("actor", script({"wire": end}, word=word)) as stream:
        stream.rest()
    only(simulator.sends(word))
