#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Compressed trees come back from the kernel, from us and from others: every algorithm in every layout, with files of all
# sizes at which something ends. Whether a file is compressed depends on what is in it, not on what is around it.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
# The peer (1.9.4) does not extract ACLs.
compare_by_others=("${compare[@]}" --ignore-xattr=system.posix_acl_access --ignore-xattr=system.posix_acl_default)
image=$work/image

# Others must not only be content, but have the same files.
others_accept() { # WHAT IMAGE READERS
	case $3 in none | oldest) local PEER_DIR= ;; esac
	if [ "${PEER_DIR:-}" ]; then
		check "$1: peer's extraction" "$PEER_DIR/bin/fsck.erofs" --extract="$work/by-peer" "$2" && add_holes "$work/by-peer" &&
			check "$1: tree extracted by the peer" "${compare_by_others[@]}" "$source" "$work/by-peer"
		rm -rf "$work/by-peer"
	fi
	case $3 in old | oldest) ;; *) return 0 ;; esac
	if [ -x /usr/bin/fsck.erofs ]; then
		check "$1: distribution's extraction" /usr/bin/fsck.erofs --extract="$work/by-other" "$2" &&
			check "$1: tree extracted by the distribution's" "${compare_by_others[@]}" "$source" "$work/by-other"
		rm -rf "$work/by-other"
	else
		skip "$1: no fsck.erofs in the distribution"
	fi
}

# The peer (1.9.4) ends an extracted file where holes among encoded extents reach its end; what is before them must be right.
add_holes() { # DIR
	local size path
	while read -r size path; do
		truncate -s "$size" "$1/$path" && touch -r "$source/$path" "$1/$path"
	done < <(comm -23 <(sizes "$source") <(sizes "$1"))
}
sizes() { (cd "$1" && find . -type f -printf '%s %p\n' | sort); }

trip() { # READERS OPTIONS...: of $source
	local readers=$1
	shift
	round_trip "${source##*/} $*" "$source" "$readers" "$@"
}
# The largest number in a field of a file's encoded extents.
most() { "$DUMP" --json -e --path="$1" "$image" | grep '"encoded"' | grep -oE "\"$2\": [0-9]+" | grep -oE '[0-9]+$' | sort -n | tail -n 1; }

# ---- all algorithms in all layouts

algorithms=(lz4 "lz4hc,12" lzma deflate zstd)
[ -z "$LONG" ] || algorithms+=("lz4hc,1" "lzma,109" "deflate,9" "zstd,15")
source=$work/edges
"$tools/treegen" --size=65536 mixes "$source"
clusters=(4096 65536 16384)
extents=(65536 4096 131072)
number=0
for algorithm in "${algorithms[@]}"; do
	trip new "-z$algorithm" "$FP_OPT" "-C${clusters[number % 3]}"
	trip new "-z$algorithm" "$FP_OPT" "-C${clusters[(number + 1) % 3]}" -Efull-index
	trip new "-z$algorithm" "$FP_OPT" -E48bit "--extent-size=${extents[number % 3]}"
	number=$((number + 1))
done
# Other blocks; a reader of compressed blocks smaller than pages.
for bytes in 512 1024 2048; do
	trip new -zlz4 "$FP_OPT" -b$bytes
	trip new -zzstd "$FP_OPT" -b$bytes -E48bit
done
trip new -zdeflate "$FP_OPT" -b512 -C8192 -Efull-index
# As many blocks as Linux allows for LZ4.
trip new -zlz4 "$FP_OPT" -b512 -C131072
trip new -zlz4 "$FP_OPT" -b1024 -E48bit --extent-size=262144
trip new -zlzma,3 "$FP_OPT" -b1024 -C65536
trip old -zlz4
trip old -zlz4hc -C65536 -Enoinline_data
trip old -zlz4 -Efull-index
# What the peer (1.9.4) does not read any more.
trip oldest -zlz4 -Elegacy-compress
trip oldest -zlz4hc,12 -Elegacy-compress -C16384 --max-extent-bytes=100000
trip none -zlz4 -Elegacy-compress -b1024
trip new -zzstd "$FP_OPT" -Enoinline_data
trip new -zzstd "$FP_OPT" -Enoinline_data -E48bit --workers=0
trip new -zlz4 "$FP_OPT" --max-extent-bytes=8192 -C65536
trip new -zlz4 "$FP_OPT" --max-extent-bytes=8192 -E48bit
trip new -zzstd "$FP_OPT" --dedupe-files=0
printf '4096 1 ^text/.*[0-4]$\n16384 2 ^text/\n65536 ^runs/\n0 ^zeros/\n8192 3 ^same/large-2\n16384 4 ^same/\n' >"$work/hints"
trip new -zlz4:zstd -zlzma -zdeflate:zstd,19 "$FP_OPT" -C16384 "--compress-hints=$work/hints"
trip new -zlz4:zstd -zlzma -zdeflate:zstd,19 "$FP_OPT" -E48bit "--compress-hints=$work/hints"

