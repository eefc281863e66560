#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
"""A container image with all that images carry, and a look at what became of it.

make DIR LAYER...             a layout as BuildKit writes one: two platforms that share layers, attestations, an artifact
check SOURCE TARGET TYPE      compares all that is carried over; prints "PLATFORM DIFF-ID BLOB" for each layer
spoil WHAT DIR LAYER          a layout that must be refused; prints a pattern for the message
"""
import copy
import hashlib
import json
import subprocess
import sys

from oci_images import CONFIG, HERE, INDEX, LAYER, MANIFEST, Layout, digest, dump

OTHER = "s390x" if HERE != "s390x" else "arm64"
ABOUT = "vnd.docker.reference.digest"
TAKEN = "containerd.io/snapshot/stargz/toc.digest"
TYPES = {"containerd": "application/vnd.erofs.layer.v1", "draft": "application/vnd.erofs",
         "oci": "application/vnd.oci.image.layer.v1.erofs"}


def make(path, files):
    layers = [open(name, "rb").read() for name in files]
    layout = Layout(path)

    def dress(config, manifest):
        config.update({"created": "2020-01-02T03:04:05Z", "author": "nobody", "config": {"Env": ["A=b"], "Cmd": ["/x/y"]},
                       "history": [{"created_by": "first"}, {"created_by": "second", "empty_layer": True}]})
        manifest["annotations"] = {"org.example.of": "manifest"}
        manifest["layers"][0]["annotations"] = {"org.example.of": "layer", TAKEN: "sha256:" + 64 * "0"}

    images = [layout.image(layers, change=dress, platform={"os": "linux", "architecture": HERE}),
              layout.image(layers[:1], architecture=OTHER, change=dress, platform={"os": "linux", "architecture": OTHER})]
    about = []
    for image in images:
        statement = layout.blob(dump({"about": image["digest"]}), "application/vnd.in-toto+json")
        config = layout.blob(dump({"os": "unknown", "architecture": "unknown",
                                   "rootfs": {"type": "layers", "diff_ids": [statement["digest"]]}}), CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [statement]}
        about.append(layout.blob(dump(manifest), MANIFEST, platform={"os": "unknown", "architecture": "unknown"},
                                 annotations={ABOUT: image["digest"], "vnd.docker.reference.type": "attestation-manifest"}))
    artifact = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x.chart", "layers": [],
                "config": layout.blob(b"{}", "application/vnd.oci.empty.v1+json")}
    members = images + about + [layout.blob(dump(artifact), MANIFEST, artifactType="application/x.chart")]
    inner = layout.blob(dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": members,
                              "annotations": {"org.example.of": "index"}}), INDEX)
    layout.index([dict(inner, annotations={"org.opencontainers.image.ref.name": "app"})])


class Reader:
    def __init__(self, path):
        self.path = path

    def blob(self, descriptor):
        data = open(f"{self.path}/blobs/{descriptor['digest'].replace(':', '/')}", "rb").read()
        if digest(data, descriptor["digest"].split(":")[0]) != descriptor["digest"] or len(data) != descriptor["size"]:
            sys.exit(f"{self.path}: {descriptor['digest']} is something else")
        return data

    def document(self, descriptor):
        return json.loads(self.blob(descriptor))

    def root(self):
        return json.load(open(self.path + "/index.json"))


def equal(what, was, now):
    if was != now:
        sys.exit(f"{what}: {was} became {now}")


def check_layer(old, new, kind, platform, diff_id):
    notes = dict(new.get("annotations", {}))
    kept = {key: value for key, value in old.get("annotations", {}).items() if key != TAKEN}
    name, _, packing = kind.partition("+")
    equal("layer type", TYPES[name] + ("+zstd" if packing else ""),
          new["mediaType"])
    equal("role", "overlay-lower" if name == "draft" else None, notes.pop("org.erofs.role", None))
    equal("diff_id", diff_id, notes.pop("org.erofs.tar.diff-id"))
    notes = {key: value for key, value in notes.items() if not key.startswith("org.erofs.")}
    equal("annotations of a layer", kept, notes)
    print(platform, diff_id, new["digest"])


