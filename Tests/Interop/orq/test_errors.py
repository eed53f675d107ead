"""Refusals of every kind, as the SDKs' own exceptions: by the gateway itself, for agents everywhere, and by what is
behind it."""

import http.server
import itertools
import json
import threading

import pytest

from backends import HERE, A2ABackend, OrqBackend
from conftest import ORQ_SDK
from errors import refused
from gateway import external_cards, local_cards, orq_cards
from sdk_orq import IS_V4, OPERATIONS, Caller, defined, message, results

UNIQUE = itertools.count()


def turns(caller, agent="actor", *content, task=None):
    """Every way to send a message, by the name of its operation."""
    content = content or ("say hello",)

    def opened(stream):
        with stream:
            pass

    calls = {
        "invoke": lambda: caller.invoke(agent, *content, task=task),
        "run": lambda: caller.run(agent, *content, task=task),
        "stream_task": lambda: opened(caller.stream_task(agent, *content, task=task)),
        "stream_run": lambda: opened(caller.stream_run(agent, *content, task=task)),
    }
    if IS_V4:
        calls |= {
            "respond": lambda: caller.respond(agent, *content, task=task),
            "stream_response": lambda: opened(caller.stream_response(agent, *content, task=task)),
        }
    return calls


def waiting(calls):
    """Those that wait for the agent: of the others the task tells."""
    return [(operation, call) for operation, call in calls.items() if operation not in ("invoke", "run")]


def reads(caller, agent="actor", task="unknown"):
    """Every way to look at a task."""
    if IS_V4:
        return {"response": lambda: caller.response(agent, task)}
    agents = caller.agents
    return {
        "retrieve_task": lambda: caller.task(agent, task),
        "list_actions": lambda: agents.list_actions(agent_key=agent, task_id=task),
        "retrieve_action": lambda: agents.retrieve_action(agent_key=agent, task_id=task, action_id="none"),
    }


def writes(caller, agent="new"):
    """Every way to change an agent; the first one makes it."""
    definition = defined(agent)
    agents = caller.agents
    return {
        "create": lambda: agents.create(**definition) if IS_V4 else agents.create(request=definition),
        "update": lambda: agents.update(agent_key=agent, description="Other."),
        "delete": lambda: agents.delete(agent_key=agent),
    }


def external(caller, key="actor"):
    """Every way to look after an external agent, by the class of its errors."""
    agents = caller.agents
    registration = {
        "key": key, "display_name": "x", "description": "x", "path": "Default", "agent_url": "http://127.0.0.1:1",
    }
    if "a2a" in OPERATIONS:
        yield "register", lambda: agents.post_v2_agents_a2a(request=registration)
        yield "refresh", lambda: agents.post_v2_agents_key_card_refresh(key=key)
    if "external" in OPERATIONS:
        of = agents.external
        yield "external", lambda: of.create(**registration)
        yield "external", lambda: of.update(agent_key=key, display_name="x")
        yield "external", lambda: of.delete(agent_key=key)
        yield "external", lambda: of.refresh_card(agent_key=key, refresh_external_agent_card_request={})
        yield "external", lambda: of.test_connection(agent_key=key, test_external_agent_connection_request={})


# ---------------------------------------------------------------- by the gateway itself


@pytest.mark.keys
def test_orq_errors_for_strangers(gateway):
    with Caller(gateway.tls("sk-of-somebody-else-1234567890")) as stranger:
        calls = turns(stranger) | reads(stranger) | writes(stranger) | {
            "list": lambda: stranger.agents.list(limit=1),
            "retrieve": lambda: stranger.agents.retrieve(agent_key="actor"),
        }
        for operation, call in [*calls.items(), *external(stranger)]:
            with refused(operation, 401, "key"):
                call()


@pytest.mark.keys
def test_orq_errors_for_those_who_are_no_operators(orq):
    definers = {name: call for name, call in turns(orq, "new").items() if "run" in name}
    changes = {"create": writes(orq)["create"]} | definers
    for operation, call in [*changes.items(), *((name, call) for name, call in external(orq) if name == "register")]:
        with refused(operation, 403, "operator"):
            call()


