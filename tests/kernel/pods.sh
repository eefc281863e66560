# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# Many pods of one image, and mount.erofs on a kernel that shares. Sourced after tests.sh.

# A small root, and the images as files of an ext4 with fs-verity: what lies on the guest's tmpfs, the kernel does not mount.
make_pods() {
	local number
	mkdir -p pod/usr/lib files
	for number in $(seq 12); do head -c $((900000 + number * 10007)) /dev/urandom >"pod/usr/lib/$number"; done
	cp -r pod/usr pod/again
	build_image pod pod "$FP_OPT"
	build_image pod-bare pod
	make_liars
	cp true.img true2.img
	build_image sealed true "$FP_OPT" --verity
	cp pod.img pod-bare.img true.img true2.img poisoned.img files/
	make_thin
	rm -f files.img
	truncate -s 256M files.img
	mkfs.ext4 -q -b 4096 -O verity,^has_journal -d files files.img
}

# Two containers of different layers with files in common: indexes of two layers each, of which none is the other's. What
# one of them has in common lies in a layer without fingerprints, so that the index has them computed.
make_thin() {
	local number name
	mkdir -p thin/base-1 thin/base-2 thin/app-1 thin/app-2
	for number in $(seq 6); do head -c $((700000 + number * 9001)) /dev/urandom >"thin/base-1/$number"; done
	cp thin/base-1/[1-4] thin/base-2/
	for number in 1 2; do
		seq "$number" 90000 >"thin/base-$number/own"
		seq 1 50000 >"thin/app-$number/tool"
		head -c 500000 /dev/urandom >"thin/app-$number/own-$number"
	done
	for name in base-1 app-1 app-2; do build_image "$name" "thin/$name" "$FP_OPT" -Enoinline_data; done
	build_image base-2 thin/base-2
	"$MKFS" --quiet thin-1.img base-1.img app-1.img
	"$MKFS" --quiet "$FP_OPT" thin-2.img base-2.img app-2.img
	for name in base-1 app-1 base-2 app-2; do cp "$name.img" "files/$(sha256sum <"$name.img" | cut -d' ' -f1).erofs"; done
	cp thin-1.img thin-2.img files/
}

# What dm-verity's table says of an image with a tree, behind its two devices.
seal_words() { # IMAGE
	python3 -c 'import json, sys; tree = json.load(open(sys.argv[1])); blocks = tree["hashoffset"] // 4096
print(4096, 4096, blocks, blocks + 1, "sha256", tree["roothash"], "0" * 64)' "$1.img.dmverity"
}

can_seal() { command -v dmsetup >/dev/null && [ -e "$kernel/modules/dm_verity.ko" ]; }

# Two devices over one disk are two file systems; the third lets wrong blocks through.
sealed_job() {
	local sealed
	sealed=$(seal_words sealed)
	cat <<-END
		seal strict sealed $sealed
		seal strict2 sealed $sealed
		seal loose sealed $sealed 1 ignore_corruption
		helped sealed /dev/dm-0 /dev/dm-1
		helped loose /dev/dm-2 /dev/dm-1
	END
}

pods_job() {
	cat <<-END
		grow pods:disk read pod pod pod pod
		mount_files
		grow pods:block read loop/pod loop/pod loop/pod loop/pod
		grow pods:block-shared read loop/pod:d loop/pod:d loop/pod:d loop/pod:d
		grow pods:bare read loop/pod-bare:d loop/pod-bare:d loop/pod-bare:d loop/pod-bare:d
		grow pods:file read file/pod file/pod file/pod file/pod
		grow pods:file-shared read file/pod:d file/pod:d file/pod:d file/pod:d
		grow thin:file read file/thin-1 file/thin-2
		grow thin:file-shared read file/thin-1:d file/thin-2:d
		grow thin:disk read thin-1+base-1+app-1 thin-2+base-2+app-2
		grow thin:disk mmap thin-1+base-1+app-1 thin-2+base-2+app-2
		grow thin:shared read thin-1+base-1+app-1:d thin-2+base-2+app-2:d
		grow thin:shared mmap thin-1+base-1+app-1:d thin-2+base-2+app-2:d
		helped file /files/true.img /files/true2.img
		helped loop /files/true.img /files/true2.img backing=loop
		helped again /files/true.img /files/true2.img
		helped poisoned /files/true.img /files/poisoned.img
		helped block true true2
	END
	! can_seal || sealed_job
}