# ---- whether a file is compressed

# "SIZE VALUE KIND" of all files with data, each once.
kinds() { # IMAGE
	"$DUMP" --fingerprints=json "$1" |
		sed -n 's/.*"size": \([0-9]*\), "kind": "\([a-z]*\)".*"value": "\([0-9a-f]*\)".*/\1 \3 \2/p' | sort -u
}
# The same files, each under another name in a directory of its own, some with xattrs, in other company, deeper down.
neighbours=$work/neighbours
mkdir -p "$neighbours/deep"
number=0
while IFS= read -r file; do
	number=$((number + 1))
	into=$neighbours/deep/$((997 * number % 1009))
	mkdir "$into"
	cp "$file" "$into/other-name-$number"
	if [ $((number % 3)) = 0 ] && is_root; then setfattr -n user.some -v "$(printf "%0$((100 * (number % 30)))d" 0)" "$into/other-name-$number"; fi
	printf '%s' "$number" >"$into/a-small-one"
	[ $((number % 5)) != 0 ] || head -c 70000 "$file" >"$into/beginning"
done < <(find "$source" -type f ! -empty | sort -r)
for options in "-zlz4" "-zlz4 -C65536" "-zzstd -Efull-index" "-zdeflate -b1024" "-zlz4 -E48bit" "-zzstd,15 -E48bit --extent-size=4096" \
	"-zlzma -C65536 --max-extent-bytes=100000" "-zzstd -Enoinline_data"; do
	# shellcheck disable=SC2086
	"$MKFS" --quiet $FP_OPT $options "$image" "$source" && kinds "$image" >"$work/kinds" || fail "kinds: build"
	# shellcheck disable=SC2086
	"$MKFS" --quiet $FP_OPT $options --workers=0 -x -1 --all-root "$image" "$neighbours" && kinds "$image" >"$work/all" || fail "kinds: build"
	# shellcheck disable=SC2086
	"$MKFS" --quiet $FP_OPT $options --dedupe-files=0 -x 1 "$image" "$neighbours" && kinds "$image" >>"$work/all" || fail "kinds: build"
	same "kinds $options: both" "compressed plain" "$(cut -d' ' -f3 "$work/kinds" | sort -u | xargs)"
	same "kinds $options: of the content only" "" "$(sort -u "$work/kinds" "$work/all" | cut -d' ' -f1,2 | uniq -d)"
	same "kinds $options: all found" "" "$(comm -23 "$work/kinds" <(sort -u "$work/all"))"
done
rm -rf "$neighbours"

# ---- files of several segments, and what decodes to a lot

rm -rf "$source"
source=$work/segments
"$tools/treegen" --size=2097152 mixes "$source"
trip new -zlz4 "$FP_OPT" -C1048576
trip new -zlz4 "$FP_OPT" -Efull-index
trip new -zzstd,1 "$FP_OPT" -E48bit
trip new -zlz4 "$FP_OPT" -E48bit --extent-size=1048576
trip none -zdeflate,1 "$FP_OPT" -E48bit --extent-size=4096 --workers=0

# Kernels read in the middle, too.
reads_at() { # WHAT OPTIONS...: blocks of files in a mounted image, in an order that no reading ahead foresees
	local what=$1 path offset wrong=0 size i
	shift
	if ! can_mount; then skip "$what: cannot mount here"; return; fi
	"$MKFS" --quiet "$@" "$image" "$source" && mount_image "$image" "$work/mnt" || { fail "$what: no mount"; return; }
	for path in stretches/1048577 text/2097152 runs/1048576 noise-then-text/2097153 text-then-noise/1048575; do
		[ -e "$source/$path" ] || continue
		size=$(stat -c %s "$source/$path")
		for ((i = 0; i < 40; i++)); do
			offset=$((i * 7919 * 4099 % size))
			cmp -s -n 4096 -i $offset "$source/$path" "$work/mnt/$path" || wrong=$((wrong + 1))
		done
	done
	same "$what: reads in the middle that went wrong" 0 $wrong
	unmount "$work/mnt"
}
reads_at "clusters" -zlz4 -C65536
reads_at "large extents" -zzstd,1 -E48bit --extent-size=1048576

mkdir "$work/zeros"
head -c 31457280 /dev/zero >"$work/zeros/thirty"
printf 'the end' >>"$work/zeros/thirty"
source=$work/zeros
for options in "-zlz4 -C1048576" "-zzstd,1" "-zlz4 -E48bit"; do
	# shellcheck disable=SC2086
	trip new $options "$FP_OPT"
	# shellcheck disable=SC2086
	"$MKFS" --quiet $options "$image" "$source"
	same "zeros $options: compressed" compressed "$("$DUMP" --path=/thirty "$image" | sed -n 's/.*Layout: [0-9]* (\([a-z]*\).*/\1/p')"
	check "zeros $options: no cluster decodes to more than Linux takes" test "$((0$(most /thirty length)))" -le 12582912
	check "zeros $options: few bytes remain" test "$(stat -c %s "$image")" -le 300000
