#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# -Efragments: tails and small files in the packed inode. What comes back from the kernel, from us and from others is the source;
# what is a fragment depends on the content alone.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
image=$work/image

source=$work/edges
"$tools/treegen" --size=32768 mixes "$source"
mkdir "$source/small"
seq 1 3000 >"$work/text"
for ((i = 0; i < 200; i++)); do
	tail -c +$((i * 31 % 4000 + 1)) "$work/text" | head -c $((i * 23 + 7)) >"$source/small/$i"
done
find "$source" -exec touch -h -d @1700000000 {} +

trip() { round_trip "$*" "$source" new "$@"; } # OPTIONS...
trip -zlz4 -Efragments "$FP_OPT"
trip -zlz4hc,12 -C65536 -Efragments,ztailpacking "$FP_OPT"
trip -zlzma,level=6 -Efragments -C1048576
trip -zdeflate -C16384 -Efragments,full-index -b1024
trip -zzstd -E48bit,fragments --extent-size=16384 "$FP_OPT"
trip -zlz4 -E48bit,fragments=small,fragdedupe=inode -b512
trip -zzstd -C65536 -Eall-fragments "$FP_OPT" --min-kernel=6.10
trip -zlz4hc -E48bit,all-fragments,^fragdedupe --dedupe-files=0
trip -zdeflate -Eall-fragments,full-index -b512 -Enoinline_data
# The peer (1.9.4) takes tails in a metabox for bytes of the device.
round_trip "beside a metabox" "$source" none -zlz4 -C16384 -m4096 -Efragments,ztailpacking "$FP_OPT"
trip -zlz4:zstd -C8192 -Efragments,ztailpacking --dedupe-files=0
# As callers have it.
trip --exclude-path=nothing -C 65536 -E fragments -x -1 -U 00000000-0000-0000-0000-000000000000 -z lz4hc

# ---- what is in the image

kind() { "$DUMP" --json -e --path="/$1" "$image" | grep -oE '"kind": "[a-z]*"' | cut -d'"' -f4 | sort -u | xargs; } # FILE
says() { "$DUMP" -s "$image" | grep "incompatible features" | grep -cw fragments; }
"$MKFS" --quiet -zlz4 -E48bit,fragments --extent-size=4096 "$image" "$source"
same "a larger file ends with one" "encoded fragment" "$(kind small/199)"
"$MKFS" --quiet -zlz4 -C16384 -Efragments "$image" "$source"
same "a small file is a fragment" fragment "$(kind small/100)"
same "the superblock says so" 1 "$(says)"
packed=$(stat -c %s "$image")
"$MKFS" --quiet -zlz4 -C16384 "$image" "$source"
same "without: the superblock does not" 0 "$(says)"
check "fragments make an image smaller: $packed of $(stat -c %s "$image") bytes" test $((packed * 100)) -lt $(($(stat -c %s "$image") * 95))
"$MKFS" --quiet -zlz4 -C16384 -Efragments=1000 "$image" "$source"
same "up to 1000 bytes" "fragment no" "$(kind small/43) $([ "$(kind small/44)" = fragment ] || echo no)"
"$MKFS" --quiet -zzstd -Eall-fragments "$image" "$source"
same "all of a long one" fragment "$(kind text/8193)"
# What is left of a file of clusters, if encoding it does not fill one, and the clusters of the packed inode.
largest() { "$DUMP" --json -e --nid="$("$DUMP" -s "$image" | awk '/packed nid/ { print $NF }')" "$image" | grep -oE '"physical_length": [0-9]+' | sort -n -k2 | tail -1; }
mkdir "$work/last"
for ((i = 0; i < 90; i++)); do tail -c +$((i * 37 + 1)) "$top_srcdir/configure.ac" | head -c 7000 >"$work/last/$i"; done
"$MKFS" --quiet -zlz4hc -Efragments "$image" "$work/last"
same "more than a block that encodes to less is one" fragment "$(kind 0)"
check_not "the packed inode has large clusters" test "$(largest)" = '"physical_length": 4096'
mounted_equals "large clusters in the packed inode" "$work/last" "$image"
"$MKFS" --quiet -zlz4hc -C4096 -Efragments "$image" "$work/last"
same "as large as -C says" '"physical_length": 4096' "$(largest)"
"$MKFS" --quiet -zlz4hc -Efragments=6000 "$image" "$work/last"
same "no more than -Efragments says" encoded "$(kind 0)"
same "the summary says what they cost" 1 "$("$MKFS" -zzstd -Efragments "$image" "$source" | grep -c 'fragments: .*stay in memory')"
mkdir "$work/none" && head -c 300000 /dev/urandom >"$work/none/noise" && head -c 4096 "$work/none/noise" >"$work/none/more"
"$MKFS" --quiet -zlz4 -C16384 -Efragments "$image" "$work/none"
mounted_equals "fragments that do not shrink" "$work/none" "$image"
mkdir "$work/zero" && head -c 9000 /dev/zero >"$work/zero/zeros"
"$MKFS" --quiet -zzstd -E48bit,fragments "$image" "$work/zero"
same "zeros are a hole" hole "$(kind zeros)"

