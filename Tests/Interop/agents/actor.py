"""A command agent that does what its message says, so that a scenario can make an agent behave in any way it needs.

The first word of the message is the verb; see the functions at the end.
"""

import base64
import json
import os
import sys


def emit(kind, **event):
    print(json.dumps({"type": kind, **event}), flush=True)


def status(state, *said):
    emit("status", state=state, parts=[{"text": text} for text in said])


def artifact(identifier, *parts, name=None, append=False, last=True):
    emit("artifact", id=identifier, name=name, parts=list(parts), append=append, last=last)


def say(turn, *words):
    """Answers with an artifact of one text."""
    artifact("answer", {"text": " ".join(words)}, name="answer")
    status("completed")


def reply(turn, *words):
    """Answers with a message and no task."""
    emit("message", text=" ".join(words))


def reject(turn, *words):
    status("rejected", " ".join(words))


def fail(turn, *words):
    status("working")
    status("failed", " ".join(words))


def crash(turn, *words):
    status("working")
    print("secret of the inside", file=sys.stderr, flush=True)
    os._exit(3)


def ask(turn, *words):
    """Asks back, and answers with what it was told."""
    status("input-required", " ".join(words))


def call(turn, *names):
    """Asks its caller to call these functions, and answers with their results."""
    calls = [{"tool_call_id": f"call-{name}", "name": name, "arguments": {"city": "Köln"}} for name in names]
    emit("status", state="input-required", parts=[{"data": {"tool_calls": calls}}])


def login(turn, *words):
    status("auth-required", " ".join(words))


def show(turn, *words):
    """One artifact for each kind of part."""
    artifact("text", {"text": "plain"})
    content = base64.b64encode(bytes(range(256))).decode()
    artifact("bytes", {"raw": content, "mediaType": "image/png", "filename": "a.png"})
    artifact("uri", {"url": "https://example.com/b.pdf", "mediaType": "application/pdf", "filename": "b.pdf"})
    artifact("data", {"data": {"name": "Ümläut", "list": [1, 2.5, True, None], "nested": {"empty": {}}}})
    status("completed")


def mirror(turn, *words):
    """One artifact with all further parts of the message, and one that tells what the agent has seen of the bytes."""
    others = turn["message"]["parts"][1:]
    artifact("mirror", *others)
    sizes = [len(base64.b64decode(part["raw"], validate=True)) for part in others if "raw" in part]
    artifact("sizes", {"text": json.dumps(sizes)})
    status("completed")


def remember(turn, *words):
    """Answers with what the user said in the earlier turns of the context."""
    earlier = [part["text"] for message in turn["history"] if message["role"] == "user"
               for part in message["parts"] if "text" in part]
    say(turn, " | ".join(earlier))


def spend(turn, *words):
    """Answers, and says what the answer cost."""
    emit("usage", inputTokens=12, outputTokens=34)
    emit("metadata", name="model", value="none")
    say(turn, *words)


def whoami(turn, *words):
    say(turn, turn["principal"])


def obey(turn, path):
    """Follows the lines of a pipe: `work TEXT`, `chunk TEXT`, `last TEXT`, `done`."""
    status("working")
    started = False
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            verb, _, text = line.rstrip("\n").partition(" ")
            if verb == "work":
                status("working", text)
            elif verb in ("chunk", "last"):
                artifact("stream", {"text": text}, append=started, last=verb == "last")
                started = True
            elif verb == "done":
                status("completed", "obeyed")
                return


VERBS = [say, reply, reject, fail, crash, ask, call, login, show, mirror, remember, spend, whoami, obey]

turn = json.loads(sys.stdin.readline())
first = turn["message"]["parts"][0]
told = first["text"] if "text" in first else json.dumps(first["data"], ensure_ascii=False)
if turn["continuation"]:
    say(turn, "you answered", told)
else:
    verb, *words = told.split(" ")
    {function.__name__: function for function in VERBS}[verb](turn, *words)
