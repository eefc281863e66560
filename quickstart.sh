#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# quickstart.sh [DIR]: installs what is missing, builds, makes a fingerprinted image of DIR (default /usr/share) and shows
# it: summary, superblock, fingerprints, verification, and as root a mount by the kernel. The image stays: build/quick.erofs.
set -euo pipefail
source=$(cd "${1:-/usr/share}" && pwd)
cd "$(dirname "$0")"
scripts/install-packages.sh build
mkdir -p build
step() { printf '\n$ %s\n' "$*" && "$@"; }
log=$PWD/build/log
quietly() { "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }; }

echo "building in $PWD/build ..."
[ -x configure ] || quietly ./autogen.sh
cd build
[ -e Makefile ] || quietly ../configure
quietly make -j"$(nproc)"

image=quick.erofs
step ./mkfs.erofs --ishare-fingerprint=sha256 "$image" "$source"
step ./dump.erofs -s "$image"
printf '\n$ ./dump.erofs --fingerprints=sha256sum %s | head -n 5\n' "$image"
./dump.erofs --fingerprints=sha256sum "$image" >fingerprints.sha256
head -n 5 fingerprints.sha256
step ./fsck.erofs --ishare "$image"

mountpoint=
unmount() { [ -z "$mountpoint" ] || { umount "$mountpoint" && rmdir "$mountpoint"; }; }
trap unmount EXIT
echo
if [ "$(id -u)" != 0 ]; then
	echo "mount it as root: mount -t erofs -o ro,loop $PWD/$image /mnt"
elif directory=$(mktemp -d) && mount -t erofs -o ro,loop "$image" "$directory"; then
	mountpoint=$directory
	printf '$ mount -t erofs -o ro,loop %s %s\n$ cd %s && sha256sum -c\n' "$image" "$directory" "$directory"
	(cd "$directory" && sha256sum --quiet -c) <fingerprints.sha256
	echo "the kernel mounts it, and $(wc -l <fingerprints.sha256) files have the content that their fingerprints say"
else
	echo "this kernel does not mount EROFS from a loop device"
fi
printf '\nimage: %s (%s bytes)\n' "$PWD/$image" "$(stat -c %s "$image")"
