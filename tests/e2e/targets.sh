#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Where an image may go: files that callers hold open, files that exist, devices; and what is not overwritten without --force.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
small_tree "$work/s"
mkdir -m 777 "$work/o"
out=$work/o/image
"$MKFS" --quiet -T0 "$work/wanted" "$work/s" || fail "an image to compare with"
"$MKFS" --quiet -T0 -zlz4 --offset=0 "$work/large" "$top_srcdir/tests" || fail "a larger image"

# ---- an existing file keeps what it is; nothing of its content is left
exists() { # WHAT: $out, another name of it, a mode and an owner of their own
	rm -rf "${work:?}/o"/*
	: >"$out"
	ln "$out" "$work/o/other"
	chmod 640 "$out"
	if is_root; then chown 12:34 "$out"; fi
	[ "$1" = empty ] || cat "$1" >"$out"
	before=$(stat -c '%i %a %u:%g %h' "$out")
}
truncate -s 1M "$work/zeros"
for old in empty "$work/zeros" "$work/large" "$work/wanted"; do
	exists "$old"
	check "over ${old##*/}" "$MKFS" --quiet -T0 "$out" "$work/s"
	same "over ${old##*/}: inode, mode, owner, names" "$before" "$(stat -c '%i %a %u:%g %h' "$out")"
	check "over ${old##*/}: the image, and not a byte more" cmp "$out" "$work/wanted"
done
ln -s image "$work/o/link"
check "over a link" "$MKFS" --quiet -T0 "$work/o/link" "$work/s"
check "over a link: it stays one" test -L "$work/o/link"
check "over a link: the image" cmp "$out" "$work/wanted"

# Compressed, many tails, holes: all that asks whether the output is a file of its own.
for options in "-zlz4" "-zzstd -E48bit" "$FP_OPT -b512"; do
	rm -f "$work/o/new"
	# shellcheck disable=SC2086
	check "$options: new" "$MKFS" --quiet -T0 $options "$work/o/new" "$top_srcdir/tests"
	cat "$work/large" >"$out"
	# shellcheck disable=SC2086
	check "$options: over an image" "$MKFS" --quiet -T0 $options "$out" "$top_srcdir/tests"
	check "$options: the same" cmp "$out" "$work/o/new"
done

# ---- a failure behind the first byte leaves no superblock, and nothing old
refuses_image() { if [ "$(od -An -tx1 -j1024 -N4 "$1" 2>/dev/null | tr -d ' \n')" = e2e1f5e0 ]; then fail "$2: an image is left"; else pass "$2: no image is left"; fi; }
exists "$work/large"
refused "over an image, file size limit" "too large" bash -c 'ulimit -f 4; trap "" XFSZ; exec "$@"' bash "$MKFS" "$out" "$work/s"
refuses_image "$out" "over an image, file size limit"
same "over an image, file size limit: names" "$before" "$(stat -c '%i %a %u:%g %h' "$out")"
check "over what a failed build left" "$MKFS" --quiet -T0 "$out" "$work/s"
check "over what a failed build left: the image" cmp "$out" "$work/wanted"

