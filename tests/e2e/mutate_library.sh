#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Damaged images through the library in one process: COUNT (default 1500, 40000 with EROFS_TEST_LONG) for each image.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$top_builddir/tests/fuzz/mutate_reader"
count=${COUNT:-${LONG:+40000}}
count=${count:-1500}
damaged_images_tree "$work/s"
images=()
build() { # NAME OPTIONS...
	local name=$1
	shift
	check "image $name" "$MKFS" --quiet -T1 "$@" "$work/$name" "$work/s" && images+=("$work/$name")
}
build fingerprints-4096 -b4096 "$FP_OPT"
build fingerprints-512 -b512 "$FP_OPT"
build inline-xattrs-1024 -b1024 -x1000
build extended-2048 -b2048 -Enoinline_data,force-inode-extended
build prefixes-512 -b512 --ishare-fingerprint=sha512,name=user.digest --xattr-prefix=trusted.s
for image in "${images[@]}"; do
	check "$count times damaged: ${image##*/}" timeout 3600 "$top_builddir/tests/fuzz/mutate_reader" "${SEED:-1}" "$count" "$image"
done
finish
