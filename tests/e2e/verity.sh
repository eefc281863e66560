#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# --verity and --fsalignblks: hash trees against hashlib, veritysetup and, where it is there, dm-verity; what failures leave.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
need_root
PATH=$PATH:/usr/sbin:/sbin
veritysetup=$(command -v veritysetup) || skip "no veritysetup: trees are compared with hashlib only"

# The tree and its superblock once more, from the words of the format: exit status, the root hash on stdout.
cat >again.py <<'END'
import hashlib, json, struct, sys
image, root, at = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = open(image, "rb").read()
if data[at:at + 8] != b"verity\0\0": sys.exit("no superblock at %d" % at)
version, kind = struct.unpack_from("<II", data, at + 8)
size, hashes, blocks, salted = struct.unpack_from("<IIQH", data, at + 64)
digest = lambda block: hashlib.sha256(bytes(32) + block).digest()
if (version, kind, data[at + 32:at + 64].rstrip(b"\0"), salted) != (1, 1, b"sha256", 32): sys.exit("another kind")
if any(data[at + 88:at + size]) or size != hashes or blocks * size != at or not any(data[at + 16:at + 32]): sys.exit("another superblock")
level, levels = [data[i:i + size] for i in range(0, at, size)], []
while len(level) > 1:
    digests = b"".join(map(digest, level))
    level = [digests[i:i + size].ljust(size, b"\0") for i in range(0, len(digests), size)]
    levels.insert(0, b"".join(level))
if digest(level[0]).hex() != root: sys.exit("root hash %s" % digest(level[0]).hex())
if data[at + size:] != b"".join(levels): sys.exit("another tree")
END
read_sidecar() { # IMAGE: root and offset
	root=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["roothash"])' "$1.dmverity")
	at=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["hashoffset"])' "$1.dmverity")
}
verified() { # WHAT IMAGE
	read_sidecar "$2"
	same "$1: sidecar" "$(printf '{\n  "roothash": "%s",\n  "hashoffset": %s\n}' "$root" "$at")" "$(cat "$2.dmverity")"
	check "$1: tree" python3 again.py "$2" "$root" "$at"
	check "$1: fsck" "$FSCK" "$2"
	[ "$veritysetup" ] || return
	check "$1: veritysetup" "$veritysetup" verify "--hash-offset=$at" "$2" "$2" "$root"
}

small_tree tree
seq 1 200000 >tree/long
mkdir empty
tar -C tree -cf tree.tar .
gzip -k tree.tar
make=("$MKFS" --quiet --verity -T1)
check "directory" "${make[@]}" dir.img tree && verified directory dir.img
check "plain image" "$MKFS" --quiet -T1 plain.img tree
check "the image is the one without a tree" cmp -n "$at" dir.img plain.img
same "the tree begins where the image ends" "$(stat -c %s plain.img)" "$at"
printf x | dd of=dir.img bs=1 seek=9000 conv=notrunc status=none
check_not "a changed byte shows" python3 again.py dir.img "$root" "$at"
[ "$veritysetup" ] && check_not "a changed byte shows to veritysetup" "$veritysetup" verify "--hash-offset=$at" dir.img dir.img "$root"
if [ "$veritysetup" ]; then
	cp plain.img theirs.img
	uuid=$("$veritysetup" dump "--hash-offset=$at" dir.img | sed -n 's/^UUID:[[:space:]]*//p')
	"$veritysetup" format "--hash-offset=$at" "--uuid=$uuid" --salt="$(printf '%064d' 0)" theirs.img theirs.img >theirs.said
	"${make[@]}" ours.img tree
	check "veritysetup format makes the same bytes" cmp ours.img theirs.img
fi

# ---- every way in, every block size ----------------------------------------------------------------------------------------------

check "one block" "${make[@]}" one.img empty && verified "one block" one.img
for bits in 512 1024 2048; do check "-b$bits" "${make[@]}" -b$bits b.img tree && verified "-b$bits" b.img; done
check "archive" "${make[@]}" --tar=f tar.img tree.tar && verified archive tar.img
check "pipe" bash -c 'cat tree.tar.gz | "$@"' - "${make[@]}" --tar=f pipe.img && verified pipe pipe.img
check "index" "${make[@]}" --tar=i index.img tree.tar && verified index index.img
check "image" "${make[@]}" again.img plain.img && verified image again.img
check "restamp" "$MKFS" --quiet --verity --restamp restamped.img plain.img && verified restamp restamped.img
check "layout" python3 "$top_srcdir/tests/e2e/oci_images.py" layout layout plain tree.tar
check "container image" "${make[@]}" --oci=layout oci.img && verified "container image" oci.img
check "layers" "${make[@]}" --oci=layout,layers=each each && verified layers each/sha256-*.erofs
same "the list has the root hash" "$root $at" "$(python3 -c 'import json; x = json.load(open("each/layers.json"))["layers"][0]; print(x["roothash"], x["hashoffset"])')"
built_with LZ4 && check "compressed" "${make[@]}" -zlz4 lz4.img tree && verified compressed lz4.img
for workers in 0 1 4; do
	check "$workers workers" "${make[@]}" --no-fsync --workers=$workers workers.img tree && check "$workers workers: same bytes" cmp workers.img ours.img
	rm -f workers.img*
