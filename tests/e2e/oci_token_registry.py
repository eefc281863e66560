#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""LAYOUT [CERTIFICATE KEY]: serves an OCI layout's first image as a registry that wants tokens, and sends who asks for blobs to
another host, which must not see the token. Prints the port. Names: a/b:good, a/b:denied (no token is enough).
With a certificate it speaks TLS, but the other host does not: neither that nor a realm there may be asked. Names: a/b:blobs (wants
no token, blobs are on the other host), a/b:manifest (so is the manifest), a/b:realm (tokens are to be had there), a/b:liar (the digest
that it says is not that of the manifest); by any digest it gives the one manifest that it has."""
import base64
import http.server
import json
import ssl
import sys
import threading
import urllib.parse

layout, certificate = sys.argv[1], sys.argv[2:]
IDENTITY = "an identity & a=b+c"
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


def manifest_digest():
    with open(f"{layout}/index.json", "rb") as file:
        return json.load(file)["manifests"][0]["digest"]


class Clear(Handler):
    """Would answer everything, but nobody may ask."""

    def do_GET(self):
        print("asked in the clear:", self.path, file=sys.stderr, flush=True)
        if self.path.startswith("/token"):
            return self.answer(200, json.dumps({"token": "ticket"}).encode())
        self.answer(200, blob(self.path.split("/")[-1]))


class Secure(Handler):
    def do_GET(self):
        clear = f"http://localhost:{storage_port}/"
        if self.path.endswith("/manifests/realm") and self.headers["Authorization"] != "Bearer ticket":
            return self.answer(401, WWW_Authenticate=f'Bearer realm="{clear}token",service="x"')
        if "/blobs/" in self.path:
            return self.answer(307, Location=clear + self.path.split("/")[-1])
        if self.path.endswith("/manifests/manifest"):
            return self.answer(307, Location=clear + manifest_digest())
        said = "sha256:" + "0" * 64 if self.path.endswith("/liar") else manifest_digest()
        self.answer(200, blob(manifest_digest()), Docker_Content_Digest=said)


class Registry(Handler):
    def do_POST(self):
        """An identity token is exchanged for an access token: OAuth2's refresh, as Docker does it."""
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wanted = {"grant_type": ["refresh_token"], "client_id": ["liberofs"], "service": ["tokens & more"],
                  "scope": ["repository:a/b:pull"], "refresh_token": [IDENTITY]}
        if self.headers["Authorization"] or form != wanted:
            return self.answer(401)
        print("exchanged", file=sys.stderr, flush=True)
        self.answer(200, json.dumps({"access_token": "ticket"}).encode())

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
        digest = manifest_digest()
        return self.answer(200, blob(digest), Docker_Content_Digest=digest)


storage = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Clear if certificate else Storage)
storage_port = storage.server_port
threading.Thread(target=storage.serve_forever, daemon=True).start()
registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Secure if certificate else Registry)
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    registry.socket = context.wrap_socket(registry.socket, server_side=True)
port = registry.server_port
print(port, flush=True)
registry.serve_forever()