def check_image(source, target, old, new, kind, platform):
    manifest, now = source.document(old), target.document(new)
    config, config_now = source.document(manifest["config"]), target.document(now["config"])
    layers, layers_now = manifest.pop("layers"), now.pop("layers")
    equal("layers", len(layers), len(layers_now))
    plain = []
    for one, other, diff_id in zip(layers, layers_now, config["rootfs"]["diff_ids"]):
        data = target.blob(other)
        if kind.endswith("+zstd"):
            data = subprocess.run(["zstd", "-dc"], input=data, check=True, stdout=subprocess.PIPE).stdout
            equal("diff_id in the manifest", digest(data), other["annotations"]["org.erofs.diff-id"])
        plain.append(digest(data))
        check_layer(one, other, kind, platform, diff_id)
    equal("diff_ids", plain, config_now.pop("rootfs")["diff_ids"])
    features = {} if kind == "oci" else {"os.features": ["erofs"]}
    equal("features", features.get("os.features"), config_now.pop("os.features", None))
    config.pop("rootfs")
    equal("configuration", config, config_now)
    equal("config type", CONFIG, now.pop("config")["mediaType"])
    manifest.pop("config")
    equal("manifest", manifest, now)


def check(source, target, kind):
    source, target = Reader(source), Reader(target)
    old, = source.root()["manifests"]
    new, = [one for one in target.root()["manifests"] if one.get("annotations") == old.get("annotations")]
    index, now = source.document(old), target.document(new)
    members, members_now = index.pop("manifests"), now.pop("manifests")
    equal("index", index, now)
    equal("members", len(members), len(members_now))
    became = {one["digest"]: other["digest"] for one, other in zip(members, members_now)}
    for one, other in zip(members, members_now):
        one, other = copy.deepcopy(one), copy.deepcopy(other)
        platform = one.get("platform", {}).get("architecture")
        if platform in (HERE, OTHER):
            check_image(source, target, one, other, kind, platform)
            equal("platform", dict(one["platform"], **({} if kind == "oci" else {"os.features": ["erofs"]})), other["platform"])
            continue
        notes = one.get("annotations", {})
        if ABOUT in notes:
            notes[ABOUT] = became[notes[ABOUT]]
        equal("artifact", one, other)
        equal("artifact's bytes", source.blob(one), target.blob(other))
        for part in [source.document(one)["config"]] + source.document(one)["layers"]:
            target.blob(part)


def spoil(what, path, name):
    layer = open(name, "rb").read()
    layout = Layout(path)

    def descriptors(count):
        return layout.blob(dump({"schemaVersion": 2, "manifests": [layout.image([layer])] * count}), INDEX)

    def deep(count):
        inner = layout.image([layer])
        for _ in range(count):
            inner = layout.blob(dump({"schemaVersion": 2, "manifests": [inner]}), INDEX)
        return inner

    def change(config=None, layer_type=None):
        def both(the_config, the_manifest):
            the_config.update(config or {})
            the_manifest["layers"][0]["mediaType"] = layer_type or LAYER
        return layout.image([layer], change=both)

    made, pattern = {
        "count": lambda: (descriptors(600), "absurdly many"),
        "depth": lambda: (deep(9), "too deep"),
        "digest": lambda: (dict(layout.image([layer]), digest="sha256:../../etc/passwd"), "without a digest"),
        "size": lambda: (dict(layout.image([layer]), size=3), "not the 3"),
        "type": lambda: (change(layer_type="application/x"), "unknown type"),
        "diff-ids": lambda: (change({"rootfs": {"type": "layers", "diff_ids": []}}), "0 diff_ids"),
        "other-diff-id": lambda: (change({"rootfs": {"type": "layers", "diff_ids": ["sha256:" + 64 * "1"]}}), "diff_id"),
        "truncated": lambda: (layout.image([layer]), "bytes, not the"),
        "statement": lambda: (layout.blob(dump({"schemaVersion": 2, "config": layout.blob(b"{}", "application/x"), "layers": [
            dict(layout.blob(b"text", "application/y"), digest="sha256:" + hashlib.sha256(b"other").hexdigest(), size=4)]}), MANIFEST),
            "cannot open"),
    }[what]()
    if what == "truncated":
        at = f"{path}/blobs/{digest(layer).replace(':', '/')}"
        open(at, "wb").write(layer[:-1024])
    if what == "statement":
        layout.write("blobs/sha256/" + hashlib.sha256(b"other").hexdigest(), b"text")
        pattern = "does not have this digest"
    layout.index([made])
    print(pattern)


if __name__ == "__main__":
    {"make": lambda path, *files: make(path, files), "check": check, "spoil": spoil}[sys.argv[1]](*sys.argv[2:])