# What the report foretells for as many copies.
predicted_copies() { # IMAGE COPIES
	"$DUMP" --ishare-report --json "--copies=$2" "$work/$1.img" | sed -n 's/.*"total": {.*"saved_page_bytes": \([0-9]*\).*/\1/p'
}

expect_helped() { # LABEL MOUNTED RESIDENT WORDS
	same "mount.erofs, $1: mounted, shared pages" "$2 $3" "$(reported "helped $1" mounted) $(reported "helped $1" resident)"
	same "... and said" "$4" "$(reported "helped $1" said)"
}

# Linux has one file system for a block device, however often it is mounted, and so the pages once.
expect_one_disk() {
	local bytes pages
	bytes=$(($(reported "grow pods:disk:read" cached) * 1024)) pages=$(page_bytes pod)
	if [ $((bytes - pages)) -ge 0 ] && [ $((bytes - pages)) -le $((pages / 50)) ]; then
		pass "pods: one disk mounted 4 times takes $bytes bytes, all its pages are $pages"
	else
		fail "pods: one disk mounted 4 times takes $bytes bytes, all its pages are $pages"
	fi
}

test_pods() {
	local predicted saved
	command -v mkfs.ext4 >/dev/null || { skip "pods: mkfs.ext4 is not installed"; return; }
	make_pods || { fail "pods: images" && return; }
	pods_job >job
	programs=("$MOUNT" "$UMOUNT")
	! can_seal || programs+=("$(command -v dmsetup)")
	boot pods 1024 600 job pod true true2 sealed thin-1 thin-2 base-1 base-2 app-1 app-2 files || return
	programs=()
	# Debian's cloud kernels have ext4 built in.
	[ "$(reported error what)" != files ] || { skip "pods: no ext4 for the guest"; return; }
	tested=1
	predicted=$(predicted_copies pod 4)
	same "pods: the prediction for 4 copies is that of 4 images" "$((4 * $(page_bytes pod) - $(shared_bytes pod)))" "$predicted"
	saving pods "4 mounts of one image, block" pods:block pods:block-shared read "$predicted"
	saving pods "4 mounts of one image, file-backed" pods:file pods:file-shared read "$predicted"
	expect_one_disk
	saving pods "4 mounts of one image without fingerprints" pods:block pods:bare read "$(predicted_copies pod-bare 4)"
	predicted=$(($(page_bytes thin-1 thin-2) - $(shared_bytes thin-1 thin-2)))
	same "thin images: the report's prediction" "$predicted" "$("$DUMP" --ishare-report --json thin-1.img thin-2.img |
		sed -n 's/.*"total": {.*"saved_page_bytes": \([0-9]*\).*/\1/p')"
	check "thin images: there is something to save" test "$predicted" -gt 2500000
	saving pods "2 indexes over different layers" thin:disk thin:shared read "$predicted"
	saving pods "2 indexes over different layers" thin:disk thin:shared mmap "$predicted"
	# What is there already is not read from the second one's layers, which ext4 would keep, too.
	saved=$((1024 * ($(reported "grow thin:file:read" cached) - $(reported "grow thin:file-shared:read" cached))))
	check "pods: 2 indexes from files save $saved bytes, the files' $predicted and those of their layers" \
		test "$saved" -ge "$predicted" -a "$saved" -le $((2 * predicted + 65536))
	# The second is another file of the same bytes, and so of the same digest.
	expect_helped file yes,yes 245 verified,verified-before
	expect_helped loop yes,yes 245 verified-before,verified-before
	expect_helped again yes,yes 245 verified-before,verified-before
	expect_helped poisoned yes,no '' verified-before,fingerprint
	expect_helped block yes,yes 245 verified,verified
	if can_seal; then
		expect_helped sealed yes,yes 245 verified,verified-before
		expect_helped loose yes,yes 245 verified,verified-before
	else skip "mount.erofs on dm-verity: dmsetup is not installed, or the kernel has no dm-verity"
	fi
	rm -rf pod thin files true forged ./*.img ./*.prints
}
