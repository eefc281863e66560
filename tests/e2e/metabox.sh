#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# The metabox: inodes, xattrs, indexes and small files in the data of one inode. Images come back from the kernel, from us and from others; what is
# in it and what is not; what a file is does not depend on its neighbours.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
compare_without_holes
is_root || compare+=(--no-xattrs)
image=$work/image

# The peer (1.9.4) takes tails in a metabox for bytes of the device, in its own images, too: it extracts other bytes. It leaves out xattrs.
others_accept() { # WHAT IMAGE READERS
	[ "${PEER_DIR:-}" ] && [ "$3" != none ] || return 0
	check "$1: peer's fsck" "$PEER_DIR/bin/fsck.erofs" "$2"
	check "$1: peer's extraction" "$PEER_DIR/bin/fsck.erofs" --extract="$work/by-peer" "$2"
	[ "$3" != whole ] || check "$1: tree extracted by the peer" "${compare[@]}" --no-xattrs "$source" "$work/by-peer"
	rm -rf "$work/by-peer"
}

# Linux before 6.17 does not know it.
kernel_knows_metabox() {
	local major minor
	IFS=. read -r major minor _ < <(uname -r)
	[ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "${minor%%[!0-9]*}" -ge 17 ]; }
}
kernel_knows_metabox || {
	can_mount() { false; }
	skip "this kernel does not mount images with a metabox"
}
build() { rm -f "$image" && "$MKFS" --quiet -T1 --mkfs-time "$@" "$image" "$source"; }
features() { "$DUMP" -s "$image" | sed -n 's/^Filesystem incompatible features: *//p' | tr ' ' '\n' | sort | xargs; }
oldest() { "$DUMP" -s "$image" | sed -n 's/^Required upstream Linux kernel version: *//p'; }
# What dump.erofs says of the metabox: of three numbers the n-th.
metabox() { "$DUMP" -s "$image" | sed -n 's/^Filesystem metabox: *//p' | grep -oE '[0-9]+' | sed -n "$1p"; }
has_metabox() { [ -n "$(metabox 1)" ]; }
layout() { "$DUMP" --path="$1" "$image" | sed -n 's/.*Layout: [0-9]* (\(.*\))/\1/p'; }

# ---- a tree of everything that lies in it: files around the sizes of blocks, directories of several blocks, long symlinks, xattrs
source=$work/s
mkdir -p "$source/sizes" "$source/links" "$source/wide" "$source/deep/er/still"
for i in $(seq 4000); do echo "line $i of many, $((i * 7919 % 1009))"; done >"$work/text"
head -c 20000 /dev/urandom >"$work/noise"
for size in 1 100 255 256 319 320 321 511 512 513 768 1023 1024 1025 1792 2047 2048 2049 3000 3839 3903 3904 3905 4000 4095 4096 4097 4200 8191 8193 70000; do
	head -c $size "$work/text" >"$source/sizes/text-$size"
	head -c $size "$work/noise" >"$source/sizes/noise-$size"
	head -c $size /dev/zero >"$source/sizes/zero-$size"
done
for length in 1 60 400 500 900 2000 3900 4000 4080; do
	ln -s "$(head -c $length "$work/text" | tr '\n /' xyz)" "$source/links/$length"
