#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What the options of compression do to the image, as its superblock and its extents show it, and that it reads back.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
image=$work/image
source=$work/s
mkdir -p "$source/lib" "$source/doc"
for i in $(seq 20000); do echo "line $i, $((i * 7919 % 1009))"; done >"$source/doc/text"
head -c 300000 "$source/doc/text" >"$source/lib/a.so"
head -c 200000 /dev/urandom >"$source/random"
printf 'small' >"$source/small"
cp "$source/doc/text" "$source/doc/same"

# built WHAT ARGUMENTS...: builds, checks, and compares the mounted tree.
built() {
	local what=$1
	shift
	rm -f "$image"
	check "$what: build" "$MKFS" --quiet "$@" "$image" "$source" || return
	check "$what: fsck" "$FSCK" "$image"
	can_mount || return
	mount_image "$image" "$work/mnt" || { fail "$what: cannot mount: $(head -n 1 "$work/.mount-err")"; return; }
	check "$what: mounted tree" "$tools/treecmp" "--ignore-xattr=$FP_NAME" "$source" "$work/mnt"
	unmount "$work/mnt"
}
features() { "$DUMP" -s "$image" | sed -n 's/^Filesystem incompatible features: *//p' | sed 's/ *$//'; }
algorithms() { "$DUMP" --json -s "$image" | sed -n 's/.*"compression_algorithms": \[ \([^]]*\)\].*/\1/p' | tr -d '" '; }
oldest() { "$DUMP" -s "$image" | sed -n 's/^Required upstream Linux kernel version: *//p'; }
layout() { "$DUMP" --path="$1" "$image" | sed -n 's/.*Layout: [0-9]* (\(.*\))/\1/p'; }
# The algorithms of a file's extents.
used() { "$DUMP" --json -e --path="$1" "$image" | sed -n 's/.*"algorithm": "\([a-z0-9]*\)".*/\1/p' | sort -u | xargs; }
# The largest number in a field of a file's extents: most PATH length, most PATH physical_length
most() { "$DUMP" --json -e --path="$1" "$image" | grep -oE "\"$2\": [0-9]+" | grep -oE '[0-9]+$' | sort -n | tail -n 1; }
first_at() { "$DUMP" --json -e --path="$1" "$image" | sed -n 's/.*"physical": \([0-9]*\).*/\1/p' | head -n 1; }
at_most() { # WHAT LIMIT VALUE
	if [ "${3:-0}" -gt 0 ] && [ "$3" -le "$2" ]; then pass "$1"; else fail "$1: '$3', not 1 to $2"; fi
}

# ---- what the superblock says, and the oldest kernel
while read -r kernel algorithm wanted arguments; do
	# shellcheck disable=SC2086
	built "$arguments" $arguments
	same "$arguments: features" "$wanted" "$(features | tr ' ' ,)"
	same "$arguments: algorithms" "$algorithm" "$(algorithms)"
	same "$arguments: oldest kernel" "$kernel" "$(oldest)"
done <<'CASES'
5.4 lz4 lz4_0padding -zlz4
5.4 lz4 lz4_0padding -zlz4hc -Efull-index
5.13 lz4 lz4_0padding,compr_cfgs,big_pcluster -zlz4hc -C65536
5.16 lzma lz4_0padding,compr_cfgs,big_pcluster -zlzma -C65536
6.6 deflate lz4_0padding,compr_cfgs,big_pcluster -zdeflate
6.10 zstd lz4_0padding,compr_cfgs,big_pcluster -zzstd
6.15 zstd lz4_0padding,compr_cfgs,big_pcluster,48bit -zzstd -E48bit
6.15 zstd lz4_0padding,compr_cfgs,big_pcluster,48bit -zzstd --min-kernel=6.15
6.10 zstd lz4_0padding,compr_cfgs,big_pcluster -zzstd --min-kernel=6.12
6.10 zstd lz4_0padding,compr_cfgs,big_pcluster -zzstd --min-kernel=6.15 -E^48bit
CASES
built "-E48bit without -z" -E48bit
same "-E48bit without -z: no feature" "" "$(features)"
same "-E48bit without -z: any kernel" 5.4 "$(oldest)"

# ---- which files, and how
for form in -E^48bit -E48bit; do
	built "stored files $form" -zzstd "$form" "$FP_OPT"
	for path in /random /small; do
		same "$form $path is not compressed" flat "$(layout "$path" | cut -d_ -f1)"
	done
	for path in /doc/text /lib/a.so; do
		same "$form $path is compressed" compressed "$(layout "$path" | cut -d_ -f1)"
	done
	check "$form: fingerprints" "$FSCK" --ishare "$image"
