"""Rolls dice: a service as an agent. Takes messages by HTTP and answers with a stream of events.

    python3 service.py [PORT]
"""

import json
import random
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DICE_MAX = 100
BODY_BYTES_MAX = 10 * 1024 * 1024


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > BODY_BYTES_MAX:
            self.send_error(413)
            return
        turn = json.loads(self.rfile.read(length))
        dice = re.search(r"\b(\d{1,4})d(\d{1,4})?\b", turn["text"])
        if dice and int(dice[1]) > DICE_MAX:
            # Understood, and not wanted: the task is rejected.
            self.send_error(422)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        # The end of the connection ends the stream.
        self.send_header("Connection", "close")
        self.end_headers()
        if not dice:
            self.emit("status", state="input-required", text="Which dice? Such as 2d6.")
            return
        count, sides = int(dice[1]), max(1, int(dice[2] or turn["settings"]["sides"]))
        self.emit("status", state="working", text=f"Rolling {count} dice with {sides} sides")
        rolls = [random.randint(1, sides) for _ in range(count)]
        self.emit("artifact", id="rolls", name="rolls", text=" ".join(map(str, rolls)))
        self.emit("artifact", id="sum", name="sum", data={"sum": sum(rolls), "rolls": rolls})

    def emit(self, kind, **event):
        self.wfile.write(f"data: {json.dumps({'type': kind, **event})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Service)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
