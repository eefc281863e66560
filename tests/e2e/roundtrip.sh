#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Trees -> images -> kernel mount, our extraction, other implementations' checkers: everything must come back.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
privilege=()
is_root || privilege=(--no-privileged)

"$tools/treegen" "${privilege[@]}" odd "$work/odd"
for bits in 512 1024 2048 4096; do
	round_trip "odd -b$bits" "$work/odd" none -b"$bits" "$FP_OPT"
done
rm -rf "$work/odd/forged" "$work/odd/depth"
touch -d @1700000000 "$work/odd"
for bits in 512 1024 2048 4096; do
	round_trip "shallow odd -b$bits" "$work/odd" new -b"$bits" "$FP_OPT"
done
round_trip "odd -b4096 without fingerprints" "$work/odd" old -b4096
round_trip "odd -b4096 no sharing" "$work/odd" old -b4096 -x 100000
round_trip "odd -b4096 no inline data" "$work/odd" old -b4096 -Enoinline_data
round_trip "odd -b4096 no name filter" "$work/odd" old -b4096 -E^xattr-name-filter
round_trip "odd -b4096 extended" "$work/odd" old -b4096 -Eforce-inode-extended
round_trip "odd -b1024 prefixes" "$work/odd" new -b1024 "$FP_OPT" --xattr-prefix=user.with --xattr-prefix=trusted.o

mkdir "$work/nothing"
round_trip "empty tree -b4096" "$work/nothing" old -b4096
round_trip "empty tree -b512" "$work/nothing" new -b512 "$FP_OPT"

"$tools/treegen" many "$work/many"
round_trip "many entries -b4096" "$work/many" "${LONG:+new}" -b4096 "$FP_OPT"
[ -z "$LONG" ] || round_trip "many entries -b512" "$work/many" new -b512 "$FP_OPT"
rm -rf "$work/many"

"$tools/treegen" links "$work/links"
round_trip "70000 links -b4096" "$work/links" none -b4096
rm -rf "$work/links"

"$tools/treegen" --count=3000 small "$work/small"
round_trip "small files -b4096" "$work/small" new "$FP_OPT"
rm -rf "$work/small"

for root in ${ROOTS:+"$ROOTS"/*}; do
	[ -d "$root" ] || continue
	round_trip "${root##*/} -b4096" "$root" new "$FP_OPT"
	[ -n "$LONG" ] || break
done
finish
