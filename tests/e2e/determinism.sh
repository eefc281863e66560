#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The same bytes for any number of workers, any order of creation, any file system and any time of day.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS"
privilege=()
is_root || privilege=(--no-privileged)
"$tools/treegen" "${privilege[@]}" odd "$work/odd"
"$tools/treegen" --count=3000 small "$work/odd/small-files"
find "$work/odd/small-files" -exec touch -h -d @1650000000 {} +
"$tools/treegen" "--from=$work/odd" order "$work/again"

build() { "$MKFS" --quiet "$FP_OPT" "$@"; }
T=-T1700000000
check "workers=0" build $T --workers=0 "$work/w0" "$work/odd"
for workers in 1 2 3 4 8; do
	check "workers=$workers" build $T --workers=$workers "$work/w" "$work/odd"
	check "workers=$workers: same bytes" cmp "$work/w0" "$work/w"
done
check "no --workers" build $T "$work/w" "$work/odd"
check "no --workers: same bytes" cmp "$work/w0" "$work/w"
for seed in 1 2 3; do
	[ $seed = 1 ] || { rm -rf "$work/again"; "$tools/treegen" "--from=$work/odd" --seed=$seed order "$work/again"; }
	check "created in order $seed" build $T --workers=2 "$work/w" "$work/again"
	check "created in order $seed: same bytes" cmp "$work/w0" "$work/w"
done
rm -rf "$work/again"

# Compressed: files in several segments, copies of which are known late, and stored data between.
"$tools/treegen" --size=2097152 mixes "$work/mixes"
head -c 9000000 /dev/urandom >"$work/mixes/noise-1"
cp "$work/mixes/noise-1" "$work/mixes/noise-2"
touch -d @1700000000 "$work"/mixes/noise-?
for options in "-zlz4 -C65536" "-zlz4 -E48bit" "-zzstd,1 -E48bit --extent-size=1M" "-zdeflate,1:lz4 -Efull-index -b1024" "-zlzma,0 -C1M"; do
	# shellcheck disable=SC2086
	check "$options: no workers" build $T $options --workers=0 "$work/w0" "$work/mixes"
	for workers in 1 2 5 ${LONG:+3 4 8 16}; do
		# shellcheck disable=SC2086
		build $T $options --workers=$workers "$work/w" "$work/mixes"
		check "$options, workers=$workers: same bytes" cmp "$work/w0" "$work/w"
	done
done
rm -rf "$work/mixes"

# Another file system: other readdir, other inode numbers, other holes.
other=$(mktemp -d /var/tmp/erofs-test.XXXXXX)
rm -rf "$work/odd/xattrs" # not every file system takes the large ones
rm -rf "$work/odd/holes"
touch -d @1700000000 "$work/odd"
if "$tools/treegen" "--from=$work/odd" order "$other/tree" 2>"$work/.err"; then
	check "here" build $T "$work/here" "$work/odd"
	check "another file system" build $T "$work/there" "$other/tree"
	check "another file system: same bytes" cmp "$work/here" "$work/there"
else
	skip "another file system: $(cat "$work/.err")"
fi
rm -rf "$other"

small_tree "$work/s"
check "SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=1600000000 "$MKFS" --quiet "$FP_OPT" "$work/e1" "$work/s"
sleep 1.1
check "SOURCE_DATE_EPOCH again" env SOURCE_DATE_EPOCH=1600000000 "$MKFS" --quiet "$FP_OPT" "$work/e2" "$work/s"
check "SOURCE_DATE_EPOCH: same bytes" cmp "$work/e1" "$work/e2"
check "-T" build -T 5 "$work/t1" "$work/s"
sleep 1.1
check "-T again" build -T 5 "$work/t2" "$work/s"
check "-T: same bytes" cmp "$work/t1" "$work/t2"
check "--mkfs-time" build -T 5 --mkfs-time "$work/t1" "$work/s"
check "--mkfs-time again" build -T 5 --mkfs-time "$work/t2" "$work/s"
check "--mkfs-time: same bytes" cmp "$work/t1" "$work/t2"
printf 'x' >>"$work/s/hello"
touch -d @1600000000 "$work/s/hello"
check "other content" build -T 5 --mkfs-time "$work/t3" "$work/s"
uuid() { od -An -tx1 -j1072 -N16 "$1"; }
# Where no content has a digest, sums of them stand for the contents: of whole blocks, of which nothing lies in the metadata.
for n in 1 2; do
	rm -rf "$work/one" && mkdir "$work/one" && head -c 8192 /dev/zero | tr '\0' "$n" >"$work/one/file" && touch -d @5 "$work/one/file" "$work/one"
	check "no digests" "$MKFS" --quiet -T 5 --dedupe-files=0 "$work/sums-$n" "$work/one"
done
[ "$(uuid "$work/sums-1")" != "$(uuid "$work/sums-2")" ] && pass "no digests: the UUID tells contents apart" || fail "no digests: the UUID does not tell contents apart"
check_not "the UUID follows the content" test "$(uuid "$work/t1")" = "$(uuid "$work/t3")"
check "no time given" build "$work/r1" "$work/s"
check "no time given, again" build "$work/r2" "$work/s"
check_not "the UUID is drawn at random otherwise" test "$(uuid "$work/r1")" = "$(uuid "$work/r2")"
# The output's own name and directory do not matter.
mkdir "$work/elsewhere"
check "relative names" bash -c "cd '$work/elsewhere' && '$MKFS' --quiet $FP_OPT -T 5 --mkfs-time ./x ../s/"
check "relative names: same bytes" cmp "$work/t3" "$work/elsewhere/x"
finish