def test_orq_errors_for_what_is_not_there(orq, client):
    calls = turns(orq, "nobody") | reads(orq, "nobody") | {
        "retrieve": lambda: orq.agents.retrieve(agent_key="nobody"),
    } | ({} if IS_V4 else {"list_tasks": lambda: orq.tasks("nobody")})
    for operation, call in calls.items():
        # Runs define their agents.
        if "run" not in operation:
            with refused(operation, 404, "no such agent"):
                call()
    of_unknown_tasks = turns(orq, "actor", "say hello", task="01UNKNOWN") | reads(orq)
    for operation, call in of_unknown_tasks.items():
        with refused(operation, 404, "task not found"):
            call()
    with refused("retrieve", 404, "no version" if client.backend is HERE else ""):
        orq.agents.retrieve(agent_key="actor@0.0.0-none")


@pytest.mark.keys
@pytest.mark.runtime
def test_orq_errors_for_operators(operator):
    changes = writes(operator, "nobody")
    for operation in ("update", "delete"):
        with refused(operation, 404, "no such agent"):
            changes[operation]()
    with refused("create", 409, "key"):
        writes(operator, "actor")["create"]()
    with refused("create", 400, "key"):
        writes(operator, "1st")["create"]()


@pytest.mark.keys
@pytest.mark.needs("a2a")
def test_orq_errors_of_registrations(operator, client):
    refusals = {
        "register": (409, "key"), "refresh": (200 if isinstance(client.backend, A2ABackend) else 400, "no external"),
    }
    for operation, call in external(operator):
        status, words = refusals[operation]
        if status != 200:
            with refused(operation, status, words):
                call()
    for operation, call in external(operator, "nobody"):
        with refused(operation, 400 if operation == "register" else 404):
            call()


def test_orq_errors_for_messages_that_cannot_be(orq):
    task = orq.invoke("actor", "call weather")["id"]
    (orq.finished_response if IS_V4 else orq.finished_task)("actor", task)
    for operation, call in turns(orq, "actor", message(), task=None).items():
        with refused(operation, 400, "parts"):
            call()
    for operation, call in turns(orq, "actor", results(other=1), task=task).items():
        with refused(operation, 400, "call-other"):
            call()


def test_orq_errors_for_tasks_that_are_active(orq, gate):
    task = orq.invoke("actor", f"obey {gate.path}")["id"]
    for operation, call in turns(orq, "actor", "say more", task=task).items():
        with refused(operation, 409, "active"):
            call()
    gate.tell("done")


def test_orq_errors_where_there_is_no_place(gateways, client, gate):
    limits = {"turns": {"concurrent_tasks_max": 1}}
    backend = client.backend
    if isinstance(backend, A2ABackend):
        gateway = gateways.new(external_cards(gateways.external(backend.sdk).base, backend.path), limits=limits)
    elif isinstance(backend, OrqBackend):
        here = gateways.behind(HERE)
        gateway = gateways.new(
            orq_cards(backend), orq=here.tls(here.keys["front"]), generation=backend.generation, limits=limits)
    else:
        gateway = gateways.new(local_cards(), limits=limits)
    with gateway:
        if isinstance(backend, A2ABackend):
            gateway.register("actor", f"{gateways.external(backend.sdk).base}/actor/{backend.path}")
        with Caller(gateway.tls()) as orq, orq.stream_task("actor", f"obey {gate.path}") as stream:
            stream.next()
            for operation, call in turns(orq).items():
                with refused(operation, 429, "tasks", retry_after=True):
                    call()
            gate.tell("done")
            stream.rest()


# ---------------------------------------------------------------- by what is behind it


@pytest.fixture(scope="module")
def forwarding():
    """Agents of a simulated workspace of the SDK's own generation."""
    generation = int(ORQ_SDK[0])
    return OrqBackend(f"Simulated {generation} forwarded", {}, generation, "responses" if IS_V4 else "invoke", "TLS")


@pytest.fixture
def workspace(gateways, forwarding):
    return gateways.simulator(forwarding.generation)


@pytest.fixture
def front(gateways, forwarding):
    with Caller(gateways.behind(forwarding).tls()) as caller:
        yield caller