done
for i in $(seq 300); do echo "$i" >"$source/wide/a-name-that-is-rather-long-for-what-it-is-$i"; done
for i in $(seq 40); do echo "setting $i = 1" >"$source/deep/er/still/$i.conf"; done
ln "$source/sizes/text-100" "$source/deep/linked"
cp "$source/sizes/text-3000" "$source/deep/with-xattrs"
if is_root && command -v setfattr >/dev/null; then
	setfattr -n user.large -v "$(head -c 1500 "$work/text" | tr '\n' ' ')" "$source/deep/with-xattrs"
	for file in "$source"/deep/er/still/*; do setfattr -n security.shared -v 'a label that many files have' "$file"; done
fi
find "$source" -exec touch -h -d @1500000000 {} +
"$tools/treegen" odd "$work/odd" 2>/dev/null || "$tools/treegen" --no-privileged odd "$work/odd" 2>/dev/null

# ---- all algorithms, all block sizes, pieces of a block and of more
number=0
pieces=(1 4 16)
algorithms=(lz4 lz4hc lzma deflate zstd)
sizes=(512 1024 2048 4096)
for bytes in "${sizes[@]}"; do
	for algorithm in "${algorithms[@]}"; do
		number=$((number + 1))
		# Each algorithm and each size has a turn; all together in the long run.
		[ "$LONG" ] || [ $(((number + number / 5) % 4)) = 1 ] || [ "$bytes$algorithm" = 4096zstd ] || continue
		form=-E48bit
		[ $((number % 3)) != 0 ] || form=-C8192
		round_trip "-z$algorithm -b$bytes -m$((bytes * pieces[number % 3])) $form" "$source" new "$FP_OPT" "-z$algorithm" "-b$bytes" \
			"-m$((bytes * pieces[number % 3]))" "$form"
	done
done
round_trip "no inline data" "$source" whole "$FP_OPT" -zzstd -m16K -Enoinline_data
round_trip "1 MiB pieces, extended inodes" "$source" new -zzstd -m1M -Eforce-inode-extended -E48bit --workers=0
round_trip "files as they are, metadata not" "$source" new "$FP_OPT" -m16384:zstd,9
round_trip "files by one algorithm, metadata by another" "$source" new "$FP_OPT" -zlz4 -m8192:lzma,level=6

round_trip "packed tails in it" "$source" none "$FP_OPT" -zlz4hc -C16384 -m16K -Eztailpacking
round_trip "packed tails in it, small blocks" "$source" none -zzstd -b1024 -C4096 -m4096 -Eztailpacking -Efull-index
round_trip "fragments beside it" "$source" none "$FP_OPT" -zzstd -C16384 -m16K -Efragments
round_trip "all in fragments beside it" "$source" none -zlz4 -m4096 -E48bit,all-fragments
round_trip "every kind of inode" "$work/odd" none "$FP_OPT" -zzstd -m4096 -E48bit
round_trip "every kind of inode, small blocks" "$work/odd" none -zlz4 -b512 -m2048 -x0

# ---- parts that are longer than what is made at once: the index of a long file, and one behind it
source=$work/long
mkdir -p "$source"
truncate -s 300M "$source/zeros"
cp "$work/text" "$source/a"
cp "$work/text" "$source/z"
for options in '-zlz4 -Efull-index -m4096' '-zlz4 -Efull-index -m512K' '-zdeflate -b512 -m512 -E48bit --extent-size=512'; do
	# shellcheck disable=SC2086
	check "$options: build" build $options && check "$options: fsck" "$FSCK" "$image"
	mounted_equals "$options" "$source" "$image"
done

# ---- directories that are larger in the metabox than the image is
source=$work/many
mkdir "$source" && : >"$source/file"
python3 - "$source" <<'END'
import os, sys
for i in range(100):
    os.mkdir('%s/%d' % (sys.argv[1], i))
    for j in range(30): os.link(sys.argv[1] + '/file', '%s/%d/%s%d' % (sys.argv[1], i, 'name-' * 15, j))
END
build -m128K:"$(built_with Zstandard && echo zstd || echo lz4)"
check "directories larger than the image: fsck" "$FSCK" "$image"
extracted_equals "directories larger than the image" "$source" "$image"
same "directories larger than the image: all paths" "$(find "$source" | wc -l)" "$("$DUMP" --ls -R "$image" | wc -l)"
check "directories larger than the image: --restamp" "$MKFS" --quiet --force --restamp "$work/restamped" "$image"

# ---- the same bytes from any number of workers, from a directory and from an archive
source=$work/s
for options in '-zzstd -E48bit -m4096' '-zdeflate -m1K -b1024' '-zlz4 -m64K'; do
	sums=
	for workers in 0 1 2 5; do
		# shellcheck disable=SC2086
		build "$FP_OPT" $options --workers=$workers && sums+="$(sha256sum <"$image" | cut -c1-64) "
	done
	same "$options: the same bytes from any number of workers" "4 1" "$(wc -w <<<"$sums") $(xargs -n1 <<<"$sums" | sort -u | wc -l)"
done
tar -C "$source/wide" -cf "$work/wide.tar" .
rm -f "$image" && check "an archive: build" "$MKFS" --quiet -T1 --mkfs-time -zzstd -m4096 --tar=f "$image" "$work/wide.tar"
check "an archive: fsck" "$FSCK" "$image"
extracted_equals "an archive" "$source/wide" "$image"

# ---- what is in it
build "$FP_OPT" -zzstd -E48bit -m16K
same "features" "48bit big_pcluster compr_cfgs lz4_0padding metabox xattr_prefixes" "$(features)"
same "oldest kernel" 6.17 "$(oldest)"
same "small files are plain" flat_inline "$(layout /sizes/text-3904)"
! is_root || same "... whatever stands beside them" flat_plain "$(layout /deep/with-xattrs)"
same "larger ones are not" compressed_full "$(layout /sizes/text-3905)"
summary=$("$MKFS" -T1 --mkfs-time --force -zzstd -m16K "$image" "$source" | sed -n 's/^  metabox: *//p')
same "the summary has the pieces" "$(metabox 3) pieces" "${summary##*in }"
if [ "$(metabox 2)" -lt "$(metabox 1)" ] && [ "$(metabox 3)" = $((($(metabox 1) + 16383) / 16384)) ]; then
	pass "dump.erofs: bytes, encoded bytes and pieces"
