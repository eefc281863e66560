#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# native.sh REGISTRY TYPE...: what check-containers.sh runs where containerd lives, with busybox: images whose layers are EROFS. Pulls
# REGISTRY/TYPE:1, and imports /tmp/TYPE.tar, each in a namespace of its own so that neither finds what the other left; runs
# containers from what it got. Leaves in /tmp what ctr said of the image (TYPE.pull.got) and of the container (TYPE.pull.all),
# what that saw (TYPE.pull.seen ...), and the layers that the snapshotter has, by their digests (TYPE.pull/).
set -eu
registry=$1
shift
# shellcheck source=tests/containers/daemon.sh
. /ours/daemon.sh

# got NAME ARGUMENTS-OF-CTR-IMAGE...: what it got, if anything, and how a container sees it
got() {
	name=$1
	shift
	CONTAINERD_NAMESPACE=$name
	export CONTAINERD_NAMESPACE
	ctr image "$@" >"/tmp/$name.got" 2>&1 || return 0
	ref=$(ctr image ls -q | head -n 1)
	look "$name" --snapshotter erofs "$ref" || return 0
	mkdir "/tmp/$name"
	for layer in /var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/*/layer.erofs; do
		[ ! -e "$layer" ] || mv "$layer" "/tmp/$name/$(sha256sum "$layer" | cut -c1-64)"
	done
}
for type in "$@"; do
	got "$type.pull" pull --plain-http --snapshotter erofs "$registry/$type:1"
	got "$type.local-pull" pull --local --plain-http --snapshotter erofs "$registry/$type:1"
	got "$type.import" import --snapshotter erofs --base-name "local/$type" "/tmp/$type.tar"
done
