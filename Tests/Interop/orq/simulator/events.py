"""Steps of a turn as the events of Orq's two families, and events as bytes of a stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from web import Odd

if TYPE_CHECKING:
    from workspace import Turn

Event = dict[str, Any]


def _event(kind: str, **data: Any) -> Event:
    return {"type": kind, "timestamp": "2026-01-01T00:00:00.000Z", "data": data}


class ResponseFamily:
    """The ten events of a response."""

    def __init__(self, turn: Turn):
        self._turn = turn
        self._texts: dict[str, str] = {}  # of parts that are under way

    def opening(self) -> list[Event]:
        turn = self._turn
        return [_event(
            "response.started", responseId=turn.response, taskId=turn.task.id, model="openai/gpt-4o",
            workflowRunId=turn.run, userMessageId=turn.user["messageId"], assistantMessageId=turn.message_id,
            telemetry=turn.telemetry,
        )]

    def of(self, step: dict) -> list[Event]:
        match step:
            case {"text": text}:
                name = f"text_{step.get('part') or self._turn.number}"
                self._texts[name] = self._texts.get(name, "") + text
                events = [_event("part.delta", partId=name, delta={"kind": "text", "text": text})]
                return events + (self._done(name) if step.get("last") else [])
            case {"reasoning": text}:
                return self._whole("reasoning", {"kind": "reasoning", "reasoning": text})
            case {"file": file}:
                return self._whole("file", {"kind": "file", "file": file})
            case {"data": data}:
                return self._whole("data", {"kind": "data", "data": data})
            case {"tool": name}:
                ids = {"toolId": "01JKG6QJ5FGHCWA7RVMMZB82QY", "toolCallId": step["id"]}
                began = _event("tool.started", **ids, toolName=name, arguments=step["arguments"])
                if "error" in step:
                    return [began, _event("tool.failed", **ids, error=step["error"])]
                return [began, _event("tool.done", **ids, **({"result": step["result"]} if "result" in step else {}))]
            case {"review": name}:
                # The name of a tool may be absent, whatever its documentation says of it.
                ids = {"toolId": "01JKG6QJ5FGHCWA7RVMMZB82QY", "toolCallId": step["id"]}
                named = {"toolName": name} if name else {}
                return [_event(
                    "tool.review.requested", **ids, **named, arguments=step["arguments"], requiresApproval=True,
                )]
            case {"reviewed": review}:
                return [_event(
                    "tool.review.done", toolId="01JKG6QJ5FGHCWA7RVMMZB82QY", toolCallId=step["id"], review=review,
                )]
            case {"end": reason}:
                turn = self._turn
                pending = {"pendingToolCalls": turn.pending} if turn.pending else {}
                usage = {"usage": turn.usage} if turn.usage else {}
                done = [event for name in list(self._texts) for event in self._done(name)]
                return [*done, _event(
                    "response.done", finishReason=reason, **usage, **pending, telemetry=turn.telemetry,
                )]
            case {"fail": error} | {"stream_error": error} | {"timeout": error}:
                return [_event("response.failed", error=error, code=int(step.get("code", 500)))]
            case {"event": event}:
                return [event]
        return []

    def _done(self, name: str) -> list[Event]:
        return [_event("part.done", partId=name, part={"kind": "text", "text": self._texts.pop(name)})]

    def _whole(self, kind: str, part: dict) -> list[Event]:
        name = f"{kind}_{self._turn.next_number()}"
        return [_event("part.delta", partId=name, delta=part), _event("part.done", partId=name, part=part)]


class AgentFamily:
    """The seventeen events of an agent. Text comes whole, at the end of the turn."""

    def __init__(self, turn: Turn):
        self._turn = turn
        self._iteration = 0

    def opening(self) -> list[Event]:
        turn = self._turn
        message = {"role": turn.user["role"], "parts": turn.user["parts"], "metadata": {}}
        return [
            _event(
                "agents.execution_started", agent_task_id=turn.task.id, workspace_id=turn.task.workspace,
                trace_id=turn.run,
            ),
            _event(
                "event.agents.started", workflowRunId=turn.run, inputMessage=message,
                modelId="0707a18f-e3a0-44b6-9f24-4d5d28e0cdea", instructions="secret instructions",
                system_prompt="secret prompt", agent_manifest_id=turn.task.agent["_id"],
                agent_key=turn.task.agent["key"], agent_source=None, is_continuation=turn.number > 1, stream=True,
            ),
        ]

    def of(self, step: dict) -> list[Event]:
        turn = self._turn
        match step:
            case {"reasoning": text}:
                return [self._thought([turn.message({"kind": "text", "text": text})])]
            case {"tool": name}:
                call = {
                    "kind": "tool_call", "tool_name": name, "tool_call_id": step["id"], "arguments": step["arguments"],
                }
                action = {"action_type": name, "tool_execution_context": self._context(step["id"])}
                began = _event(
                    "event.workflow_events.tool_execution_started", tool_id="01JKG6QJ5FGHCWA7RVMMZB82QY", **action,
                    tool_arguments=step["arguments"], workflowRunId=turn.run, tool_description=None,
                )
                end = {"error": {"message": step["error"]}} if "error" in step else {"result": step.get("result")}
                kind = "failed" if "error" in step else "finished"
                done = _event(
                    f"event.workflow_events.tool_execution_{kind}", **end, **action, workflowRunId=turn.run,
                )
                return [self._thought([turn.message(call)]), began, done]
            case {"review": name}:
                tool = {"id": "01JKG6QJ5FGHCWA7RVMMZB82QY", "action_type": name, "requires_approval": True}
                return [_event(
                    "event.agents.action_review_requested", agent_id=turn.task.agent["_id"], action_id=step["action"],
                    requires_approval=True, tool=tool, input=step["arguments"], agent_tool_call_id=step["id"],
                )]
            case {"reviewed": review}:
                return [_event(
                    "event.agents.action_reviewed", agent_id=turn.task.agent["_id"], action_id=step["action"],
                    agent_tool_call_id=step["id"], review=review, workflowRunId=turn.run,
                )]
            case {"execution_review": _}:
                return [_event("event.agents.execution_review_required"), _event("event.agents.execution_reviewed")]
            case {"named": name}:
                return [_event("event.agents.execution_named", name=name, agent_manifest_id=turn.task.agent["_id"])]
            case {"handed_off": agent}:
                return [_event("event.agents.handed_off", agent_id=agent, input="secret input of a colleague")]
            case {"created": text}:
                message = {"role": "user", "parts": [{"kind": "text", "text": text}]}
                return [_event(
                    "event.agents.message-created", workflowRunId=turn.run, spanId="s", parentId="p", message=[message],
                )]
            case {"end": reason}:
                data = {"pending_tool_calls": turn.pending} if turn.pending else {}
                if turn.usage:
                    data["usage"] = turn.usage | {"time_to_first_token": 12.5}
                    data["billing"] = {
                        "total_cost": 0.0125, "input_cost": 0.0025, "output_cost": 0.01, "billable": True,
                        "integration_id": None,
                    }
                if turn.parts and not step.get("bare"):
                    last = {"messageId": turn.message_id, "role": "agent", "parts": turn.parts}
                    data["last_message_full"] = last | {"metadata": {"orq_index": 2}}
                data |= {"last_message": turn.text, "finish_reason": reason, "workflowRunId": turn.run}
                return [_event("event.agents.inactive", **data)]
            case {"fail": error}:
                return [_event(
                    "event.agents.errored", error=error, code=int(step.get("code", 500)), workflowRunId=turn.run,
                )]
            case {"timeout": message}:
                return [_event("agents.timeout", message=message)]
            case {"stream_error": error}:
                return [_event("agents.error", error=error, code=str(step.get("code", "internal")))]
            case {"event": event}:
                return [event]
        return []

    def _thought(self, messages: list[dict]) -> Event:
        self._iteration += 1
        turn = self._turn
        whose = {
            "agent_id": turn.task.agent["_id"], "agent_execution_id": turn.task.id,
            "workspace_id": turn.task.workspace,
        }
        difference = {message["messageId"]: message | whose for message in messages}
        choice = {"finish_reason": None, "index": 0, "message": {"content": "secret choice", "role": "assistant"}}
        return _event(
            "event.agents.thought", agent_id=turn.task.agent["_id"], message_difference=difference,
            iteration=self._iteration, accumulated_execution_time=1234.5, choice=choice,
        )

    def _context(self, call: str) -> dict:
        turn = self._turn
        return {
            "action_id": f"action-{call}", "agent_tool_call_id": call, "workspace_id": turn.task.workspace,
            "agent_manifest_id": turn.task.agent["_id"], "agent_execution_id": turn.task.id, "product": "agents",
        }


# ---------------------------------------------------------------- bytes

FRAMINGS = {4: "object", 3: "string"}


def frame(event: Event | str, odd: Odd, generation: int) -> bytes:
    """One event of a stream. SDKs of 3.x read a JSON string that holds the event; those of 4.x the event itself."""
    text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    lines: list[str] = []
    if odd.comments:
        lines += [": keep-alive", ":", ": data: {\"type\":\"response.done\"}"]
    if odd.fields:
        lines += ["event: message", "id: 7", "retry: 1000", "colour: blue", "event"]
    match odd.framing or FRAMINGS[generation]:
        case "string" if text != "[DONE]":
            lines.append("data: " + json.dumps(text))
        case "two spaces" if text != "[DONE]":
            lines.append("data:  " + text)
        case "tight":
            lines.append("data:" + text)
        case "lines" if text != "[DONE]":
            lines += ["data: " + line for line in json.dumps(event, indent=1, ensure_ascii=False).split("\n")]
        case _:
            lines.append("data: " + text)
    return "".join(line + odd.newline for line in [*lines, ""]).encode()