done
rm -rf "$source"

# ---- a full disk

if is_root; then
	mkdir "$work/full"
	mount -t tmpfs -o size=1m full "$work/full" && mounts+=("$work/full")
	for options in "-zlz4" "-zzstd -E48bit" "-zlz4 --workers=0" "-zlz4 -E48bit --workers=0"; do
		# shellcheck disable=SC2086
		refused "full disk, $options" "no space|space left" "$MKFS" $options "$FP_OPT" "$work/full/image" "$work/segments"
		same "full disk, $options: nothing left" "" "$(ls -A "$work/full")"
	done
	unmount "$work/full"
else
	skip "a full disk: needs root"
fi

[ "$LONG" ] || finish

# ---- all of them with all sizes; very large files; real roots

rm -rf "$work/segments"
# Linux takes no cluster of LZ4 of more than 256 blocks.
too_many_blocks() { [[ $1 = lz4* ]] && [ $(($3 / $2)) -gt 256 ]; } # ALGORITHM BLOCK-SIZE BYTES
long_trips() { # ALGORITHM BLOCK-SIZE
	local bytes
	for bytes in "$2" 65536 1048576; do
		! too_many_blocks "$1" "$2" "$bytes" || continue
		trip new "-z$1" "$FP_OPT" "-b$2" "-C$bytes"
		trip new "-z$1" "$FP_OPT" "-b$2" "-C$bytes" -Efull-index
	done
	for bytes in 4096 16384 131072 1048576; do
		too_many_blocks "$1" "$2" "$bytes" || trip new "-z$1" "$FP_OPT" "-b$2" -E48bit "--extent-size=$bytes"
	done
}
long_sizes() {
	local algorithm bytes
	source=$work/edges
	"$tools/treegen" --size=131072 mixes "$source"
	for algorithm in "${algorithms[@]}"; do
		for bytes in 512 1024 2048 4096; do long_trips "$algorithm" "$bytes"; done
	done
	rm -rf "$source"
	source=$work/segments
	"$tools/treegen" --size=2097152 --count=7 mixes "$source"
	for algorithm in lz4 lz4hc "lzma,1" deflate zstd; do long_trips "$algorithm" 4096; done
	rm -rf "$source"
	source=$work/clusters
	"$tools/treegen" --size=8388608 --count=2 mixes "$source"
	for algorithm in lz4 "lzma,1" "deflate,1" "zstd,1"; do trip new "-z$algorithm" "$FP_OPT" -C1048576; done
	rm -rf "$source"
}

large_trips() { # READERS of encoded extents
	trip new -zlz4 "$FP_OPT" -C65536
	trip "$1" -zlz4 "$FP_OPT" -E48bit
	trip "$1" -zzstd,1 "$FP_OPT" -E48bit --extent-size=1048576
	rm -rf "$source"
}
# Longer than 32 bits count, with and without holes. Dense, it takes its own size of memory here, and again for each copy.
long_large() {
	local place
	source=$work/sparse
	mkdir "$source"
	truncate -s 5G "$source/file"
	for place in 1500000001 3000000001 4300000001; do
		printf 'in the middle' | dd of="$source/file" bs=1 seek="$place" conv=notrunc status=none
	done
	printf 'the end' >>"$source/file"
	# The peer (1.9.4) extracts no holes beyond 2 GiB among encoded extents.
	large_trips none
	if [ "$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -lt 16 ]; then
		skip "a dense file of 5 GiB: less than 16 GiB of memory are free"
		return
	fi
	source=$work/dense
	mkdir "$source"
	mount -t tmpfs -o size=16g,remount "$work" 2>/dev/null
	"$tools/treegen" --size=$((1 << 30)) large "$work/parts"
	if cat "$work"/parts/large-[12] "$work"/parts/large-[12] "$work/parts/large-1" >"$source/file" 2>/dev/null &&
		printf 'the end' >>"$source/file" 2>/dev/null; then
		rm -rf "$work/parts"
		large_trips new
	else
		skip "a dense file of 5 GiB: no room for it"
		rm -rf "$source" "$work/parts"
	fi
}

# Each root with some of the options, each of the options with some roots.
long_roots() {
	local number=0 round
	local -a options=("-zlz4" "-zlz4hc -C65536 -Efull-index" "-zzstd -E48bit" "-zlz4 -E48bit --extent-size=65536" "-zdeflate -C65536"
		"-zlzma,1 -C1048576" "-zzstd,1 -b1024" "-zzstd,9 -E48bit" "-zlz4:zstd -C131072")
	[ "${ROOTS:-}" ] || skip "real roots: no ROOTS"
	for source in ${ROOTS:+"$ROOTS"/*}; do
		[ -d "$source" ] || continue
		for round in 0 1; do
			# shellcheck disable=SC2086
			trip new $FP_OPT ${options[(number + 4 * round) % ${#options[@]}]}
		done
		number=$((number + 1))
	done
}
for part in ${PARTS:-sizes large roots}; do "long_$part"; done
finish
