"""Bodies of the Orq Agents API, each generation's own."""

from __future__ import annotations

import itertools
import random
from typing import Any

WORKSPACE = "0ae12412-cdea-408e-a165-9ff8086db400"
PROJECT = "01K62T62KVJHRE0P9PX4VN2JHD"
NOW = "2026-01-01T00:00:00.000Z"

_numbers = itertools.count()
_random = random.Random(7)


def ulid() -> str:
    """Ids grow, as those of Orq do."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = (next(_numbers) << 64) | _random.getrandbits(64)
    return "01K" + "".join(digits[(value >> shift) & 31] for shift in range(115, -1, -5))[1:]


def manifest(stored: dict, generation: int) -> dict:
    """An agent as list and retrieve show it."""
    tools = [{
        "id": "01JKG6QJ5FGHCWA7RVMMZB82QY", "action_type": "orq_current_date", "display_name": "Current Date & Time",
        "requires_approval": False, "conditions": [],
    }]
    common = {
        "_id": stored["_id"], "key": stored["key"], "status": stored["status"], "path": stored["path"],
        "project_id": PROJECT, "role": stored["role"], "description": stored["description"],
        "instructions": stored["instructions"], "created_by_id": None, "updated_by_id": None, "created": NOW,
        "updated": NOW, "memory_stores": stored["memory_stores"],
        "team_of_agents": [{"key": "colleague", "role": "Helps"}], "metrics": {"total_cost": 12.75},
        "model": {"id": "0707a18f-e3a0-44b6-9f24-4d5d28e0cdea", "integration_id": None, "fallback_models": None},
        "variables": stored["variables"], "knowledge_bases": [{"knowledge_id": "kb_1"}],
        "settings": {
            "tools": tools, "max_iterations": 15, "max_execution_time": 300, "tool_approval_required": "respect_tool",
        },
    }
    if generation == 3:
        return common | {"workspace_id": WORKSPACE, "version_hash": "f3a9", "hidden_panels": ["model"]}
    external = {"type": "a2a", "a2a": stored["a2a"]} if stored["a2a"] else {}
    return common | {
        "display_name": stored["display_name"], "version": f"1.{stored['minor']}.0", "engine": "text",
        "type": "internal", "source": "internal", "skills": [], "system_prompt": None,
    } | external


def registration(stored: dict) -> dict:
    """What the registration of an external agent is answered with."""
    body = manifest(stored, 4) | {"workspace_id": WORKSPACE}
    return {name: value for name, value in body.items() if name not in ("model", "settings", "role", "instructions")}


def task(found: Any, generation: int, messages: list[dict] | None = None) -> dict:
    """What run and invoke answer with."""
    body = {
        "id": found.id, "contextId": WORKSPACE, "kind": "task",
        "status": {"state": found.state, "timestamp": NOW} | said(found),
        "metadata": {
            "orq_workspace_id": WORKSPACE, "orq_agent_id": found.agent["_id"], "orq_agent_key": found.agent["key"],
            "orq_created_by_id": None,
        },
    }
    return body | ({"messages": messages} if messages is not None else {})


def said(found: Any) -> dict:
    """The message of a task's status, where there is something to say."""
    if found.state == "rejected":
        told = {"kind": "message", "messageId": ulid(), "role": "agent"}
        return {"message": told | {"parts": [{"kind": "text", "text": found.error}]}}
    if found.state not in ("input-required", "auth-required") or not found.messages:
        return {}
    last = found.messages[-1]
    return {"message": {key: last[key] for key in ("messageId", "role", "parts")} | {"kind": "message"}}


def extended(message: dict, found: Any, index: int) -> dict:
    return message | {
        "kind": "message", "taskId": found.id, "contextId": WORKSPACE,
        "metadata": {"orq_agent_id": found.agent["_id"], "orq_index": index},
    }


def task_with_history(found: Any) -> dict:
    """What 3.x retrieves."""
    history = [extended(message, found, index) for index, message in enumerate(found.messages, 1)]
    return task(found, 3) | {"history": history}


def record(found: Any) -> dict:
    """What 3.x lists."""
    agent = found.agent
    return {
        "_id": found.id, "workspace_id": WORKSPACE,
        "agent_manifest_snapshot": {
            "_id": agent["_id"], "key": agent["key"], "role": agent["role"], "description": agent["description"],
            "instructions": agent["instructions"], "model": {"id": "0707a18f-e3a0-44b6-9f24-4d5d28e0cdea"},
        },
        "state": {
            "waiting_for_approval": found.in_review, "inactive": found.inactive, "iteration": 1,
            "accumulated_execution_time": 12.5,
        } | ({"error": found.error} if found.error else {}),
        "metrics": {"input_cost": 0.0025, "output_cost": 0.01, "total_cost": 0.0125, "total_tokens": 46},
        "created": NOW, "updated": NOW,
    }


def response(turn: Any, status: str | None = None) -> dict:
    """What responses answer with; with a status, what `get` answers with."""
    body: dict[str, Any] = {
        "_id": turn.response, "task_id": turn.task.id, "created_at": NOW, "model": "openai/gpt-4o",
        "telemetry": turn.telemetry, "usage": turn.usage or None,
        "output": turn.output if turn.over and not turn.error else [],
    }
    if turn.reason:
        body["finish_reason"] = turn.reason
    if turn.pending:
        body["pending_tool_calls"] = turn.pending
    if status:
        body["status"] = status
        if turn.error:
            body["error"] = turn.error
    return body


def action(found: dict, task: Any) -> dict:
    return {
        "_id": found["id"], "agent_tool_call_id": found["call"], "agent_id": task.agent["_id"],
        "agent_execution_id": task.id, "workspace_id": WORKSPACE, "action_type": found["name"], "created": NOW,
        "updated": NOW, "tool": {"id": "01JKG6QJ5FGHCWA7RVMMZB82QY", "display_name": found["name"]},
        "state": {
            "review": found["review"], "executed": found["executed"], "input": found["input"],
            "output": found["output"],
        },
    }
