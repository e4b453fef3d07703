#!/usr/bin/env python3
"""A way to the server with misfortunes on it, for the tests of the bindings: proxy.py SERVER-URL DATABASE

FLORIN_TEST_KEY is an API key of the server's. Prints its own URL, serves until its standard input ends. What goes wrong
stands in the base URL that a test gives its client, so tests do not meet each other:

    http://127.0.0.1:PORT/NAME/RULE;RULE;…/api/v1/…

A RULE is `WHAT,TIMES,PATH`: it befalls the first TIMES requests of NAME whose path (with `-` for `/`) begins with PATH.
WHAT is a fault of the sandbox (`drop-after`, `delay-ms=3000`, `error=10003`, …: see the server's own page), or
- `none`: all goes well;
- `hang`: no answer until the client gives up, which is counted;
- `rewrite=OLD=NEW`: OLD becomes NEW in the answer.

    GET  /stats/NAME        {"seen": requests, "hit": misfortunes, "gone": clients that closed a hanging connection}
    POST /expire/MTID       ends a mobile token's time, in the database
    POST /receive/NAME      takes a notification; GET gives the last one back as it came, headers and body, or 404
    POST /browser           signs a person in: {"url", "email", "password", "decision"}; where that leads
"""

import http.client
import json
import os
import select
import socket
import sqlite3
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from browser import sign_in

server_url, database = sys.argv[1:]
server = urllib.parse.urlsplit(server_url)
lock = threading.Lock()
stats = {}
left = {}
received = {}


def misfortune(name, rules, path):
    """What befalls this request."""
    with lock:
        seen = stats.setdefault(name, {"seen": 0, "hit": 0, "gone": 0})
        seen["seen"] += 1
        for rule in rules.split(";"):
            what, times, prefix = rule.split(",")
            if path.replace("/", "-").startswith(prefix):
                key = (name, rule)
                left.setdefault(key, int(times))
                if left[key] > 0:
                    left[key] -= 1
                    seen["hit"] += 1
                    return None if what == "none" else what
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def own(self, body):
        kind, _, name = self.path[1:].partition("/")
        if kind == "receive":
            return self.receive(name, body)
        if kind == "browser":
            return self.reply(200, sign_in(**json.loads(body)).encode())
        if kind == "stats":
            with lock:
                answer = stats.get(name, {"seen": 0, "hit": 0, "gone": 0})
        else:
            with sqlite3.connect(database, timeout=10) as db:
                number = int(name.removeprefix("mtid_"))
                changed = db.execute("UPDATE mobile_token SET expires = created + 1 WHERE mtid = ?", [number])
                answer = {"changed": changed.rowcount}
            db.close()
            # Who is alone on a database looks at it anew after a commit of their own.
            write = http.client.HTTPConnection(server.hostname, server.port, timeout=60)
            key = {"X-APIKey": os.environ["FLORIN_TEST_KEY"]}
            write.request("POST", "/api/v1/user/create", json.dumps({"provideruserid": f"after {name}"}), key)
            assert json.load(write.getresponse())["resultcode"] == 10000
            write.close()
        return self.reply(200, json.dumps(answer).encode())

    def receive(self, name, body):
        if self.command == "POST":
            headers = [header for header in self.headers.items() if header[0].lower().startswith("webhook-")]
            received[name] = (200, body, headers)
            return self.reply(200, b"")
        return self.reply(*received.get(name, (404, b"")))

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith(("/stats/", "/expire/", "/receive/", "/browser")):
            return self.own(body)
        _, name, rules, rest = self.path.split("/", 3)
        what = misfortune(name, urllib.parse.unquote(rules), rest.removeprefix("api/v1/"))
        if what == "hang":
            # Readable means closed here: the client has nothing more to say.
            select.select([self.connection], [], [], 30)
            self.close_connection = True
            try:
                gone = self.connection.recv(1, socket.MSG_PEEK) == b""
            except OSError:
                gone = True
            with lock:
                stats[name]["gone"] += gone
            return None
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
        if what and not what.startswith("rewrite="):
            headers["X-Florin-Fault"] = what
        try:
            upstream = http.client.HTTPConnection(server.hostname, server.port, timeout=60)
            upstream.request(self.command, "/" + rest, body or None, headers)
            response = upstream.getresponse()
            answer = response.read()
            upstream.close()
        except (OSError, http.client.HTTPException):
            # The server has dropped it, and so do we: without a word.
            self.close_connection = True
            return None
        if what and what.startswith("rewrite="):
            _, old, new = what.split("=")
            answer = answer.replace(old.encode(), new.encode())
        dropped = ("connection", "content-length", "transfer-encoding", "date", "server")
        self.reply(response.status, answer, [h for h in response.getheaders() if h[0].lower() not in dropped])
        return None

    do_GET = do_POST = do_DELETE = forward


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that has gone is no news here."""


listener = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{listener.server_port}", flush=True)
threading.Thread(target=listener.serve_forever, daemon=True).start()
sys.stdin.read()
