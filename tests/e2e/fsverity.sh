#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Fingerprints by fs-verity, against `fsverity digest`, from every kind of source and in every layout; what dump, fsck and the
# report say of them.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$DUMP" "$FSCK"
command -v fsverity >/dev/null || skip_all "fsverity is not installed"
fp=--ishare-fingerprint=fsverity

mkdir -p s/dir
for size in 0 1 4095 4096 4097 $((127 * 4096)) $((128 * 4096 - 1)) $((128 * 4096)) $((128 * 4096 + 1)) $((129 * 4096)) 3145728; do
	head -c "$size" /dev/urandom >"s/random-$size"
done
seq 1 700000 | head -c 3145729 >s/text
cp s/text s/dir/equal
ln s/text s/dir/linked
# 128 x 128 blocks and more, most of them zeros.
truncate -s 70000001 s/sparse
echo x | dd of=s/sparse bs=1 seek=30000000 conv=notrunc status=none
truncate -s 5000 s/hole
head -c 9000 /dev/zero >s/zeros
want=$(cd s && find . -type f ! -empty -print0 | xargs -0 fsverity digest | sort)

# judge WHAT IMAGE [DEVICE]
judge() {
	local device=()
	[ $# = 2 ] || device=("--device=$3")
	same "$1: as fsverity digest" "$want" "$("$DUMP" "${device[@]}" --fingerprints=fsverity "$2" 2>"$work/.err" | sort)"
	check "$1: fsck --ishare" "$FSCK" --ishare "${device[@]}" "$2"
}
build() { # WHAT IMAGE ARGUMENTS...
	check "$1: built" "$MKFS" --quiet "$fp" "${@:3}"
}

for workers in 0 3; do
	build "directory, $workers workers" image-$workers -T1 --workers=$workers image-$workers s
	judge "directory, $workers workers" image-$workers
done
check "the same image for any number of workers" cmp image-0 image-3
while read -r name codec options; do
	[ "$codec" = - ] || built_with "$codec" || { skip "$name: built without $codec"; continue; }
	# shellcheck disable=SC2086
	build "$name" image $options image s
	judge "$name" image
done <<-END
	blocks-of-512 - -b512
	no-tails - -Enoinline_data
	lz4 LZ4 -zlz4 -C65536
	zstd-extents Zstandard -zzstd -E48bit
END
tar --format=pax -C s -cf tar .
build "archive" image --tar=f image tar
judge "archive" image
"$MKFS" --quiet "$fp" --tar=f image <tar
judge "archive from a pipe" image
if built_with libdeflate; then
	gzip -1 <tar >tar.gz
	build "packed archive" image --tar=f image tar.gz
	judge "packed archive" image
fi
build "index of an archive" image --tar=i image tar
judge "index of an archive" image tar
if command -v python3 >/dev/null; then
	python3 "$top_srcdir/tests/e2e/oci_images.py" layout layout plain tar || exit 99
	build "container image" image --oci=layout image
	judge "container image" image
else
	skip "no python3: container image"
fi
"$MKFS" --quiet "$FP_OPT" other s
build "an image" image --clean=data image other
judge "an image" image
build "index of an image" image --index image other
judge "index of an image" image other
build "restamp" image --restamp image other
judge "restamp" image
if built_with LZ4; then
	"$MKFS" --quiet -zlz4 -C65536 packed s
	build "restamp, compressed" image --restamp image packed
	judge "restamp, compressed" image
fi

# What the kernel shows, and what is said.
raw=$(fsverity digest --compact s/text)
same "the value" "$(printf 'fsverity-sha256-4096:' | od -An -v -tx1 | tr -d ' \n')$raw" \
	"$("$DUMP" --json --path=/text image-0 | grep -o '"value_hex": "[0-9a-f]*"' | cut -d'"' -f4)"
check "the table names the algorithm" bash -c '"$1" --fingerprints image-0 | grep -q "^fsverity-sha256-4096:$2 "' - "$DUMP" "$raw"
check "the manifest does" bash -c '"$1" --fingerprints=json image-0 | grep -q "\"algorithm\": \"fsverity-sha256-4096\""' - "$DUMP"
refused "sha256sum lines of them" 'not sha256' "$DUMP" --fingerprints=sha256sum image-0
refused "fsverity lines of others" 'not fsverity' "$DUMP" --fingerprints=fsverity other
if can_mount && mount_image "$work/image-0" "$work/mnt"; then
	same "mounted" "667376657269" "$(getfattr --absolute-names -e hex -n "$FP_NAME" --only-values "$work/mnt/text" | od -An -v -tx1 -N6 | tr -d ' \n')"
	same "... the digest of what is read there" "$raw" "$(fsverity digest --compact "$work/mnt/text")"
	unmount "$work/mnt"
fi
cp image-0 forged
at=$(grep -obUaF 'fsverity-sha256-4096:' forged | head -n 1 | cut -d: -f1)
printf '\377\377\377\377' | dd of=forged bs=1 seek=$((at + 30)) conv=notrunc status=none
refused "a forged one" 'does not match its fingerprint' "$FSCK" --ishare forged

# Different algorithms never share, and the report says so.
report() { "$DUMP" --ishare-report "$@"; }
said='Fingerprints of several algorithms'
same "one algorithm: nothing to say" 0 "$(report image-0 image-3 | grep -c "$said")"
same "two: it is said" 1 "$(report image-0 other image-3 | grep -c "$said")"
same "... in how many images there are which" "1 image with sha256, 2 images with fsverity-sha256-4096" \
	"$(report image-0 other image-3 | grep -A 2 "$said" | tail -n 2 | sed 's/^ *//' | paste -sd, | sed 's/,/, /')"
"$DUMP" --fingerprints=json other >other.json
check "... of manifests, too" bash -c '"$1" --ishare-report image-0 other.json | grep -q "$2"' - "$DUMP" "$said"
check "... as JSON" bash -c '"$1" --ishare-report --json image-0 other | tr -d " \n" | grep -q "\"algorithms\":\[\"sha256\",\"fsverity-sha256-4096\"\]"' - "$DUMP"
check "... on the page" bash -c '"$1" --ishare-report --html=page image-0 other >/dev/null && grep -q "id=algorithms" page' - "$DUMP"
saved() { report --json "$@" | sed -n 's/.*"total": {.*"saved_page_bytes": \([0-9]*\).*/\1/p'; }
same "... and nothing is shared between them" "$(($(saved image-0) + $(saved other)))" "$(saved image-0 other)"
refused "an unknown algorithm" 'sha256, sha512, fsverity or none' "$MKFS" --ishare-fingerprint=fsverity-sha512 none s
finish
