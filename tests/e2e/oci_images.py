#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""Container images without a container tool, good ones and bad ones.

layers DIR                    DIR/0.tar ... : layers that hide, replace and link in every way
layout DIR FORM LAYER...      an OCI layout; FORM: plain, gzip, members, zstd, sha512
platforms DIR LAYER...        a layout with an index for several platforms, and two names
flat LAYOUT DIR               what skopeo makes of it with dir:, and all images of a list with --all
save FILE LAYER...            what `docker save` made before it knew OCI
odd DIR LAYER...              DIR/same, DIR/empty, DIR/twice: layouts that are odd and legal
corpus DIR LAYER              DIR/good-..., DIR/bad-...: inputs of the fuzz target of documents
bad DIR LAYER                 DIR/NAME: layouts that must be refused; prints NAME and a pattern for the message
"""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile

TIME = 1600000000
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MACHINE = {"x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"}
HERE = MACHINE.get(os.uname().machine, os.uname().machine)


# ---- layers ----------------------------------------------------------------------------------------------------------------

class Layer:
    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link="", pax=None, **more):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.linkname, info.mtime = kind, mode, link, TIME
        info.size = len(data)
        info.pax_headers = pax or {}
        for key, value in more.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def dir(self, name, **more):
        return self.add(name, tarfile.DIRTYPE, mode=more.pop("mode", 0o755), **more)

    def hide(self, directory, name):
        return self.add(f"{directory}/.wh.{name}" if directory else f".wh.{name}")

    def finish(self):
        self.tar.close()
        return self.bytes.getvalue()


def text(word, count):
    return b"".join(b"%s %d\n" % (word, i) for i in range(count))


def make_layers():
    forged = {"SCHILY.xattr.trusted.erofs.fingerprint": "sha256:" + "x" * 32, "SCHILY.xattr.user.kept": "value"}
    base = Layer().dir("./", mode=0o750)
    for name in ("gone", "opaque", "opaque/sub", "late", "keep", "becomes-file", "replaced", "again"):
        base.dir(name)
        base.add(f"{name}/lower", data=text(name.encode(), 3000))
    base.add("file", data=b"lower\n", mode=0o4755, uid=12, gid=34)
    base.add("forged", data=b"forged\n", pax=forged)
    base.add("big", data=text(b"big", 60000))
    base.add("becomes-dir", data=b"no directory\n")
    base.add("linked-one", data=text(b"linked", 900))
    base.add("linked-two", tarfile.LNKTYPE, link="linked-one")
    base.add("twice", data=b"first\n").add("twice", data=b"second\n")
    base.add("symbolic", tarfile.SYMTYPE, link="../file")
    base.add("null", tarfile.CHRTYPE, devmajor=1, devminor=3)
    base.add("pipe", tarfile.FIFOTYPE)
    base.add("missing/parents/of/this", data=b"deep\n")
    base.add("empty")

    middle = Layer()
    middle.hide("", "gone").hide("", "linked-one").hide("keep", "lower").hide("", "never-was")
    middle.add("opaque/.wh..wh..opq").add("opaque/upper", data=b"upper\n").dir("opaque/sub")
    # What the layer itself has is not hidden, whichever comes first.
    middle.add("late/upper", data=b"early\n").add("late/.wh..wh..opq")
    middle.add("again/lower", data=b"again\n").hide("again", "lower")
    middle.add("becomes-file", data=b"now a file\n")
    middle.dir("becomes-dir").add("becomes-dir/child", data=b"child\n")
    middle.hide("", "replaced").dir("replaced", mode=0o700).add("replaced/new", data=b"new\n")
    middle.dir(".wh..wh.plnk").add(".wh..wh.plnk/1.2", data=b"of AUFS\n").add(".wh..wh.aufs")
    middle.add("file", data=b"upper\n", mode=0o600)

    links = Layer().add("link-to-lower", tarfile.LNKTYPE, link="big")

    top = Layer()
    top.add("big", data=b"small\n")  # link-to-lower keeps the old one
    top.hide("missing/parents", "of").add("missing/parents/new", data=b"deep, too\n")
    top.add("equal", data=text(b"linked", 900))
    return [layer.finish() for layer in (base, middle, links, top)]


# ---- layouts -------------------------------------------------------------------------------------------------------------------

def digest(data, algorithm="sha256"):
    return algorithm + ":" + hashlib.new(algorithm, data).hexdigest()


def dump(value):
    return json.dumps(value).encode()


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(f"{path}/blobs/sha256")
        self.write("oci-layout", dump({"imageLayoutVersion": "1.0.0"}))

    def write(self, name, data):
        os.makedirs(os.path.dirname(f"{self.path}/{name}"), exist_ok=True)
        with open(f"{self.path}/{name}", "wb") as out:
            out.write(data)

    def blob(self, data, media_type, algorithm="sha256", **more):
        name = digest(data, algorithm)
        self.write("blobs/" + name.replace(":", "/"), data)
        return {"mediaType": media_type, "digest": name, "size": len(data), **more}

    def index(self, manifests):
        self.write("index.json", dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}))

    def image(self, layers, form="plain", architecture=HERE, change=None, **more):
        """The descriptor of a manifest; change(config, manifest) may spoil both."""
        algorithm = "sha512" if form == "sha512" else "sha256"
        config = {"os": "linux", "architecture": architecture, "config": {},
                  "rootfs": {"type": "layers", "diff_ids": [digest(layer, algorithm) for layer in layers]}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "layers": [self.blob(pack(layer, form), LAYER + SUFFIX.get(form, ""), algorithm)
                               for layer in layers]}
        if change:
            change(config, manifest)
        manifest["config"] = manifest.get("config") or self.blob(dump(config), CONFIG, algorithm)
        return self.blob(dump(manifest), MANIFEST, algorithm, **more)


SUFFIX = {"gzip": "+gzip", "members": "+gzip", "zstd": "+zstd"}


def pack(data, form):
    if form == "gzip":
        return gzip.compress(data, mtime=0)
    if form == "members":
        half = len(data) // 3
        return gzip.compress(data[:half], mtime=0) + gzip.compress(data[half:], mtime=0)
    if form == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def make_platforms(path, layers):
    layout = Layout(path)
    images = []
    for number, (architecture, variant) in enumerate(((HERE, ""), ("s390x" if HERE != "s390x" else "arm64", ""),
                                                      ("arm", "v6"), ("arm", "v7"))):
        platform = {"os": "linux", "architecture": architecture}
        if variant:
            platform["variant"] = variant
        images.append(layout.image(layers[:1 + number % len(layers)], "gzip", architecture, platform=platform))
    images.append(layout.image(layers[:1], platform={"os": "unknown", "architecture": "unknown"}))
    inner = layout.blob(dump({"schemaVersion": 2, "manifests": images}), INDEX)
    named = {"org.opencontainers.image.ref.name": "several", "io.containerd.image.name": "docker.io/library/some:several"}
    other = {"org.opencontainers.image.ref.name": "single"}
    layout.index([dict(inner, annotations=named), layout.image(layers, "gzip", annotations=other)])


def make_flat(layout, path):
    os.mkdir(path)

    def put(name, data):
        with open(f"{path}/{name}", "wb") as out:
            out.write(data)

    def blob(descriptor):
        with open(f"{layout}/blobs/" + descriptor["digest"].replace(":", "/"), "rb") as file:
            return file.read()

    def image(data, name):
        document = json.loads(data)
        put(name, data)
        for inner in document.get("manifests", []):
            image(blob(inner), inner["digest"].split(":")[1] + ".manifest.json")
        for part in document.get("layers", []) + [document[key] for key in ("config",) if key in document]:
            put(part["digest"].split(":")[1], blob(part))

    with open(f"{layout}/index.json", "rb") as index:
        image(blob(json.load(index)["manifests"][0]), "manifest.json")
    put("version", b"Directory Transport Version: 1.1\n")


def make_save(path, layers):
    names, out = [], tarfile.open(path, "w", format=tarfile.GNU_FORMAT)

    def put(name, data=b"", **more):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for key, value in more.items():
            setattr(info, key, value)
        out.addfile(info, io.BytesIO(data))

    for number, layer in enumerate(layers):
        name = f"{number:064x}/layer.tar"
        twin = layers.index(layer)
        if twin != number:
            put(name, type=tarfile.SYMTYPE, linkname=f"../{twin:064x}/layer.tar")
        else:
            put(name, layer)
        names.append(name)
    config = dump({"os": "linux", "architecture": HERE, "rootfs": {"type": "layers",
                                                                   "diff_ids": [digest(layer) for layer in layers]}})
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    put(config_name, config)
    put("manifest.json", dump([{"Config": config_name, "RepoTags": ["some/image:tag"], "Layers": names}]))
    out.close()


# ---- what is odd, and legal -------------------------------------------------------------------------------------------------------


def docker_types(config, manifest):
    manifest["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
    for layer in manifest["layers"]:
        layer["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def no_types(config, manifest):
    del manifest["mediaType"]
    for layer in manifest["layers"]:
        del layer["mediaType"]


def annotated(config, manifest):
    manifest.update(annotations={"org.example": "x", "": ""}, subject={"mediaType": "x", "digest": "sha256:" + "0" * 64, "size": 1},
                    unknown=[{"a": None}])
    for layer in manifest["layers"]:
        layer.update(annotations={"a": "b"}, urls=["https://maker/layer"], data="", unknown=1)


def typed(name):
    return lambda config, manifest: [layer.update(mediaType=name) for layer in manifest["layers"]]


def make_odd(path, layers):
    """DIR/NAME: layouts that give what the layers give"""
    def without_rootfs(config, manifest):
        del config["rootfs"]

    def history_only(config, manifest):
        del config["rootfs"]
        config["history"] = [{"created_by": "a"}, {"created_by": "b", "empty_layer": True}]

    changes = {
        "no-rootfs": without_rootfs,
        "history-only": history_only,
        "null-diff-ids": lambda config, manifest: config["rootfs"].update(diff_ids=None),
        "null-rootfs": lambda config, manifest: config.update(rootfs=None),
        "no-rootfs-type": lambda config, manifest: config["rootfs"].pop("type"),
        "empty-config": lambda config, manifest: config.clear(),
        "docker-types": docker_types,
        "no-types": no_types,
        "annotated": annotated,
        "foreign": typed("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
        "foreign-docker": typed("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
    }
    for name, change in changes.items():
        layout = Layout(f"{path}/same/{name}")
        layout.index([layout.image(layers, "gzip", change=change)])
    for form in ("plain", "gzip"):
        layout = Layout(f"{path}/same/mixed-algorithms-{form}")
        layout.index([layout.image(layers, form, change=lambda config, manifest: config["rootfs"].update(
            diff_ids=[digest(layer, "sha512") for layer in layers]))])
    layout = Layout(f"{path}/same/beside-artifacts")
    signature = layout.image([], change=lambda config, manifest: manifest.update(
        layers=[layout.blob(b"x", "application/x")], config=layout.blob(b"{}", "application/vnd.oci.empty.v1+json"),
        artifactType="application/vnd.example.signature"))
    layout.index([signature, layout.image(layers, "gzip")])
    for name, change in (("none", None), ("null", lambda config, manifest: (
            manifest.update(layers=None), config["rootfs"].update(diff_ids=None)))):
        layout = Layout(f"{path}/empty/{name}")
        layout.index([layout.image([], change=change)])
    for name, count in (("one", 1), ("three", 3)):
        layout = Layout(f"{path}/twice/{name}")
        layout.index([layout.image(layers[:1] * count, "gzip")])


# ---- what must be refused --------------------------------------------------------------------------------------------------------

def spoil_blob(layout, name, change):
    path = f"{layout.path}/blobs/" + name.replace(":", "/")
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(change(data))


def flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]


def bad_changes(layer):
    """NAME: (pattern, how config and manifest are changed)"""
    def set_layer(key, value):
        return lambda config, manifest: manifest["layers"][0].update({key: value})

    def set_config(key, value):
        return lambda config, manifest: config.update({key: value})

    zeros = "sha256:" + "0" * 64
    size = len(layer)
    return {
        "digest-of-layer": ("cannot open.*" + zeros[7:], set_layer("digest", zeros)),
        "size-of-layer-less": ("has at least [0-9]+ bytes, not the", set_layer("size", size - 1)),
        "size-of-layer-more": ("bytes, not the", set_layer("size", size + 1)),
        "size-negative": ("without a size", set_layer("size", -5)),
        "size-huge": ("without a size", set_layer("size", 10 ** 30)),
        "size-fraction": ("without a size", set_layer("size", 1.5)),
        "size-text": ("without a size", set_layer("size", "12")),
        "escape": ("neither sha256 nor sha512", set_layer("digest", "sha256:../../../../etc/passwd")),
        "escape-algorithm": ("neither sha256 nor sha512", set_layer("digest", "../sha256:" + "0" * 64)),
        "upper-case": ("neither sha256 nor sha512", set_layer("digest", "sha256:" + "A" * 64)),
        "short-digest": ("neither sha256 nor sha512", set_layer("digest", "sha256:00")),
        "sha512-of-wrong-length": ("neither sha256 nor sha512", set_layer("digest", "sha512:" + "0" * 64)),
        "sha256-of-wrong-length": ("neither sha256 nor sha512", set_layer("digest", "sha256:" + "0" * 128)),
        "empty-digest": ("neither sha256 nor sha512", set_layer("digest", "sha256:")),
        "sha512-of-another": ("cannot open.*" + "0" * 128, set_layer("digest", "sha512:" + "0" * 128)),
        "diff-id-of-wrong-length": ("diff_id", set_config("rootfs", {"type": "layers", "diff_ids": ["sha512:" + "0" * 64]})),
        "diff-ids-absurd": ("diff_ids|too many", set_config("rootfs", {"type": "layers", "diff_ids": [zeros] * 5000})),
        "config-absurd-size": ("larger", lambda config, manifest: manifest.update(config={
            "mediaType": CONFIG, "digest": zeros, "size": 10 ** 12})),
        "config-escape": ("neither sha256 nor sha512", lambda config, manifest: manifest.update(config={
            "mediaType": CONFIG, "digest": "sha256:../../../../etc/passwd", "size": 2})),
        "other-digest": ("neither sha256 nor sha512", set_layer("digest", "md5:" + "0" * 32)),
        "nul-in-digest": ("neither sha256 nor sha512", set_layer("digest", "sha256:" + "0" * 64 + "\0x")),
        "foreign": ("foreign.*https://maker/layer", lambda config, manifest: manifest["layers"][0].update(
            mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar", digest=zeros,
            urls=["https://maker/layer"])),
        "foreign-docker": ("foreign", lambda config, manifest: manifest["layers"][0].update(
            mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", digest=zeros)),
        "elsewhere": ("foreign.*https://maker/layer", lambda config, manifest: manifest["layers"][0].update(
            digest=zeros, urls=["https://maker/layer"])),
        "artifact": ("artifact of the type application/vnd.cncf.helm.config",
                     lambda config, manifest: manifest.update(config={
                         "mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": zeros, "size": 2})),
        "artifact-type": ("artifact of the type application/vnd.example.sbom",
                          lambda config, manifest: manifest.update(artifactType="application/vnd.example.sbom", config={
                              "mediaType": "application/vnd.oci.empty.v1+json", "digest": zeros, "size": 2})),
        "rootfs-type": ("diff_ids", lambda config, manifest: config["rootfs"].update(type="layers+base")),
        "unknown-type": ("unknown type", set_layer("mediaType", "application/x-encrypted")),
        "diff-id": ("diff_id", set_config("rootfs", {"type": "layers", "diff_ids": [zeros]})),
        "diff-ids-few": ("diff_ids", set_config("rootfs", {"type": "layers", "diff_ids": []})),
        "diff-ids-many": ("diff_ids", set_config("rootfs", {"type": "layers", "diff_ids": [zeros, zeros]})),
        "diff-id-escape": ("diff_id", set_config("rootfs", {"type": "layers", "diff_ids": ["sha256:../../x"]})),
        "no-rootfs": ("diff_ids", set_config("rootfs", [])),
        "layers-no-list": ("list of layers", lambda config, manifest: manifest.update(layers={"0": 1})),
        "manifest-and-index": ("neither an index nor", lambda config, manifest: manifest.update(manifests=[])),
        "config-type": ("configuration", lambda config, manifest: manifest.update(config="text")),
        "many-layers": ("too many", lambda config, manifest: manifest.update(layers=manifest["layers"] * 5000)),
    }


def bad_documents():
    """NAME: (pattern, index.json)"""
    deep = b"[" * 100000
    blob = '{"mediaType":"%s","digest":"sha256:%s","size":%s}'
    one = '{"schemaVersion":2,"manifests":[%s]}'
    return {
        "json-deep": ("JSON", deep),
        "json-deep-inside": ("JSON", b'{"manifests":' + b'{"a":' * 5000 + b"1" + b"}" * 5001),
        "json-wide": ("JSON", b'{"manifests":[' + b"[]," * 300000 + b"[]]}"),
        "json-large": ("larger", b'{"a":"' + b"x" * 5000000 + b'"}'),
        "json-cut": ("JSON", b'{"manifests":['),
        "json-behind": ("JSON", b'{"manifests":[]} x'),
        "json-none": ("JSON", b""),
        "json-list": ("JSON object", b"[]"),
        "json-text": ("without a digest", b'{"manifests":["text"]}'),
        "json-nothing": ("no image", b'{"manifests":[]}'),
        "manifests-absurd": ("too many", (one % ",".join([blob % (MANIFEST, "0" * 64, "5")] * 5000)).encode()),
        "no-manifests": ("list of manifests", b"{}"),
        "manifest-missing": ("cannot open", (one % (blob % (MANIFEST, "0" * 64, "5"))).encode()),
        "manifest-size-huge": ("larger", (one % (blob % (MANIFEST, "0" * 64, "99999999999"))).encode()),
        "manifest-size-overflow": ("without a size", (one % (blob % (MANIFEST, "0" * 64, "9" * 400))).encode()),
        "manifest-escape": ("neither sha256", (one % (blob % (MANIFEST, "../../x", "5"))).encode()),
    }


def make_bad(path, layer):
    def announce(name, pattern):
        print(name, pattern, sep="\t")
        return Layout(f"{path}/{name}")

    for name, (pattern, change) in bad_changes(layer).items():
        layout = announce(name, pattern)
        layout.index([layout.image([layer], change=change)])
    for name, (pattern, data) in bad_documents().items():
        announce(name, pattern).write("index.json", data)
    make_bad_blobs(announce, layer)


def make_bad_blobs(announce, layer):
    for name, form, pattern, change in (
            ("layer-flipped", "plain", "does not have this digest", flip),
            ("layer-short", "plain", "bytes, not the", lambda data: data[:-512]),
            ("layer-long", "plain", "bytes, not the", lambda data: data + b"\0"),
            ("layer-empty", "plain", "bytes, not the", lambda data: b"")):
        layout = announce(name, pattern)
        layout.index([layout.image([layer], form)])
        spoil_blob(layout, digest(pack(layer, form)), change)
    for name, data, pattern in (
            ("gzip-cut", gzip.compress(layer)[:-20], "cut off"),
            ("gzip-behind", gzip.compress(layer) + b"garbage", "bytes behind"),
            ("gzip-checksum", gzip.compress(layer)[:-8] + b"\0" * 8, "damaged"),
            ("no-tar", b"x" * 4096, "no tar")):
        layout = announce(name, pattern)
        layout.index([layout.image([layer], change=lambda config, manifest, data=data: manifest.update(
            layers=[layout.blob(data, LAYER)]))])
    layout = announce("diff-id-packed", "does not have the diff_id")
    layout.index([layout.image([layer], "gzip", change=lambda config, manifest: config["rootfs"].update(
        diff_ids=[manifest["layers"][0]["digest"]]))])
    layout = announce("diff-id-plain-sha512", "does not have the diff_id")
    layout.index([layout.image([layer], change=lambda config, manifest: config["rootfs"].update(
        diff_ids=["sha512:" + "0" * 128]))])
    # Layers come at the same time; the first that is read is the one that messages are about.
    layout = announce("all-layers-flipped", "blob " + digest(pack(layer + b"3", "gzip")))
    layout.index([layout.image([layer + b"1", layer + b"2", layer + b"3"], "gzip")])
    for end in (b"1", b"2", b"3"):
        spoil_blob(layout, digest(pack(layer + end, "gzip")), lambda data: data[:-9])
    layout = announce("missing-layer", "cannot open")
    layout.index([layout.image([layer])])
    os.unlink(f"{layout.path}/blobs/" + digest(layer).replace(":", "/"))
    layout = announce("manifest-flipped", "digest|JSON")
    manifest = layout.image([layer])
    layout.index([manifest])
    spoil_blob(layout, manifest["digest"], flip)
    layout = announce("config-flipped", "does not have this digest")
    layout.index([layout.image([layer], change=lambda config, manifest: manifest.update(
        config=layout.blob(dump(config), CONFIG)))])
    for name in os.listdir(f"{layout.path}/blobs/sha256"):
        with open(f"{layout.path}/blobs/sha256/{name}", "rb") as file:
            if b"diff_ids" in file.read():
                spoil_blob(layout, "sha256:" + name, flip)
    layout = announce("index-deep", "too deep")
    inner = layout.image([layer])
    for _ in range(8):
        inner = layout.blob(dump({"schemaVersion": 2, "manifests": [inner]}), INDEX)
    layout.index([inner])
    # Each of them is looked at, for what it is for.
    layout = announce("index-wide", "absurdly many")
    images = [layout.blob(dump({"schemaVersion": 2, "manifests": [], "annotations": {"a": str(i)}}), INDEX)
              for i in range(600)]
    layout.index([layout.blob(dump({"schemaVersion": 2, "manifests": images}), INDEX)])
    layout = announce("old-manifest", "first version")
    layout.index([layout.blob(dump({"schemaVersion": 1, "fsLayers": []}), MANIFEST)])
    layout = announce("layout-version", "version")
    layout.write("oci-layout", dump({"imageLayoutVersion": "7"}))
    layout = announce("blob-is-directory", "no regular file")
    layout.index([layout.image([layer])])
    os.unlink(f"{layout.path}/blobs/" + digest(layer).replace(":", "/"))
    os.mkdir(f"{layout.path}/blobs/" + digest(layer).replace(":", "/"))


# ---- documents alone ---------------------------------------------------------------------------------------------------------

def make_corpus(path, layer):
    os.makedirs(path)

    def put(verdict, name, kind, data):
        with open(f"{path}/{verdict}-{name}", "wb") as out:
            out.write(kind.encode() + data)

    zeros = "sha256:" + "0" * 64
    blob = {"mediaType": MANIFEST, "digest": zeros, "size": 5, "platform": {"os": "linux", "architecture": "arm"},
            "annotations": {"org.opencontainers.image.ref.name": "a:b", "io.containerd.image.name": "docker.io/a:b"}}
    config = {"os": "linux", "architecture": HERE, "rootfs": {"type": "layers", "diff_ids": [zeros]}}
    manifest = {"schemaVersion": 2, "config": blob, "layers": [blob, blob]}
    saved = [{"Config": "0" * 64 + ".json", "RepoTags": ["a:b"], "Layers": ["x/layer.tar", "blobs/sha256/" + "0" * 64]}]
    auths = {"auths": {"https://localhost:5000/v1/": {"auth": "dXNlcjpwYXNz"}}, "credsStore": "x"}
    for kind, name, value in (("i", "index", {"manifests": [blob]}), ("m", "manifest", manifest),
                              ("c", "config", config), ("s", "saved", saved),
                              ("l", "layout", {"imageLayoutVersion": "1.0.0"}), ("a", "credentials", auths)):
        put("good", name, kind, dump(value))
        put("bad", name + "-cut", kind, dump(value)[:-2])
        put("bad", name + "-deep", kind, b'{"a":' * 60 + dump(value) + b"}" * 60)
        put("bad", name + "-null", kind, b"null")
        put("bad", name + "-behind", kind, dump(value) + b"{}")
    for name, (_, data) in bad_documents().items():
        put("bad" if data != b'{"manifests":[]}' and "-size-huge" not in name and "missing" not in name else "find",
            name, "i", data)
    for name, data in (("gzip", gzip.compress(layer)), ("zstd-skippable", b"\x50\x2a\x4d\x18\2\0\0\0ab"),
                       ("plain", layer[:5000]), ("bzip2", bz2.compress(layer)), ("xz", lzma.compress(layer)),
                       ("lzma", lzma.compress(layer, lzma.FORMAT_ALONE)), ("zeros", gzip.compress(layer) + bytes(99)),
                       ("xz-padding", lzma.compress(layer) + bytes(4) + lzma.compress(layer)),
                       ("lz4-legacy", b"\2\x21\x4c\x18\4\0\0\0\x30abc")):
        put("good", name, "z", data)
    put("bad", "gzip-cut", "z", gzip.compress(layer)[:-9])
    put("bad", "gzip-behind", "z", gzip.compress(layer) + b"xx")
    put("bad", "bzip2-checksum", "z", flip(bz2.compress(layer)))
    put("bad", "xz-cut", "z", lzma.compress(layer)[:-1])
    put("bad", "xz-padding", "z", lzma.compress(layer) + bytes(3))
    put("bad", "skippable-cut", "z", b"\x50\x2a\x4d\x18\xff\xff\xff\xffab")
    put("bad", "lz4-legacy-cut", "z", b"\2\x21\x4c\x18\4\0\0\0\x30ab")
    put("good", "platform", "p", b"linux/arm/v7")
    put("bad", "platform", "p", b"linux//v7")
    put("good", "name", "n", b"docker://localhost:5000/a/b:c")
    put("bad", "name", "n", b"docker://localhost:5000/a/../b:c")
    put("bad", "no-name", "n", b"uv7")
    put("bad", "saved-object", "s", dump(config))
    put("good", "challenge", "w", b'Bearer service="x, y", realm="https://\\"a"')
    put("bad", "challenge", "w", b'Bearer service="x, realm=')


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    command, path = sys.argv[1:3]
    if command == "layers":
        os.makedirs(path)
        for number, data in enumerate(make_layers()):
            with open(f"{path}/{number}.tar", "wb") as out:
                out.write(data)
    elif command == "layout":
        layout = Layout(path)
        layout.index([layout.image([read(name) for name in sys.argv[4:]], sys.argv[3])])
    elif command == "platforms":
        make_platforms(path, [read(name) for name in sys.argv[3:]])
    elif command == "odd":
        make_odd(path, [read(name) for name in sys.argv[3:]])
    elif command == "flat":
        make_flat(path, sys.argv[3])
    elif command == "save":
        make_save(path, [read(name) for name in sys.argv[3:]])
    elif command == "corpus":
        make_corpus(path, read(sys.argv[3]))
    elif command == "bad":
        make_bad(path, read(sys.argv[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