done

# ---- targets ----------------------------------------------------------------------------------------------------------------------

head -c 3000000 /dev/zero >target.img
check "existing target" "${make[@]}" target.img tree && verified "existing target" target.img
check "again, smaller" "${make[@]}" target.img empty && verified "again, smaller" target.img
"$MKFS" --verity -T1 --offset=4096 behind.img empty >said
same "behind an offset: the root hash is printed" "$root (dm-verity, at $at)" "$(sed -n 's/^  root hash: *//p' said)"
[ ! -e behind.img.dmverity ] && pass "behind an offset: no sidecar" || fail "behind an offset: a sidecar"
check "standard output" bash -c '"$@" >stdout.img' - "${make[@]}" /dev/stdout tree
check "standard output: tree" cmp stdout.img ours.img
head -c 20000000 /dev/urandom >disk && printf '%01024d' 0 | dd of=disk conv=notrunc status=none
if loop=$(losetup -f --show disk 2>/dev/null); then
	loops+=("$loop")
	check "device" "${make[@]}" --force "$loop" tree
	read_sidecar ours.img
	check "device: same bytes" cmp -n "$(stat -c %s ours.img)" "$loop" ours.img
	[ ! -e "$loop.dmverity" ] && pass "device: no sidecar" || { fail "device: a sidecar"; rm -f "$loop.dmverity"; }
	if grep -qw device-mapper /proc/devices /proc/misc 2>/dev/null && [ "$veritysetup" ] &&
		"$veritysetup" open "--hash-offset=$at" "$loop" erofs-test-verity "$loop" "$root" 2>/dev/null; then
		mkdir -p mnt && check "dm-verity: mount" mount -t erofs -o ro /dev/mapper/erofs-test-verity mnt &&
			check "dm-verity: content" cmp mnt/long tree/long && umount mnt
		"$veritysetup" close erofs-test-verity
	else skip "dm-verity: this kernel has no device mapper, or no verity target"; fi
else skip "no loop devices"; fi

# ---- alignment ----------------------------------------------------------------------------------------------------------------------

for blocks in 1 2 77 512; do
	check "--fsalignblks=$blocks" "$MKFS" --quiet -T1 --fsalignblks=$blocks aligned.img tree
	same "--fsalignblks=$blocks: size" 0 $(($(stat -c %s aligned.img) % (blocks * 4096)))
	same "--fsalignblks=$blocks: blocks of the superblock" $(($(stat -c %s aligned.img) / 4096)) "$("$DUMP" -s aligned.img | sed -n 's/^Filesystem blocks: *//p')"
	check "--fsalignblks=$blocks: fsck" "$FSCK" aligned.img
done
check "aligned, with a tree" "${make[@]}" --fsalignblks=77 aligned.img tree && verified "aligned, with a tree" aligned.img
same "aligned, with a tree: where it begins" 0 $((at % (77 * 4096)))
if can_mount; then
	mount_image aligned.img mnt && check "aligned, with a tree: mounted" diff -r tree mnt && unmount mnt
else skip "cannot mount here"; fi
refused "--fsalignblks=0" "from 1" "$MKFS" --fsalignblks=0 no.img tree
refused "--fsalignblks beyond all blocks" "2\^32" "$MKFS" -T1 --fsalignblks=4294967295 no.img tree

# ---- failures -----------------------------------------------------------------------------------------------------------------------

nothing_left() { # WHAT DIR
	same "$1: nothing is left" "" "$(ls -A "$2")"
}
mkdir full && mount -t tmpfs -o size=$(($(stat -c %s plain.img) + 4096)) tmpfs full && mounts+=("$work/full")
check "fits without a tree" "$MKFS" --quiet -T1 full/i tree && rm -f full/i
refused "no room for the tree" "No space" "${make[@]}" full/i tree
nothing_left "no room for the tree" full
"$MKFS" --quiet -T1 full/i empty
refused "no room for the tree, in place" "No space" "${make[@]}" full/i tree
check_not "... and no image" "$FSCK" full/i
same "... and no sidecar" i "$(ls -A full)"
mkdir blocked blocked/i.dmverity
refused "no sidecar" "i.dmverity" "${make[@]}" blocked/i tree
same "no sidecar, no image" i.dmverity "$(ls -A blocked)"
finish