else
	fail "dump.erofs: $("$DUMP" -s "$image" | grep -i metabox)"
fi
same "JSON" "$(metabox 1) $(metabox 2) $(metabox 3)" \
	"$("$DUMP" --json -s "$image" | sed -n 's/.*"metabox": { "size": \([0-9]*\), "encoded": \([0-9]*\), "pieces": \([0-9]*\) }.*/\1 \2 \3/p')"

# ---- when there is one
build -zzstd --min-kernel=6.17 && has_metabox && pass "--min-kernel=6.17 has one" || fail "--min-kernel=6.17 has none"
size=$(stat -c %s "$image")
same "pieces are 128 KiB" $((($(metabox 1) + 131071) / 131072)) "$(metabox 3)"
build -zzstd --min-kernel=6.17 -m off && ! has_metabox && pass "-m off" || fail "-m off has one"
[ "$size" -lt "$(stat -c %s "$image")" ] && pass "it is smaller" || fail "$size bytes with it, $(stat -c %s "$image") without"
build -zzstd --min-kernel=6.16 && ! has_metabox && pass "--min-kernel=6.16 has none" || fail "--min-kernel=6.16 has one"
build --min-kernel=6.17 && ! has_metabox && pass "nothing is compressed: none" || fail "a plain image has one"
source=$work/tiny
mkdir -p "$source" && echo tiny >"$source/file"
build -zzstd --min-kernel=6.17 && ! has_metabox && pass "a single block stays as it is" || fail "a tiny image has one"
check "a tiny image: fsck" "$FSCK" "$image"
round_trip "a tiny image with one" "$source" new -zzstd -m4096

# ---- as a source: taken over it stays what it is, and an index points into it
source=$work/s
for options in '-zzstd -E48bit -m16K' '-zlz4 -m4096:deflate' '-m64K:lzma'; do
	# shellcheck disable=SC2086
	check "$options: a source" build "$FP_OPT" $options || continue
	mv "$image" "$work/before"
	check "$options: --restamp" "$MKFS" --quiet --restamp "$image" "$work/before"
	check "$options: --restamp, fsck" "$FSCK" --ishare "$image"
	mounted_equals "$options: --restamp" "$source" "$image"
	now="$(metabox 1) bytes in $(metabox 3) pieces"
	mv "$work/before" "$image"
	same "$options: --restamp keeps it" "$(metabox 1) bytes in $(metabox 3) pieces" "$now"
	check "$options: an index" "$MKFS" --quiet "$work/index" "$image"
	check "$options: the index, fsck" "$FSCK" --ishare "--device=$image" "$work/index"
	if can_mount; then
		device=$(losetup -f --show -r "$image") && loops+=("$device")
		mount_image "$work/index" "$work/mnt" "device=$device" && {
			check "$options: the index, mounted" "${compare[@]}" "$source" "$work/mnt"
			unmount "$work/mnt"
		}
		losetup -d "$device"
	fi
	rm -f "$work/index"
done
refused "an index has none" "-m: the metadata of an index" "$MKFS" --index -m4096:lz4 "$work/index" "$image"
refused "--restamp leaves what it is" "-m" "$MKFS" --restamp -m4096 "$work/index" "$image"

# ---- refused
source=$work/tiny
rejects() { # WHAT PATTERN ARGUMENTS...
	local what=$1 pattern=$2
	shift 2
	refused "$what" "$pattern" "$MKFS" "$@" "$work/refused" "$source"
	[ ! -e "$work/refused" ] || { fail "$what: left an image"; rm -f "$work/refused"; }
}
for value in 3000 0 2M 12288 x -1 4096,zstd 4096: 4096:none 4096:zstd:lz4 4096:zstd,99; do rejects "-m '$value'" "-m '$value': ." -zlz4 "-m$value"; done
rejects "less than a block" "-m 512: .*4096" -zlz4 -m512
rejects "nothing says how" "-m: files are not compressed.*-m 4096:zstd" -m4096
rejects "an older kernel" "no Linux before 6.17 reads a metabox.*6.16" -zlz4 -m4096 --min-kernel=6.16
rejects "an index of an archive" "-m: the metadata of an index" -m4096:lz4 --tar=i
rejects "LZ4 of too many blocks" "no more than 256" -zlz4 -b512 -m256K
rejects "--MZ=0" "--MZ=0: ." --MZ=0
rejects "--MZ=x" "--MZ='x'" --MZ=x
finish