def odd(**odd) -> str:
    return json.dumps({"odd": odd, "steps": [{"text": str(next(UNIQUE))}]})


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500, 503])
def test_orq_errors_of_a_workspace(front, workspace, status):
    headers = {"Retry-After": "7"} if status in (429, 503) else {}
    for operation, call in turns(front, "actor", odd(status=status, headers=headers)).items():
        with refused(operation, status, "words of the workspace", retry_after=bool(headers)):
            call()
    task = front.invoke("actor", f"say {next(UNIQUE)}")["id"]
    looks = {name: call for name, call in reads(front, "actor", task).items() if name != "retrieve_action"}
    paths = {
        "response": f"/responses/{task}", "retrieve_task": f"/tasks/{task}", "list_actions": f"/tasks/{task}/actions",
    }
    if not IS_V4:
        looks["list_tasks"], paths["list_tasks"] = lambda: front.tasks("actor"), "/tasks"
    for operation, call in looks.items():
        route = f"/v2/agents/actor{paths[operation]}"
        workspace.fail_next(f"GET {route}", {"status": status, "headers": headers})
        with refused(operation, status, "words of the workspace", retry_after=bool(headers)):
            call()
    workspace.forgive()


@pytest.mark.parametrize("status", [401, 403])
def test_orq_errors_between_gateway_and_workspace(front, workspace, status):
    for operation, call in turns(front, "actor", odd(status=status)).items():
        # Whose key is refused there is not the caller's business.
        with refused(operation, 502, "cannot be reached"):
            call()
    workspace.forgive()


def test_orq_errors_that_are_none_of_orqs(front, workspace):
    page = {"status": 503, "content_type": "text/html", "body": "<html>busy</html>"}
    for operation, call in turns(front, "actor", odd(**page)).items():
        with refused(operation, 503, "not available", retry_after=True):
            call()
    workspace.forgive()


def test_orq_errors_where_nobody_answers(gateways, front, workspace):
    for operation in turns(front):
        with refused(operation, 503, "does not answer", retry_after=True):
            turns(front, "actor", odd(reset=True))[operation]()
    workspace.forgive()
    cards = local_cards() | {"far": external_cards("http://127.0.0.1:1", "rpc")["echo"]}
    with gateways.new(cards) as gateway, Caller(gateway.tls()) as orq:
        for operation, call in waiting(turns(orq, "far")):
            with refused(operation, 503, "card", retry_after=True):
                call()


class _Refusing(http.server.BaseHTTPRequestHandler):
    """A model server, and an external agent, that refuse every call with the status that stands in its path."""

    def do_GET(self):
        base = f"http://127.0.0.1:{self.server.server_port}/{self.path.split('/')[1]}/a2a"
        self._answer(200, {
            "name": "Refusing", "description": "Refuses.", "version": "1", "protocolVersion": "0.3.0", "url": base,
            "preferredTransport": "JSONRPC", "capabilities": {}, "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "r", "name": "Refuse", "description": "Refuses.", "tags": ["r"]}],
        })

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status = int(self.path.split("/")[1])
        self._answer(status, {"error": {"message": "secret words of the inside"}, "message": "secret words"})

    def _answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status in (429, 503):
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def refusing():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_orq_errors_of_external_agents(gateways, refusing):
    with gateways.new(local_cards()) as gateway, Caller(gateway.tls()) as orq:
        for status in (400, 401, 403, 404, 409, 422, 429, 500, 503):
            gateway.register(f"far-{status}", f"{refusing}/{status}/a2a")
            expected = status if status in (429, 503) else 500
            for operation, call in waiting(turns(orq, f"far-{status}")):
                with refused(operation, expected, "the agent", retry_after=expected != 500):
                    call()


def test_orq_errors_of_models(gateways, refusing):
    def card(status):
        model = {"type": "local", "engine": "openai", "url": f"{refusing}/{status}/v1", "model": "none"}
        return {"gateway": {"backend": model}}

    cards = local_cards() | {f"model-{status}": card(status) for status in (401, 429, 500, 503)}
    with gateways.new(cards) as gateway, Caller(gateway.tls()) as orq:
        for status in (429, 503):
            for operation, call in waiting(turns(orq, f"model-{status}")):
                with refused(operation, status, "the agent", retry_after=True):
                    call()
        for status in (401, 500):
            # The task has begun, and fails.
            with orq.stream_task(f"model-{status}", "say hello") as stream:
                last = stream.rest()[-1]
            assert last.type == "event.agents.errored"
            assert "secret" not in last.data["error"]