# The same files each in a directory of its own, under another name, in other company.
neighbours=$work/neighbours
mkdir "$neighbours"
number=0
while IFS= read -r file; do
	number=$((number + 1))
	mkdir "$neighbours/$((997 * number % 1009))" && cp "$file" "$neighbours/$((997 * number % 1009))/name-$number.txt"
done < <(find "$source" -type f ! -empty | sort -r)
extents() { # IMAGE: fingerprint and how its extents are cut, of some files
	local path
	"$DUMP" --fingerprints "$1" | sort -u -k1,1 | awk 'NR % 20 == 0' | while read -r value path; do
		echo "$value $("$DUMP" --json -e --path="$path" "$1" | grep -oE '"(kind|logical|length)": [^,]*' | tr -d '\n')"
	done
}
for options in "-zlz4 -C16384 -Efragments,ztailpacking" "-zzstd -E48bit,fragments=small"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet $FP_OPT $options "$image" "$source" && extents "$image" >"$work/here"
	# shellcheck disable=SC2086
	"$MKFS" --quiet $FP_OPT $options -x -1 --workers=0 "$image" "$neighbours" && extents "$image" >"$work/there"
	check "$options: files were looked at" test "$(wc -l <"$work/here")" -gt 8
	same "$options: of the content only" "$(sort "$work/here")" "$(sort "$work/there")"
done
rm -rf "$neighbours"

# ---- the same for any number of workers, and from archives

"$tools/treegen" --size=2097152 --count=1 mixes "$source/segments"
find "$source" -exec touch -h -d @1700000000 {} +
for options in "-zlz4hc -C65536 -Efragments,ztailpacking" "-zzstd,1 -E48bit,fragments $FP_OPT" "-zlz4 -Eall-fragments"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet -T1700000000 $options --workers=0 "$image" "$source"
	for workers in 1 2 5; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet -T1700000000 $options --workers=$workers "$work/other" "$source"
		check "$options, $workers workers: same bytes" cmp "$image" "$work/other"
	done
done
mounted_equals "long files, whole" "$source" "$image"
tar -C "$source" -cf "$work/edges.tar" .
check "from an archive" "$MKFS" --quiet --tar=f -zzstd,1 -Efragments -C65536 "$FP_OPT" "$image" "$work/edges.tar"
check "from an archive: fsck" "$FSCK" --ishare "$image"
mounted_equals "from an archive" "$source" "$image"
# Members that take the place of earlier ones, whose fragments nobody wants any more, and a long one that is there already.
tar -C "$source" -rf "$work/edges.tar" ./small/150 ./text ./segments/text
for options in "-zlz4 -Efragments" "-zlz4 -E48bit,all-fragments"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet --tar=f $options "$image" < <(cat "$work/edges.tar") || fail "from a pipe, $options: build"
	check "from a pipe, $options: fsck" "$FSCK" "$image"
	mounted_equals "from a pipe, $options" "$source" "$image"
done

# ---- in place, where nothing can wait behind the image; images with fragments as sources

truncate -s 64M "$work/device"
check "in place" "$MKFS" --quiet -zlz4 -Eall-fragments --offset=4096 "$work/device" "$source"
check "an image as the source" "$MKFS" --quiet --clean=data -zlz4hc -C65536 -Efragments "$work/other" "$image"
mounted_equals "an image as the source" "$source" "$work/other"
check "restamp" "$MKFS" --quiet --restamp "$FP_OPT" "$work/image-2" "$work/other"
check "restamp: fsck" "$FSCK" --ishare "$work/image-2"
mounted_equals "restamp" "$source" "$work/image-2"
refused "an index cannot point to fragments" "fragment" "$MKFS" --quiet --index "$work/image-2" "$work/other"
finish
