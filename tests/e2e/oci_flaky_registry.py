#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""LAYOUT: serves an OCI layout's first image as a registry on a bad day. Prints the port, and at /said what happened since it was
asked last, as text. What goes wrong is in the name of the repository, for blobs alone unless it says otherwise:

good             nothing
cut/N            every connection breaks after N bytes, now with an end and now with a reset
cut-once/N       the first one for each blob does
no-ranges/N      so does this, and ranges are not known
no-length/N      so does this, and lengths are not said
other-part/N     as cut-once/N, and ranges bring another part
expires/N        as cut-once/N, and a token is good for one connection to a blob
busy/STATUS      the first request for anything is answered with that; 429 says "Retry-After: 1"
broken/STATUS    all are, without saying when to come again
patience         429, "Retry-After: 3600"
wait             503, "Retry-After: 30"
status/STATUS    blobs are
together         a layer comes when four are asked for
one-token        layers but the top one want a token, and who has none hears so when three have asked
"""
import http.server
import json
import socket
import struct
import sys
import threading
import time

layout = sys.argv[1]
lock = threading.Condition()
seen = {}  # requests by URL
sent = {}  # bytes by blob
token = given = 0
waiting = most = 0


def blob(digest):
    with open(f"{layout}/blobs/" + digest.replace(":", "/"), "rb") as file:
        return file.read()


with open(f"{layout}/index.json", "rb") as index:
    manifest = json.load(index)["manifests"][0]["digest"]
config = json.loads(blob(manifest))["config"]["digest"]
top = json.loads(blob(manifest))["layers"][-1]["digest"]


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def leave(self, with_reset):
        self.wfile.flush()
        self.close_connection = True
        if with_reset:
            # What is on its way would be lost, too.
            time.sleep(0.05)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def do_GET(self):
        global token, given
        if self.path == "/said":
            return self.say()
        if self.path.startswith("/token?"):
            with lock:
                token += 1
                given += 1
                return self.answer(200, json.dumps({"token": str(token)}).encode())
        if "-v" in sys.argv:
            print(self.path, self.headers["Range"], file=sys.stderr, flush=True)
        with lock:
            count = seen[self.path] = seen.get(self.path, 0) + 1
        parts = self.path.split("/")
        self.kind, self.value = parts[2], int(parts[3]) if parts[3].isdigit() else 0
        if self.kind == "busy" and count == 1:
            return self.answer(self.value, **({"Retry_After": "1"} if self.value == 429 else {}))
        if self.kind == "broken":
            return self.answer(self.value)
        if self.kind == "wait":
            return self.answer(503, Retry_After="30")
        if self.kind == "patience":
            return self.answer(429, Retry_After="3600")
        if "/manifests/" in self.path:
            return self.answer(200, blob(manifest), Docker_Content_Digest=manifest)
        if self.kind == "status":
            return self.answer(self.value)
        is_layer = parts[-1] != config
        if (self.kind == "expires" or self.kind == "one-token" and is_layer and parts[-1] != top) and self.headers["Authorization"] != f"Bearer {token}":
            if self.kind == "one-token":
                self.wait_for_others(3)
            return self.answer(401, WWW_Authenticate=f'Bearer realm="http://127.0.0.1:{port}/token",service="x"')
        if self.kind == "together" and is_layer:
            self.wait_for_others(4)
        self.send_blob(parts[-1], count)

    def say(self):
        global most, given
        with lock:
            text = "".join(f"{digest} {count} of {len(blob(digest))}\n" for digest, count in sorted(sent.items()))
            text += f"together {most}\nasked {max(seen.values(), default=0)}\ntokens {given}\n"
            sent.clear()
            seen.clear()
            most = given = 0
        self.answer(200, text.encode())

    def wait_for_others(self, wanted):
        global waiting, most
        with lock:
            waiting += 1
            most = max(most, waiting)
            lock.notify_all()
            lock.wait_for(lambda: most >= wanted, 5)
            waiting -= 1

    def send_blob(self, digest, count):
        data = blob(digest)
        start = 0
        if self.headers["Range"] and self.kind != "no-ranges":
            start = int(self.headers["Range"].split("=")[1].split("-")[0])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start + (self.kind == 'other-part')}-{len(data) - 1}/{len(data)}")
        if self.kind != "no-length":
            self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        part = data[start:]
        breaks = self.kind == "cut" or count == 1 and self.kind in ("cut-once", "no-ranges", "no-length", "other-part", "expires")
        if breaks:
            part = part[:self.value]
        self.wfile.write(part)
        with lock:
            sent[digest] = sent.get(digest, 0) + len(part)
        self.leave(breaks and len(part) % 2)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
port = server.server_port
print(port, flush=True)
server.serve_forever()
