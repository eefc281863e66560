#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""A registry to write to, that fails as it is told, and remembers what it was asked.

serve [token|basic]           prints its port; keeps all in memory. With "token" it gives tokens to user:pass:word, for the scopes that
                              are asked for; bodies may be sent to another host only, which must not see them.
    To be sent to /control, as JSON: {"log": 1}, {"tags": 1} (REPOSITORY:TAG DIGEST), {"uploads": 1} (how many have begun),
    {"compare": ["REPOSITORY", "TAG", "LAYOUT"]} (nothing, if the layout's only image is there with all its blobs, or what is wrong), or
    {"faults": [...]}: how it fails from now on; what it was asked is forgotten.
                              {"method": "PATCH", "path": "REGEX", "skip": 0, "times": 1, ...} with
                              "status" and "headers": answers so, before it reads the body
                              "drop": N: keeps N bytes of the body, and closes the connection
                              "mute": true: does what is asked, and closes the connection
                              "forget": true: knows the upload no more
                              "lie": true: says another digest;  "swallow": true: says that it has it, and has not
                              "limit": N: takes no more at once (413), as often as it likes
proxy PORT TARGET LIMIT...    listens there, passes on; cuts the first connections after so many bytes sent to the target
"""
import base64
import hashlib
import http.server
import json
import re
import socket
import struct
import sys
import threading
import urllib.parse
import uuid

PASSWORD = "Basic " + base64.b64encode(b"user:pass:word").decode()
blobs, manifests, tags, uploads, faults, log = {}, {}, {}, {}, [], []
lock = threading.Lock()
auth = sys.argv[2] if len(sys.argv) > 2 and sys.argv[1] == "serve" else ""


def digest(data, like="sha256:"):
    algorithm = like.split(":")[0]
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def references(data):
    document = json.loads(data)
    if "manifests" in document:
        return [], [one["digest"] for one in document["manifests"]]
    return [one["digest"] for one in document.get("layers", []) + [document["config"]]], []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    is_storage = False

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.fault, self.taken = {}, 0

    # ---- answers ----

    def answer(self, status, body=b"", **headers):
        log.append(f"{self.command} {self.path} {status} {self.taken}")
        if self.fault.get("mute"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(headers.pop("length", len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, message, **headers):
        if int(self.headers.get("Content-Length", 0)) and not self.taken:
            self.close_connection = True
            headers["Connection"] = "close"
        self.answer(status, json.dumps({"errors": [{"code": "X", "message": message}]}).encode(), **headers)
        if self.close_connection:
            self.linger()

    def linger(self):
        """As servers do: closed with a body unread, the connection is reset, and the answer may never be seen."""
        self.connection.settimeout(10)
        try:
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65536):
                pass
        except OSError:
            pass

    def find_fault(self):
        with lock:
            for fault in faults:
                size = int(self.headers.get("Content-Length", 0))
                if fault.get("method", self.command) != self.command or not re.search(fault.get("path", ""), self.path):
                    continue
                if "limit" in fault:
                    if size > fault["limit"]:
                        return {"status": 413}
                    continue
                if fault.get("skip", 0):
                    fault["skip"] -= 1
                elif fault.get("times", 1):
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return {}

    def body(self):
        size = int(self.headers.get("Content-Length", 0))
        data = self.rfile.read(min(size, self.fault.get("drop", size)))
        self.taken = len(data)
        return data

    # ---- who may ----

    def is_allowed(self, repository, action):
        given = self.headers["Authorization"]
        if self.is_storage:
            if given:
                self.answer(400)
            return not given
        if not auth:
            return True
        if auth == "basic":
            if given != PASSWORD:
                self.refuse(401, "who are you", WWW_Authenticate='Basic realm="x"')
            return given == PASSWORD
        scopes = given[len("Bearer "):].split("+") if given and given.startswith("Bearer ") else []
        for scope in scopes:
            _, name, actions = scope.split(":")
            if name == repository and action in actions.split(","):
                return True
        realm = f'Bearer realm="http://127.0.0.1:{port}/token",service="x y"'
        self.refuse(401, "no token", WWW_Authenticate=realm)
        return False

    def token(self, query):
        if self.headers["Authorization"] != PASSWORD:
            return self.refuse(401, "who are you")
        if query.get("service") != ["x y"]:
            return self.refuse(400, "for what")
        return self.answer(200, json.dumps({"token": "+".join(query["scope"])}).encode())

    # ---- requests ----

    def handle_one(self):
        self.fault, self.taken = self.find_fault(), 0
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/control":
            return self.control()
        if "status" in self.fault:
            return self.refuse(self.fault["status"], "told so\n", **self.fault.get("headers", {}))
        if url.path == "/token":
            return self.token(query)
        match = re.fullmatch("/v2/(.*)/(blobs/uploads|blobs|manifests)/([^/]*)", url.path)
        if not match:
            # Where other clients learn what is wanted.
            if url.path == "/v2/" and auth == "basic" and not self.is_allowed("", "pull"):
                return None
            return self.answer(200 if url.path == "/v2/" else 404)
        repository, kind, name = match.groups()
        if not self.is_allowed(repository, "pull" if self.command in ("GET", "HEAD") and kind != "blobs/uploads" else "push"):
            return None
        if kind == "blobs/uploads":
            return self.upload(repository, name, query)
        if kind == "manifests" and self.command == "PUT":
            return self.put_manifest(repository, name)
        known = manifests if kind == "manifests" else blobs
        data = known.get((repository, tags.get((repository, name), name)))
        if data is None:
            return self.refuse(404, "unknown", Retry_After=0)
        said = tags.get((repository, name), name)
        if self.command == "HEAD":
            return self.answer(200, length=len(data), Docker_Content_Digest=said)
        return self.answer(200, data, Docker_Content_Digest=said)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

    def place(self, repository, name):
        base = f"http://localhost:{storage_port}" if auth == "token" else ""
        return f"{base}/v2/{repository}/blobs/uploads/{name}?state=a%2Fb"

    def upload(self, repository, name, query):
        key = (repository, name)
        if self.command == "POST":
            self.body()
            return self.begin(repository, query)
        if self.fault.get("forget"):
            uploads.pop(key, None)
        if key not in uploads or query.get("state") != ["a/b"]:
            return self.refuse(404, "no such upload")
        if self.command == "DELETE":
            del uploads[key]
            return self.answer(204)
        if self.command == "GET":
            return self.answer(204, Location=self.place(*key), Range=f"0-{max(len(uploads[key]) - 1, 0)}")
        start = self.headers.get("Content-Range", "").split("-")[0]
        if self.command == "PATCH" and start and int(start) != len(uploads[key]):
            return self.refuse(416, "not from there", Range=f"0-{max(len(uploads[key]) - 1, 0)}")
        uploads[key] += self.body()
        if "drop" in self.fault:
            log.append(f"{self.command} {self.path} 0 {self.taken}")
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if self.command == "PATCH":
            return self.answer(202, Location=self.place(*key), Range=f"0-{len(uploads[key]) - 1}")
        return self.end(repository, key, query["digest"][0])

    def begin(self, repository, query):
        origin = (query.get("from", [""])[0], query.get("mount", [""])[0])
        if origin in blobs and self.is_allowed(origin[0], "pull"):
            blobs[repository, origin[1]] = blobs[origin]
            return self.answer(201, Location="/", Docker_Content_Digest=origin[1])
        if origin in blobs:
            return None
        name = str(uuid.uuid4())
        uploads[repository, name] = b""
        return self.answer(202, Location=self.place(repository, name))

    def end(self, repository, key, said):
        data = uploads.pop(key)
        if digest(data, said) != said:
            return self.refuse(400, "digest invalid")
        if not self.fault.get("swallow"):
            blobs[repository, said] = data
        return self.answer(201, Docker_Content_Digest="sha256:" + 64 * "0" if self.fault.get("lie") else said)

    def put_manifest(self, repository, name):
        data = self.body()
        parts, members = references(data)
        if any((repository, part) not in blobs for part in parts) or any((repository, one) not in manifests for one in members):
            return self.refuse(400, "blob unknown to registry")
        if name.startswith("sha") and digest(data, name) != name:
            return self.refuse(400, "digest invalid")
        said = name if name.startswith("sha") else digest(data)
        if self.headers["Content-Type"] != json.loads(data).get("mediaType"):
            return self.refuse(400, "media type")
        manifests[repository, said] = data
        if not name.startswith("sha"):
            tags[repository, name] = said
        return self.answer(201, Docker_Content_Digest="sha256:" + 64 * "0" if self.fault.get("lie") else said)

    # ---- the tests' own ----

    def control(self):
        order = json.loads(self.body())
        if "faults" in order:
            faults[:] = order["faults"]
            log.clear()
            reply = ""
        elif "log" in order:
            reply = "\n".join(log)
        elif "tags" in order:
            reply = "\n".join(f"{repository}:{tag} {said}" for (repository, tag), said in sorted(tags.items()))
        elif "uploads" in order:
            reply = str(len(uploads))
        else:
            reply = compare(*order["compare"])
        return self.raw(reply.encode())

    def raw(self, data):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Storage(Handler):
    is_storage = True


def compare(repository, tag, layout):
    def blob(one):
        with open(f"{layout}/blobs/" + one.replace(":", "/"), "rb") as file:
            return file.read()

    with open(layout + "/index.json", "rb") as file:
        todo = [json.load(file)["manifests"][0]["digest"]]
    if tags.get((repository, tag)) != todo[0]:
        return f"{tag} is not {todo[0]}"
    while todo:
        one = todo.pop()
        if manifests.get((repository, one), blobs.get((repository, one))) != blob(one):
            return f"{one} is not there, or not the same"
        try:
            parts, members = references(blob(one))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        todo += parts + members
    return ""


def pass_on(source, target, limit):
    try:
        while limit is None or limit > 0:
            data = source.recv(65536 if limit is None else min(limit, 65536))
            if not data:
                break
            target.sendall(data)
            limit = None if limit is None else limit - len(data)
    except OSError:
        pass
    for one in (source, target):
        try:
            # At once, whatever was still to come.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()


def proxy(here, to, limits):
    listener = socket.create_server(("127.0.0.1", int(here)))
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", int(to)))
        limit = limits.pop(0) if limits else None
        threading.Thread(target=pass_on, args=(client, server, limit), daemon=True).start()
        threading.Thread(target=pass_on, args=(server, client, None), daemon=True).start()


if sys.argv[1] == "serve":
    storage = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    storage_port = storage.server_port
    threading.Thread(target=storage.serve_forever, daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_port
    print(port, flush=True)
    server.serve_forever()
elif sys.argv[1] == "proxy":
    proxy(sys.argv[2], sys.argv[3], [int(text) for text in sys.argv[4:]])
