"""What each SDK makes of refusals: the class of the error, by operation and status.

From the SDKs' own sources: a refusal that the API declares has a class of its own and its body parsed; every other one
is the SDK's general error, with the body as text.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from orq_ai_sdk import models

from sdk_orq import VERSION

GENERAL = "APIDefaultError" if VERSION.startswith("4.17.") else "APIError"

_OF_3 = {
    ("create", 409): "CreateAgentAgentsResponseBody",
    ("retrieve", 404): "GetAgentAgentsResponseBody",
    ("list_tasks", 404): "ListAgentTasksAgentsResponseBody",
    ("retrieve_task", 404): "GetAgentTaskAgentsResponseBody",
}
_OF_4 = {
    ("retrieve", 404): "RetrieveAgentRequestAgentsResponseBody",
    ("response", 404): "HonoAPIError",
}
_OF_BOTH = {
    ("update", 404): "UpdateAgentAgentsResponseBody",
    ("delete", 404): "DeleteAgentResponseBody",
    ("stream_run", 404): "StreamRunAgentAgentsResponseBody",
    ("stream_task", 404): "StreamAgentAgentsResponseBody",
}
_OF_4_8 = {
    ("register", 400): "PostV2AgentsA2aAgentsResponseBody",
    ("register", 409): "PostV2AgentsA2aAgentsResponseResponseBody",
    ("refresh", 400): "PostV2AgentsKeyCardRefreshAgentsResponseBody",
    ("refresh", 404): "PostV2AgentsKeyCardRefreshAgentsResponseResponseBody",
}
_OF_4_17 = {
    (operation, 401): "ErrorResponse" for operation in ("invoke", "run", "respond", "stream_response", "external")
}

CLASSES = _OF_BOTH | {"3": _OF_3, "4": _OF_4}[VERSION[0]] | (
    _OF_4_8 if VERSION.startswith(("4.8.", "4.9.")) else _OF_4_17 if VERSION.startswith("4.17.") else {}
)


@contextlib.contextmanager
def refused(operation: str, status: int, words: str = "", retry_after: bool = False):
    """Passes when the block is refused so, as an error of the class that the SDK has for it, in the form of the API."""
    with pytest.raises(models.OrqError) as caught:
        yield
    check(caught.value, operation, status, words, retry_after)


def check(error: Any, operation: str, status: int, words: str = "", retry_after: bool = False) -> None:
    expected = CLASSES.get((operation, status), GENERAL)
    assert type(error).__name__ == expected, f"{operation}: {error!r}"
    assert type(error) is getattr(models, expected)
    assert error.status_code == error.raw_response.status_code == status, error
    assert error.headers["content-type"] == "application/json"
    body = json.loads(error.body)
    assert set(body) == {"message"} and words in body["message"], body
    if expected == GENERAL:
        assert not hasattr(error, "data")
    else:
        assert error.data.message == body["message"] == error.message
    assert ("retry-after" in error.headers) == retry_after, error.headers
    assert not retry_after or int(error.headers["retry-after"]) > 0
