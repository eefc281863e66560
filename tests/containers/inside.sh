#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# inside.sh REF NAME...: what check-containers.sh runs where containerd lives, with busybox. Gets the image REF, from its registry
# or from /tmp/image.tar, runs one container per NAME, one after the other, then one (rootfs) from /tmp/flat.img, and leaves in /tmp what
# each of them saw (NAME.seen, NAME.tar), what mkfs.erofs was called with (calls), and the layers (layers/).
set -eu
ref=$1
shift
containerd >/tmp/containerd.log 2>&1 &
daemon=$!
finish() {
	kill $daemon 2>/dev/null || true
	wait $daemon 2>/dev/null || true
	awk '/\/(run|var\/lib)\/containerd\// { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount"; done
}
trap finish EXIT
for second in 1 2 3 4 5 6 7 8 9 10; do
	! ctr version >/dev/null 2>&1 || break
	sleep 1
done
ctr plugins ls | awk '$2 == "erofs"' >/tmp/plugins
case $ref in
127.0.0.1:*) ctr image pull --plain-http --snapshotter erofs "$ref" ;;
*) ctr image import --snapshotter erofs /tmp/image.tar ;;
esac >/tmp/got 2>&1
look() { # NAME ARGUMENTS-OF-CTR-RUN...
	name=$1
	shift
	timeout 60 ctr run --rm "$@" "$name" /bin/busybox sh -c "$(cat /ours/look.sh)" >"/tmp/$name.seen" 2>&1
	timeout 60 ctr run --rm "$@" "$name" /bin/busybox tar -C /files -cf - . >"/tmp/$name.tar" 2>"/tmp/$name.tar-said"
}
for name in "$@"; do look "$name" --snapshotter erofs "$ref"; done

# The other way: one image for the whole root, mounted by the host, under an overlay that takes what the container writes.
mkdir /run/lower /run/upper /run/work /run/pod
mount -t erofs -o ro,loop /tmp/flat.img /run/lower
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/pod
look rootfs --rootfs /run/pod
umount /run/pod
umount /run/lower

mkdir /tmp/layers
for layer in /var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/*/layer.erofs; do
	number=${layer%/layer.erofs}
	cp "$layer" "/tmp/layers/${number##*/}.erofs"
done
