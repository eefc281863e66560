#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# inside.sh REF NAME...: what check-containers.sh runs where containerd lives, with busybox. Gets the image REF, from its registry
# or from /tmp/image.tar, runs one container per NAME, one after the other, then one (rootfs) from /tmp/flat.img, and two over an
# index of the layers that containerd keeps: as a container's root (thin), and bound into one (bound). Leaves in /tmp what
# each of them saw (NAME.seen, NAME.tar), what mkfs.erofs was called with (calls), and the layers (layers/).
set -eu
ref=$1
shift
# shellcheck source=tests/containers/daemon.sh
. /ours/daemon.sh
case $ref in
127.0.0.1:*) ctr image pull --plain-http --snapshotter erofs "$ref" ;;
*) ctr image import --snapshotter erofs /tmp/image.tar ;;
esac >/tmp/got 2>&1
for name in "$@"; do look "$name" --snapshotter erofs "$ref"; done

# The other way: one image for the whole root, mounted by the host, under an overlay that takes what the container writes.
mkdir /run/lower /run/upper /run/work /run/pod
mount -t erofs -o ro,loop /tmp/flat.img /run/lower
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/pod
look rootfs --rootfs /run/pod
umount /run/pod
umount /run/lower

# An index over containerd's own layers, which stay as they are.
layers='' with=''
# shellcheck disable=SC2012 # busybox sort has no -z, and names are numbers
for number in $(ls /var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots | sort -n); do
	layer=/var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/$number/layer.erofs
	[ -e "$layer" ] || continue
	layers="$layers $layer"
	with="$with,device=$layer"
done
# shellcheck disable=SC2086
mkfs.erofs --aufs --ovlfs-strip=1 --quiet /tmp/index.img $layers
mount.erofs /tmp/index.img /run/lower -o "${with#,}"
rm -rf /run/upper /run/work && mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/pod
look thin --rootfs /run/pod
umount /run/pod
look bound --mount type=bind,src=/run/lower/files,dst=/files,options=rbind:ro --snapshotter erofs "$ref"
umount /run/lower

mkdir /tmp/layers
for layer in /var/lib/containerd/io.containerd.snapshotter.v1.erofs/snapshots/*/layer.erofs; do
	number=${layer%/layer.erofs}
	cp "$layer" "/tmp/layers/${number##*/}.erofs"
done