done
built "-Efull-index" -zlz4 -Efull-index
same "-Efull-index: layout" compressed_full "$(layout /doc/text)"
built "compact index" -zlz4
same "compact index: layout" compressed_compact "$(layout /doc/text)"
for size in 4096 16384 65536; do
	built "-C$size" -zlz4 -C$size
	at_most "-C$size: clusters" $size "$(most /doc/text physical_length)"
done
for size in 4096 16384 1048576; do
	built "--extent-size=$size" -zzstd -E48bit --extent-size=$size
	at_most "--extent-size=$size: extents" $size "$(most /doc/text length)"
done
for form in -E^48bit -E48bit; do
	built "--max-extent-bytes $form" -zzstd "$form" -C65536 --max-extent-bytes=32768
	at_most "--max-extent-bytes $form: extents" 32768 "$(most /doc/text length)"
done

# ---- hints
cat >"$work/hints" <<'HINTS'
# libraries: small clusters of the second algorithm
8192 1 ^lib/.*\.so$
0 doc/same
HINTS
built "hints" -zlz4:zstd -C65536 --compress-hints="$work/hints"
same "hints: both algorithms" lz4,zstd "$(algorithms)"
at_most "hints: clusters" 8192 "$(most /lib/a.so physical_length)"
same "hints: the second algorithm" zstd "$(used /lib/a.so)"
same "hints: the first algorithm elsewhere" lz4 "$(used /doc/text)"
same "hints: stored" flat "$(layout /doc/same | cut -d_ -f1)"
for name in a b c d e f; do seq 1000000 >"$source/copy-$name"; done
printf '65536 copy-[cd]\n0 copy-e\n' >"$work/hints"
for form in -E^48bit -E48bit; do
	built "hints: copies that go several ways $form" -zlz4 -C8192 "$form" --compress-hints="$work/hints"
	same "hints: a copy that goes the same way $form" "$(first_at /copy-a)" "$(first_at /copy-b)"
	same "hints: one of another way $form" "$(first_at /copy-c)" "$(first_at /copy-d)"
done
rm -f "$source"/copy-*
printf '8192 1 .\n' >"$work/hints"
refused "hints: an algorithm that is not there" "hints:1:.*algorithm" "$MKFS" -zlz4 --compress-hints="$work/hints" "$image" "$source"
# As with erofs-utils 1.5 and 1.9.4: a size that no cluster can have is a warning, and the file is like all others.
printf '16384 none\n' >"$work/hints"
check "hints: of no file" "$MKFS" --quiet -zlz4 -C16384 -T0 --compress-hints="$work/hints" "$work/without" "$source"
for size in 5000 16K 1048577 99999999999999999999; do
	printf '4096 none\n%s .\n' "$size" >"$work/hints"
	"$MKFS" -zlz4 -C16384 -T0 --compress-hints="$work/hints" "$image" "$source" 2>"$work/said" >/dev/null || fail "hints: $size"
	check "hints: $size is as without" cmp "$work/without" "$image"
	same "hints: $size is one warning" 1 "$(grep -c "hints:2:.*$size" "$work/said")"
	same "hints: $size, quiet" "" "$("$MKFS" --quiet -zlz4 -T0 --compress-hints="$work/hints" "$image" "$source" 2>&1)"
done

# ---- sparse files and old kernels
truncate -s 10M "$source/sparse" && printf x >>"$source/sparse"
if [ "$(stat -c %b "$source/sparse")" -lt 1000 ]; then
	built "holes for 5.15" --min-kernel=5.15
	same "holes for 5.15: chunks" 5.15 "$(oldest)"
	built "holes for 5.4" --min-kernel=5.4
	same "holes for 5.4: none" 5.4 "$(oldest)"
else
	skip "no holes here"
fi
rm -f "$source/sparse"

# ---- the summary
summary=$("$MKFS" -d3 -zzstd -E48bit "$image" "$source" 2>/dev/null)
check "the summary counts compressed files" grep -qE '^ *compressed: +[1-9][0-9]* files?, .* [KM]iB to .* [KM]iB \([0-9.]+ %\)$' <(echo "$summary")
check "-d3 counts compressions" grep -qE '^ *encoders: .* [0-9.]+ compressions an extent$' <(echo "$summary")
check_not "without -d3 it does not" grep -q encoders: <("$MKFS" -zzstd "$image" "$source")
finish
