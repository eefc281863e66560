#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""LAYOUT: serves an OCI layout's first image as a registry that wants tokens, and sends who asks for blobs to another host, which
must not see the token. Prints the port. Names: a/b:good, a/b:denied (no token is enough)."""
import base64
import http.server
import json
import sys
import threading
import urllib.parse

layout = sys.argv[1]
PASSWORD = "Basic " + base64.b64encode(b"user:pass:word").decode()


def blob(digest):
    with open(f"{layout}/blobs/" + digest.replace(":", "/"), "rb") as file:
        return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Storage(Handler):
    def do_GET(self):
        if self.headers["Authorization"]:
            self.answer(400)
        else:
            self.answer(200, blob(self.path[1:]))


class Registry(Handler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if url.path == "/token":
            query = urllib.parse.parse_qs(url.query)
            if self.headers["Authorization"] != PASSWORD:
                return self.answer(401)
            if query != {"service": ["tokens & more"], "scope": ["repository:a/b:pull"], "x": ["y"]}:
                return self.answer(400)
            return self.answer(200, json.dumps({"access_token": "ticket"}).encode())
        if self.headers["Authorization"] != "Bearer ticket" or url.path.endswith("/denied"):
            realm = f'Bearer realm="http://127.0.0.1:{port}/token?x=y",service="tokens & more",error="a, b"'
            return self.answer(401, WWW_Authenticate=realm)
        if "/blobs/" in url.path:
            return self.answer(307, Location=f"http://localhost:{storage_port}/" + url.path.split("/")[-1])
        with open(f"{layout}/index.json", "rb") as file:
            digest = json.load(file)["manifests"][0]["digest"]
        return self.answer(200, blob(digest), Docker_Content_Digest=digest)


storage = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Storage)
storage_port = storage.server_port
threading.Thread(target=storage.serve_forever, daemon=True).start()
registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
port = registry.server_port
print(port, flush=True)
registry.serve_forever()
