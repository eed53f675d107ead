"""Starts the gateway for the session, hands each scenario a caller for every binding and line, and runs coroutines."""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import json
import pathlib

import pytest

from callers import Caller, Gate
from gateway import Gateway

# A scenario that takes longer hangs.
SCENARIO_SECONDS_MAX = 30



def installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


# Each session runs with one SDK; only its scenarios are collected.
ORQ = installed("orq-ai-sdk")
GENERATION = ORQ or ("1.0" if importlib.metadata.version("a2a-sdk").startswith("1.") else "0.3")
BINDINGS = {"Orq": "Orq"} if ORQ else {"JSONRPC": "JSON-RPC", "HTTP+JSON": "REST"}
CLIENTS = [f"{GENERATION} {name} {line}" for name in BINDINGS.values() for line in ("plain", "TLS")]
collect_ignore_glob = ["test_*.py"] if ORQ else ["orq/*"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gateway", required=True, help="the built a2a-gateway program")
    parser.addoption("--matrix", help="file for the outcome of each scenario and client, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    # Half of Orq's operations are deprecated in 4.x; they are served all the same.
    config.addinivalue_line("filterwarnings", r"ignore:warning. \*\* DEPRECATED:DeprecationWarning")


@pytest.fixture(scope="session")
def gateway(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory):
    program = pathlib.Path(pytestconfig.getoption("gateway")).resolve()
    with Gateway(program, tmp_path_factory.mktemp("gateway")) as running:
        yield running


def new_caller(client: str, gateway: Gateway, key: str | None = None) -> Caller:
    """A caller of this name; over TLS it has a key unless another one is given."""
    if GENERATION == "1.0":
        import sdk_v10 as sdk
    else:
        import sdk_v03 as sdk
    binding = next(binding for binding, name in BINDINGS.items() if f" {name} " in client)
    return sdk.Caller(binding, gateway.tls(key) if client.endswith("TLS") else gateway.plain())


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """The name of a client of the matrix."""
    return request.param


@pytest.fixture
def caller(client: str, gateway: Gateway) -> Caller:
    return new_caller(client, gateway)


@pytest.fixture
def orq(client: str, gateway: Gateway):
    """The Orq SDK as a client of the matrix."""
    import sdk_orq

    with sdk_orq.Caller(gateway.tls() if client.endswith("TLS") else gateway.plain()) as caller:
        yield caller


@pytest.fixture
def gate(tmp_path: pathlib.Path):
    gate = Gate(str(tmp_path / "gate"))
    yield gate
    gate.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a scenario that is a coroutine, within its time, and closes its callers."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
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


# ---------------------------------------------------------------- the matrix

_outcomes: dict[str, dict[str, str]] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = (yield).get_result()
    client = getattr(item, "callspec", None) and item.callspec.params.get("client")
    if client and (report.when == "call" or report.outcome != "passed"):
        name = item.originalname.removeprefix("test_").replace("_", " ")
        _outcomes.setdefault(name, {})[client] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("matrix")
    if path:
        pathlib.Path(path).write_text(json.dumps({"clients": CLIENTS, "outcomes": _outcomes}), encoding="utf-8")
