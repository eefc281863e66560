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
	cp pod.img pod-bare.img true.img true2.img poisoned.img files/
	rm -f files.img
	truncate -s 256M files.img
	mkfs.ext4 -q -b 4096 -O verity,^has_journal -d files files.img
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
		helped file /files/true.img /files/true2.img
		helped loop /files/true.img /files/true2.img backing=loop
		helped again /files/true.img /files/true2.img
		helped poisoned /files/true.img /files/poisoned.img
		helped block true true2
	END
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
	local predicted
	command -v mkfs.ext4 >/dev/null || { skip "pods: mkfs.ext4 is not installed"; return; }
	make_pods || { fail "pods: images" && return; }
	pods_job >job
	programs=("$MOUNT" "$UMOUNT")
	boot pods 1024 600 job pod true true2 files || return
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
	# The second is another file of the same bytes, and so of the same digest.
	expect_helped file yes,yes 245 verified,verified-before
	expect_helped loop yes,yes 245 verified-before,verified-before
	expect_helped again yes,yes 245 verified-before,verified-before
	expect_helped poisoned yes,no '' verified-before,fingerprint
	expect_helped block yes,yes 245 verified,verified
	rm -rf pod files true forged ./*.img ./*.prints
}
