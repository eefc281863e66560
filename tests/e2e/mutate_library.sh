#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Damaged images through the library in one process: COUNT (default 1500, 40000 with EROFS_TEST_LONG) for each image, a
# fifth of that for each compressed one.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
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
damage() { # COUNT IMAGE...
	local times=$1 image
	shift
	for image in "$@"; do
		check "$times times damaged: ${image##*/}" timeout 3600 "$top_builddir/tests/fuzz/mutate_reader" "${SEED:-1}" "$times" "$image"
	done
}
damage "$count" "${images[@]}"
images=()
compressed_images "$work/s"
[ ${#images[@]} = 0 ] || damage $((count / 5 + 1)) "${images[@]}"
finish