# ---- files that callers hold open
rm -rf "${work:?}/o"/*
for name in /proc/self/fd/7 /dev/fd/7; do
	: >"$out"
	check "$name" bash -c 'exec 7<>"$1"; "$2" --quiet -T0 "$3" "$4"' - "$out" "$MKFS" "$name" "$work/s"
	check "$name: the image" cmp "$out" "$work/wanted"
	check "$name, deleted" bash -c ': >"$1"; exec 7<>"$1"; rm "$1"; "$2" --quiet -T0 "$3" "$4" && cmp /proc/self/fd/7 "$5" && ! test -e "$1"' - \
		"$out" "$MKFS" "$name" "$work/s" "$work/wanted"
done
check "standard output" bash -c '"$2" -T0 /dev/stdout "$3" >"$1"' - "$out" "$MKFS" "$work/s"
check "standard output: nothing but the image" cmp "$out" "$work/wanted"
rm -f "$out"
: >"$out"
refused "standard error" "message" bash -c '"$2" /proc/self/fd/7 "$3" 7<>"$1" 2>&7; status=$?; cat "$1" >&2; exit $status' - "$out" "$MKFS" "$work/s"
if command -v python3 >/dev/null; then
	check "memfd" python3 - "$MKFS" "$work/s" "$work/wanted" <<-'END'
		import os, subprocess, sys
		mkfs, source, wanted = sys.argv[1:]
		for fd in os.memfd_create("image", 0), os.open(os.environ.get("TMPDIR", "/tmp"), os.O_TMPFILE | os.O_RDWR, 0o600):
		    subprocess.run([mkfs, "--quiet", "-T0", f"/proc/self/fd/{fd}", source], pass_fds=[fd], check=True)
		    assert os.pread(fd, 1 << 30, 0) == open(wanted, "rb").read()
	END
else
	skip "memfd: no python3"
fi
if is_root && as_nobody "$MKFS" --version >/dev/null 2>&1; then
	rm -f "$out"
	mkdir "$work/closed"
	: >"$work/closed/image"
	chmod 666 "$work/closed/image"
	check "a writable file in a folder that is not" as_nobody "$MKFS" --quiet -T0 "$work/closed/image" "$work/s"
	check "a writable file in a folder that is not: the image" cmp "$work/closed/image" "$work/wanted"
	# Opened by somebody who may.
	: >"$out"
	chmod 600 "$out"
	exec 7<>"$out"
	check "a file that only its descriptor gives access to" as_nobody "$MKFS" --quiet -T0 /proc/self/fd/7 "$work/s"
	exec 7>&-
	check "a file that only its descriptor gives access to: the image" cmp "$out" "$work/wanted"
	exec 7>"$out"
	refused "a descriptor that is open for writing only" "permission denied" as_nobody "$MKFS" --quiet -T0 /proc/self/fd/7 "$work/s"
	exec 7>&-
	# The shell opens nothing for reading and appending at once.
	if command -v python3 >/dev/null; then
		appending() {
			python3 -c 'import os, sys; os.dup2(os.open(sys.argv[1], os.O_RDWR | os.O_APPEND), 7); os.execvp(sys.argv[2], sys.argv[2:])' "$out" "$@"
		}
		refused "a descriptor that appends" "permission denied" appending setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$MKFS" --quiet -T0 /proc/self/fd/7 "$work/s"
		same "a descriptor that appends: nothing is written" 0 "$(stat -c %s "$out")"
	else
		skip "a descriptor that appends: no python3"
	fi
	rm -f "$out"
	: >"$out"
	: >"$work/bound"
	if mount --bind "$work/bound" "$out" 2>/dev/null; then
		mounts+=("$out")
		check "a bind-mounted file" "$MKFS" --quiet -T0 "$out" "$work/s"
		check "a bind-mounted file: the image" cmp "$work/bound" "$work/wanted"
		unmount "$out"
	else
		skip "no bind mounts"
	fi
else
	skip "other users' files, bind mounts: need root and a build directory open to others"
fi

# ---- other data: refused, untouched, and overwritten with --force
guarded() { # WHAT FILE ARGUMENTS...
	local what=$1 file=$2
	shift 2
	cp --sparse=always "$file" "$work/kept"
	refused "$what" "${file##*/}.*holds.*--force" "$MKFS" "$@" "$file" "$work/s"
	check "$what: untouched" cmp "$file" "$work/kept"
	check "$what, --force" "$MKFS" --quiet --force "$@" "$file" "$work/s"
}
rm -rf "${work:?}/o"/*
echo "all my notes" >"$work/o/notes.txt"
guarded "a text file" "$work/o/notes.txt"
tar -cf "$work/o/a.tar" -C "$work/s" .
guarded "an archive" "$work/o/a.tar"
tar -czf "$work/o/a.tgz" -C "$work/s" .
guarded "a compressed archive" "$work/o/a.tgz"
check "--force: the image" "$FSCK" "$work/o/a.tgz"
refused "archive and image in the wrong order" "." "$MKFS" --tar=f "$work/s/hello" "$out"
refused "a source file for an image" "holds" "$MKFS" "$work/s/hello" "$work/s/dir"
same "a source file for an image: untouched" hello "$(cat "$work/s/hello")"
truncate -s 1M "$work/o/late"
printf '_BHRfS_M' | dd of="$work/o/late" bs=1 seek=65600 conv=notrunc status=none
guarded "a signature behind zeros" "$work/o/late"
head -c 3000000 /dev/urandom >"$work/o/disk"
guarded "data at an offset" "$work/o/disk" --offset=1048576
head -c 1048576 /dev/urandom >"$work/o/disk"
truncate -s 3M "$work/o/disk"
cp "$work/o/disk" "$work/before"
check "zeros at an offset" "$MKFS" --quiet --offset=1048576 "$work/o/disk" "$work/s"
check "again at the offset" "$MKFS" --quiet --offset=1048576 "$work/o/disk" "$work/s/dir"
check "at an offset: what stands before" cmp -n 1048576 "$work/o/disk" "$work/before"
same "at an offset: the file's size" 3145728 "$(stat -c %s "$work/o/disk")"
check "an offset behind the end" "$MKFS" --quiet --offset=4194304 "$work/o/disk" "$work/s"
check "an offset behind the end: fsck" "$FSCK" --offset=4194304 "$work/o/disk"

# ---- devices
if is_root && command -v mkfs.ext4 >/dev/null && command -v sfdisk >/dev/null && losetup -f >/dev/null 2>&1; then
	device() { # a new $loop
		rm -f "$work/disk"
		truncate -s 32M "$work/disk"
		loop=$(losetup -f --show "$work/disk") && loops+=("$loop")
	}
	mkfs_ext4() { mkfs.ext4 -q "$loop" 2>/dev/null; }
	partitions() { echo "2048,,L" | sfdisk -q "$loop" 2>/dev/null; }
	gpt() { printf 'label: gpt\n2048,,L\n' | sfdisk -q "$loop" 2>/dev/null; }
	swap() { mkswap "$loop" >/dev/null 2>&1; }
	for holds in mkfs_ext4 partitions gpt swap; do
		device
		$holds || { skip "a device with $holds"; losetup -d "$loop"; continue; }
		type=$(blkid -p -o export "$loop" | sed -nE 's/^(PT)?TYPE=//p' | head -n 1)
		cp --sparse=always "$loop" "$work/kept"
		if "$MKFS" --version | grep -q libblkid; then
			refused "a device with $holds" "${loop##*/}.*holds.*$type.*--force" "$MKFS" "$loop" "$work/s"
		else
			refused "a device with $holds" "${loop##*/}.*holds.*--force" "$MKFS" "$loop" "$work/s"
		fi
		check "a device with $holds: untouched" cmp "$loop" "$work/kept"
		check "a device with $holds, --force" "$MKFS" --quiet --force "$loop" "$work/s"
		check "a device with $holds, --force: fsck" "$FSCK" "$loop"
		if "$MKFS" --version | grep -q libblkid; then
			same "a device with $holds, --force: nothing else is found" "erofs " \
				"$(blkid -p -o export "$loop" | sed -nE 's/^(PT)?TYPE=//p' | tr '\n' ' ')"
		fi
		losetup -d "$loop"
	done
	device
	if "$MKFS" --version | grep -q libblkid; then
		head -c 32M /dev/urandom >"$loop"
		# Not what urandom may look like, once in a long time.
		dd if=/dev/zero of="$loop" bs=4096 count=1 conv=notrunc status=none
		check "a device with leftovers" "$MKFS" --quiet "$loop" "$work/s"
	fi
	check "a device with an image" "$MKFS" --quiet "$loop" "$work/s"
	if mount -t erofs -o ro "$loop" "$work/mnt" 2>/dev/null || { mkdir -p "$work/mnt" && mount -t erofs -o ro "$loop" "$work/mnt"; }; then
		mounts+=("$work/mnt")
		refused "a device that is mounted" "busy" "$MKFS" --quiet "$loop" "$work/s"
		refused "a file whose loop device is mounted" "mounted" "$MKFS" --quiet "$work/disk" "$work/s"
		refused "a file whose loop device is mounted, --force" "mounted" "$MKFS" --quiet --force "$work/disk" "$work/s"
		unmount "$work/mnt"
	else
		skip "mounted images: cannot mount here"
	fi
	losetup -d "$loop"
	check "the file, when it is mounted no more" "$MKFS" --quiet "$work/disk" "$work/s"
else
	skip "devices: need root, loop devices, mkfs.ext4, sfdisk"
fi
finish
