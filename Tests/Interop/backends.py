"""Where the agents that are called can be, and what a caller sees otherwise there than of agents on the gateway's machine.

A difference is never skipped in silence: a scenario asks `differs` and then expects what the difference makes of it. The
matrix names the reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

# What scenarios can ask for.
WORDS = {
    "artifacts as made": "artifacts keep their ids, their names and which parts are theirs",
    "crash": "a crash of the agent ends its task",
    "chunks": "text arrives as it is made",
    "data to the agent": "an agent gets data as data",
    "direct replies": "an answer can be a message without a task",
    "display name": "a card has the name that people see",
    "login": "an agent can ask for a login",
    "words of a login": "an agent that asks for a login says where",
    "metadata": "what an agent says of its task stands in its metadata by the same name",
    "principal": "an agent knows who called",
    "progress": "what a status says on the way is told",
    "rejection": "a rejection is told as one",
    "usage": "what a turn has used stands in the metadata of its task",
    "versions": "an earlier version of an agent can be called",
    "status words": "what the last status says is told as such",
    "words of a failure": "a failure tells why",
}

# Reasons that the running scenario has met.
met: list[str] = []


@dataclasses.dataclass(frozen=True, eq=False)
class Backend:
    name: str
    differences: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def differs(self, word: str) -> bool:
        assert word in WORDS, f"no scenario can ask for {word}"
        reason = self.differences.get(word)
        if reason and reason not in met:
            met.append(reason)
        return reason is not None

    def __post_init__(self):
        assert self.differences.keys() <= WORDS.keys()

    def __str__(self) -> str:
        return self.name


HERE = Backend("here")


# ---------------------------------------------------------------- a workspace of Orq (contracts of the Orq Agents API)

_ORQ = {
    "artifacts as made": "Orq's output is one list of parts: each becomes an artifact, numbered by the gateway",
    "data to the agent": "Orq takes no data parts from users: the gateway sends their JSON as text",
    "direct replies": "every answer of Orq belongs to a task",
    "metadata": "Orq has no metadata of an agent's own, and counts usage by its own names",
    "principal": "Orq is told of the caller by an opaque identity, and gives an agent the holder of the workspace's key",
    "progress": "thoughts and reasoning stay out of A2A",
    "status words": "Orq has no words beside the output: what a last status says is output",
    "words of a failure": "an error text of Orq goes to the log and not to callers",
}
_BY_RESPONSES = {
    "rejection": "a response of Orq is completed or failed, never rejected",
    "login": "a response of Orq cannot ask for a login: an agent that does so rests like one that asks its user",
}
_AS_EVENTS = _BY_RESPONSES | {"chunks": "the agent events of Orq bring the answer whole, at its end"}
_AS_TASK = {
    "chunks": _AS_EVENTS["chunks"],
    "usage": "the task that invoke answers with tells of no usage",
    "words of a login": "Orq knows no login: a task that waits for anything outside is told as one that waits for approval",
}


@dataclasses.dataclass(frozen=True, eq=False)
class OrqBackend(Backend):
    """With `line`, the workspace is simulated, and that is how the gateway reaches it; else it is another gateway."""

    generation: int = 4
    call: str = "responses"
    line: str = ""  # plain or TLS


ORQ = [
    OrqBackend("Orq 4 responses", _ORQ | _BY_RESPONSES, 4, "responses"),
    OrqBackend("Orq 4 invoke", _ORQ | _AS_TASK, 4, "invoke"),
    OrqBackend("Orq 4 run", _ORQ | _AS_EVENTS, 4, "run"),
    OrqBackend("Orq 3 invoke", _ORQ | _AS_EVENTS, 3, "invoke"),
    OrqBackend("Orq 3 run", _ORQ | _AS_EVENTS, 3, "run"),
]

# The simulator is written from the API's documents alone. It tells agents of the caller's identity.
_SIMULATED = {word: reason for word, reason in _ORQ.items() if word != "principal"}
_AS_3 = {"display name": "manifests of 3.x have no display name: cards are named by the key"}
ORQ_SIMULATED = [
    OrqBackend("Simulated 4 responses", _SIMULATED | _BY_RESPONSES, 4, "responses", "TLS"),
    OrqBackend("Simulated 4 invoke", _SIMULATED | _AS_TASK, 4, "invoke", "plain"),
    OrqBackend("Simulated 4 run", _SIMULATED | _AS_EVENTS, 4, "run", "TLS"),
    OrqBackend("Simulated 3 invoke", _SIMULATED | _AS_EVENTS | _AS_3, 3, "invoke", "TLS"),
    OrqBackend("Simulated 3 run", _SIMULATED | _AS_EVENTS, 3, "run", "plain"),
]


def orq_forwarded(generation: int) -> list[OrqBackend]:
    """As clients of the Orq Agents API see it: what they say to agents of Orq is passed on as it is. Where a card file
    defines the agent, runs are; responses become runs, whose answers are translated."""
    of_runs = {
        "chunks": _AS_EVENTS["chunks"], "words of a failure": _ORQ["words of a failure"],
        "rejection": "the agent events of Orq have no word for a rejection",
        "progress": "thoughts of a run that a response has become stay out",
    }
    return [
        OrqBackend(f"Orq {generation} forwarded", {}, generation),
        OrqBackend(
            f"Simulated {generation} forwarded",
            {"versions": "the documents of Orq's API have no name for an earlier version of an agent"},
            generation, line="TLS",
        ),
        OrqBackend(f"Orq {generation} run forwarded", of_runs, generation, "run"),
    ]


# ---------------------------------------------------------------- external agents, by official SDKs

_A2A_1_0 = {
    "principal": "an external agent is called in the gateway's own name",
}
_A2A_0_3 = _A2A_1_0 | {
    "crash": "a2a-sdk 0.3 breaks off the stream of an agent that crashed and keeps its task working: only time tells",
}


@dataclasses.dataclass(frozen=True, eq=False)
class A2ABackend(Backend):
    sdk: str = "1.0"  # the generation of the SDK that serves it
    path: str = "rpc"  # below the agent's name


A2A = [
    A2ABackend(f"A2A {sdk} {binding}", differences, sdk, path)
    for sdk, differences in (("1.0", _A2A_1_0), ("0.3", _A2A_0_3))
    for binding, path in (("JSON-RPC", "rpc"), ("REST", "rest"))
]
