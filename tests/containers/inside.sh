#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# inside.sh REF NAME...: what check-containers.sh runs where containerd lives, with busybox. Gets the image REF, from its registry
# or from /tmp/image.tar, runs one container per NAME, one after the other, then one (rootfs) from /tmp/flat.img, and two over an
# index of the layers that containerd keeps: as a container's root (thin), and bound into one (bound). Leaves in /tmp what
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
	# Under load ctr 2.1.9 now and then loses the end of what a container wrote (seen once).
	for try in 1 2 3; do
		timeout 60 ctr run --rm "$@" "$name" /bin/busybox sh -c "$(cat /ours/look.sh)
echo all of it" >"/tmp/$name.all" 2>&1
		[ "$(sed -n '$p' "/tmp/$name.all")" != "all of it" ] || break
		echo "$name: try $try was cut short" >>/tmp/cut-short
	done
	sed '$d' "/tmp/$name.all" >"/tmp/$name.seen"
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
