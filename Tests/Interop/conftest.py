"""Starts the gateways of the session, hands each scenario a caller for every binding, line and place of the agents, and
runs coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib.metadata
import inspect
import json
import pathlib
import signal

import pytest

import backends
from backends import A2A, HERE, ORQ, ORQ_SIMULATED, A2ABackend, Backend, OrqBackend, orq_forwarded
from callers import Caller, Gate, Line
from gateway import CIRCUMSTANCES, Authority, Gateway, descriptions, external_cards, local_cards, orq_cards
from processes import ExternalAgents, Simulator

# A scenario that takes longer hangs.
SCENARIO_SECONDS_MAX = 30


def installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


# Each session runs with one SDK; only its scenarios are collected.
ORQ_SDK = installed("orq-ai-sdk")
GENERATION = ORQ_SDK or ("1.0" if importlib.metadata.version("a2a-sdk").startswith("1.") else "0.3")
BINDINGS = {"Orq": "Orq"} if ORQ_SDK else {"JSONRPC": "JSON-RPC", "HTTP+JSON": "REST"}
collect_ignore_glob = ["test_*.py"] if ORQ_SDK else ["orq/*"]
# Scenarios that need no more than one caller.
if GENERATION != "1.0":
    collect_ignore_glob.append("test_workspace_line.py")


@dataclasses.dataclass(frozen=True)
class Client:
    """A client of the matrix: an SDK, by one binding, on one line to the gateway, calling agents in one place."""

    binding: str
    line: str  # plain or TLS
    backend: Backend

    @property
    def name(self) -> str:
        return f"{GENERATION} {BINDINGS[self.binding]} {self.line}"

    def __str__(self) -> str:
        return self.name if self.backend is HERE else f"{self.name}, {self.backend}"


def clients_of(backends: list[Backend], lines: list[str]) -> list[Client]:
    return [Client(binding, line, backend) for backend in backends for binding in BINDINGS for line in lines]


CLIENTS = clients_of([HERE], ["plain", "TLS"])
WORKSPACES = orq_forwarded(int(ORQ_SDK[0])) if ORQ_SDK else [*ORQ, *ORQ_SIMULATED]
CLIENTS_OF_OTHERS = clients_of([*WORKSPACES, *A2A], ["TLS"])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gateway", required=True, help="the built a2a-gateway program")
    parser.addoption("--venvs", required=True, help="folder of the environments, one for each SDK")
    parser.addoption("--matrix", help="file for the outcome of each scenario and client, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "face: the gateway answers by itself, whatever agents are behind it")
    config.addinivalue_line("markers", "runtime: the agent is an engine of the gateway's runtime, here or behind Orq")
    config.addinivalue_line("markers", "needs(operation): what an SDK must have; without it there is no such scenario")
    config.addinivalue_line("markers", "keys: callers must have keys, which the line in plain text does not take")
    config.addinivalue_line("markers", "simulated: the workspace of Orq is the simulated one, and patience with it short")
    config.addinivalue_line("markers", "calls(*names): only with these calls of a workspace of Orq")
    config.addinivalue_line("markers", "once: who calls makes no difference")
    # Half of Orq's operations are deprecated in 4.x; they are served all the same.
    config.addinivalue_line("filterwarnings", r"ignore:warning. \*\* DEPRECATED:DeprecationWarning")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "client" in metafunc.fixturenames:
        clients = CLIENTS if metafunc.definition.get_closest_marker("face") else CLIENTS + CLIENTS_OF_OTHERS
        if metafunc.definition.get_closest_marker("runtime"):
            clients = [client for client in clients if not isinstance(client.backend, A2ABackend)]
        if metafunc.definition.get_closest_marker("simulated"):
            clients = [client for client in clients if isinstance(client.backend, OrqBackend) and client.backend.line]
        if metafunc.definition.get_closest_marker("once"):
            clients = [client for client in clients if client.binding == "JSONRPC"]
        if calls := metafunc.definition.get_closest_marker("calls"):
            clients = [client for client in clients if client.backend.call in calls.args]
        if metafunc.definition.get_closest_marker("keys"):
            clients = [client for client in clients if client.line == "TLS"]
        metafunc.parametrize("client", clients, ids=str)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if ORQ_SDK:
        from sdk_orq import OPERATIONS

        needless = [item for item in items if {mark.args[0] for mark in item.iter_markers("needs")} - OPERATIONS]
        config.hook.pytest_deselected(items=needless)
        items[:] = [item for item in items if item not in needless]


# ---------------------------------------------------------------- gateways


class Gateways:
    """The gateways of the session, each started when the first scenario needs it."""

    def __init__(self, program: pathlib.Path, venvs: pathlib.Path, new_folder, stack: contextlib.ExitStack):
        self._program = program
        self._venvs = venvs
        self._new_folder = new_folder
        self._stack = stack
        self._authority = Authority(new_folder("authority"))
        self._running: dict[Backend, Gateway] = {}
        self._hasty: dict[Backend, Gateway] = {}
        self._external: dict[str, ExternalAgents] = {}
        self._simulators: dict[int, Simulator] = {}

    def behind(self, backend: Backend) -> Gateway:
        """The gateway whose agents are there."""
        if backend not in self._running:
            self._running[backend] = gateway = self._stack.enter_context(self._new(backend))
            if isinstance(backend, A2ABackend):
                gateway.register("actor", f"{self.external(backend.sdk).base}/actor/{backend.path}")
        return self._running[backend]

    def hasty(self, backend: OrqBackend) -> Gateway:
        """The gateway whose agents are there, and that does not wait for them long."""
        if backend not in self._hasty:
            gateway = self.new(
                orq_cards(backend, circumstances=CIRCUMSTANCES), orq=self._workspace(backend),
                generation=backend.generation, orq_settings={"timeouts": {"first_byte": "1s", "silence": "1s"}},
            )
            self._hasty[backend] = self._stack.enter_context(gateway)
        return self._hasty[backend]

    def beside(self, backend: OrqBackend, **settings) -> Gateway:
        """One with a workspace of which no card file names an agent."""
        cards = {name: card for name, card in local_cards().items() if name == "echo"}
        return self.new(cards, orq=self._workspace(backend), generation=backend.generation, orq_settings=settings)

    def external(self, sdk: str) -> ExternalAgents:
        """The external agents that an SDK serves."""
        if sdk not in self._external:
            agents = ExternalAgents(sdk, self._venvs, self._new_folder("external"))
            self._external[sdk] = self._stack.enter_context(agents)
        return self._external[sdk]

    def simulator(self, generation: int) -> Simulator:
        """The simulated workspace of Orq that speaks this generation."""
        if generation not in self._simulators:
            simulator = Simulator(
                generation, self._authority.certificate["cert"], self._authority.certificate["key"]["file"],
                descriptions(), venvs=self._venvs, folder=self._new_folder("simulator"),
            )
            self._simulators[generation] = self._stack.enter_context(simulator)
        return self._simulators[generation]

    def _new(self, backend: Backend) -> Gateway:
        if isinstance(backend, OrqBackend):
            return self.new(orq_cards(backend), orq=self._workspace(backend), generation=backend.generation)
        if isinstance(backend, A2ABackend):
            return self.new(external_cards(self.external(backend.sdk).base, backend.path))
        return self.new(local_cards())

    def _workspace(self, backend: OrqBackend) -> Line:
        """How a gateway reaches the workspace of its agents."""
        if not backend.line:
            here = self.behind(HERE)
            return here.tls(here.keys["front"])
        return self.simulator(backend.generation).line(backend.line, str(self._authority.file))

    def new(self, cards, **more) -> Gateway:
        return Gateway(self._program, self._new_folder("gateway"), self._authority, cards, **more)


@pytest.fixture(scope="session")
def gateways(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory):
    program, venvs = (pathlib.Path(pytestconfig.getoption(name)).resolve() for name in ("gateway", "venvs"))
    with contextlib.ExitStack() as stack:
        yield Gateways(program, venvs, tmp_path_factory.mktemp, stack)


@pytest.fixture
def gateway(gateways: Gateways, client: Client, request: pytest.FixtureRequest) -> Gateway:
    hasty = request.node.get_closest_marker("simulated")
    return gateways.hasty(client.backend) if hasty else gateways.behind(client.backend)


@pytest.fixture
def simulator(gateways: Gateways, client: Client) -> Simulator:
    return gateways.simulator(client.backend.generation)


# ---------------------------------------------------------------- clients


def new_caller(client: Client, gateway: Gateway, key: str | None = None) -> Caller:
    """A caller of this kind; over TLS it has a key unless another one is given."""
    if GENERATION == "1.0":
        import sdk_v10 as sdk
    else:
        import sdk_v03 as sdk
    return sdk.Caller(client.binding, gateway.tls(key) if client.line == "TLS" else gateway.plain(), client.backend)


@pytest.fixture
def caller(client: Client, gateway: Gateway) -> Caller:
    return new_caller(client, gateway)


@pytest.fixture
def orq(client: Client, gateway: Gateway):
    """The Orq SDK as a client of the matrix."""
    import sdk_orq

    with sdk_orq.Caller(gateway.tls() if client.line == "TLS" else gateway.plain()) as caller:
        yield caller


@pytest.fixture
def operator(gateway: Gateway):
    """The Orq SDK in the hands of an operator."""
    import sdk_orq

    with sdk_orq.Caller(gateway.tls(gateway.keys["operator"])) as caller:
        yield caller


@pytest.fixture
def gate(tmp_path: pathlib.Path):
    gate = Gate(str(tmp_path / "gate"))
    yield gate
    gate.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a scenario within its time; one that is a coroutine also closes its callers."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        signal.alarm(SCENARIO_SECONDS_MAX)
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def scenario() -> None:
        async with asyncio.timeout(SCENARIO_SECONDS_MAX):
            try:
                await pyfuncitem.obj(**arguments)
            finally:
                for argument in arguments.values():
                    if isinstance(argument, Caller):
                        await argument.close()

    asyncio.run(scenario())
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    signal.alarm(0)


def _hang(*_) -> None:
    raise TimeoutError(f"the scenario takes longer than {SCENARIO_SECONDS_MAX} s")


signal.signal(signal.SIGALRM, _hang)


# ---------------------------------------------------------------- the matrix

_rows: list[dict] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = (yield).get_result()
    if report.when == "setup":
        backends.met.clear()
    if report.failed and (gateway := getattr(item, "funcargs", {}).get("gateway")):
        report.sections.append(("The gateway's log", gateway.log()))
    client = getattr(item, "callspec", None) and item.callspec.params.get("client")
    if client and (report.when == "call" or report.outcome != "passed"):
        _rows.append({
            "scenario": item.originalname.removeprefix("test_").replace("_", " "),
            "client": client.name,
            "backend": client.backend.name,
            "outcome": report.outcome,
            "differences": list(backends.met),
        })


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("matrix")
    if path:
        pathlib.Path(path).write_text(json.dumps(_rows), encoding="utf-8")
