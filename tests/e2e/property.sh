#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Random trees with random options: the same image with and without workers, sound to our checker, and equal to the source
# when it is extracted and when the kernel mounts it. COUNT trees from SEED on; a failure names its seed, so that
# `COUNT=1 SEED=n bash tests/e2e/property.sh` in the build directory shows it again.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP" "$tools/treecmp"
command -v python3 >/dev/null || skip_all "python3 is not there"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$(dirname "$0")/lib_roundtrip.sh"
with_holes=("${compare[@]}")
without_holes=("$tools/treecmp" "${compare[@]:2}")
SEED=${SEED:-1}
COUNT=${COUNT:-${LONG:+400}}
COUNT=${COUNT:-20}

try() { # SEED
	local options what
	local -a words
	rm -rf "$work/tree"
	if ! options=$(python3 "$top_srcdir/tests/e2e/property_tree.py" "$1" "$work/tree" 2>"$work/.err"); then
		fail "seed $1: no tree: $(tail -n 1 "$work/.err")"
		return
	fi
	read -r -a words <<<"$options"
	what="seed $1 ($options)"
	# Of what is compressed, holes come back as zeros.
	compare=("${with_holes[@]}")
	case $options in *-z*) compare=("${without_holes[@]}") ;; esac
	check "$what: no workers" "$MKFS" --quiet -T1700000000 --mkfs-time "${words[@]}" --workers=0 "$work/w0" "$work/tree" || return
	check "$what: 3 workers" "$MKFS" --quiet -T1700000000 --mkfs-time "${words[@]}" --workers=3 "$work/w3" "$work/tree" || return
	check "$what: same bytes" cmp "$work/w0" "$work/w3"
	check "$what: fsck" "$FSCK" "$work/w3"
	case $options in *ishare*) check "$what: fsck --ishare" "$FSCK" --ishare "$work/w3" ;; esac
	extracted_equals "$what" "$work/tree" "$work/w3"
	mounted_equals "$what" "$work/tree" "$work/w3"
}

for ((seed = SEED; seed < SEED + COUNT; seed++)); do
	try "$seed"
done
finish
