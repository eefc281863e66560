#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""Peak memory of builds from archives and layers of many small files, by their number.

memory_slope.py KIND FEW MANY DIR PROGRAM OPTION...: runs the program on FEW and on MANY files, and prints how many bytes each
further one takes. KIND: tar, targz, directory, or a number of layers.
"""
import gzip
import hashlib
import json
import os
import subprocess
import sys

PER_DIRECTORY = 200


def header(name, kind, size, mode):
    raw = bytearray(512)
    fields = ((0, name), (100, b"%07o" % mode), (108, b"0000000"), (116, b"0000000"), (124, b"%011o" % size),
              (136, b"%011o" % 1700000000), (148, b" " * 8), (156, kind), (257, b"ustar\00000"))
    for at, value in fields:
        raw[at:at + len(value)] = value
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def members(count, layer):
    """Names and contents in the order of the archive; None: a directory."""
    for number in range(count):
        parent = b"usr/share/d%d-%05d" % (layer, number // PER_DIRECTORY)
        if number % PER_DIRECTORY == 0:
            yield parent, None
        yield parent + b"/file-%06d.txt" % number, b"file %d of layer %d\n" % (number, layer)


def archive(count, layer):
    for name, content in members(count, layer):
        if content is None:
            yield header(name + b"/", b"5", 0, 0o755)
        else:
            yield header(name, b"0", len(content), 0o644) + content.ljust(512, b"\0")
    yield bytes(1024)


def store(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{folder}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def layout(folder, count, layers):
    os.makedirs(folder + "/blobs/sha256")
    plain = [b"".join(archive(count // layers, layer)) for layer in range(layers)]
    blobs = [store(folder, gzip.compress(data, 1)) for data in plain]
    config = {"architecture": "amd64", "os": "linux",
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in plain]}}
    kind = "application/vnd.oci.image."
    manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                "config": {"mediaType": kind + "config.v1+json", **store(folder, json.dumps(config).encode())},
                "layers": [{"mediaType": kind + "layer.v1.tar+gzip", **blob} for blob in blobs]}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": manifest["mediaType"],
                                                **store(folder, json.dumps(manifest).encode())}]}
    for name, document in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(f"{folder}/{name}", "w", encoding="ascii") as file:
            json.dump(document, file)


def directory(path, count):
    for name, content in members(count, 0):
        if content is None:
            os.makedirs(os.path.join(os.fsencode(path), name))
            continue
        with open(os.path.join(os.fsencode(path), name), "wb") as file:
            file.write(content)


def make(kind, path, count):
    if kind == "directory":
        directory(path, count)
    elif kind in ("tar", "targz"):
        with gzip.open(path, "wb", 1) if kind == "targz" else open(path, "wb") as file:
            file.writelines(archive(count, 0))
    else:
        layout(path, count, int(kind))


def make_apart(*what):
    """A program's peak counts what the process had that became the program: so this one stays small."""
    child = os.fork()
    if not child:
        make(*what)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("cannot make the source")


def peak(kind, path, count, command):
    make_apart(kind, path, count)
    options = {"directory": [], "tar": ["--tar=f"], "targz": ["--tar=f"]}.get(kind, ["--oci=" + path])
    sources = [path] if kind.isalpha() else []
    with subprocess.Popen(command + options + [path + ".img"] + sources) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return usage.ru_maxrss * 1024


def main():
    kind, few, many, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    os.makedirs(folder)
    low = peak(kind, folder + "/few", few, sys.argv[5:])
    high = peak(kind, folder + "/many", many, sys.argv[5:])
    print((high - low) // (many - few))


main()
