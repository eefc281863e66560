#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What bad input gets: one clear line, a non-zero exit, and nothing left behind.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
small_tree "$work/s"
mkdir -m 777 "$work/o"
out=$work/o/image

# rejects WHAT PATTERN ARGUMENTS...: mkfs refuses, and the output directory stays empty.
rejects() {
	local what=$1 pattern=$2
	shift 2
	refused "$what" "$pattern" "$MKFS" "$@"
	nothing_left "$what"
}
nothing_left() {
	local left
	left=$(ls -A "$work/o")
	[ -z "$left" ] || { fail "$1: leaves $left"; rm -rf "${work:?}"/o/* "$work"/o/.[!.]*; }
}

# ---- the command line
rejects "no arguments" "usage|missing|expected|no output"
rejects "no source" "source|missing|usage|expected" "$out"
rejects "unknown option" "no-such-option" --no-such-option "$out" "$work/s"
rejects "unknown short option" "'?-?Q|option" -Q "$out" "$work/s"
rejects "option without its value" "-?U|requires|argument" "$out" "$work/s" -U
for value in 1000 256 8192 16384 0 abc '' 4096x -4096 99999999999999999999; do
	rejects "-b '$value'" "block size|-b" -b "$value" "$out" "$work/s"
done
for value in abc '' 1.5 12x 99999999999999999999 --; do
	rejects "-T '$value'" "time|-T" "-T$value" "$out" "$work/s"
done
for value in xyz 1234 '' 00112233-4455-6677-8899-aabbccddeeff0 00112233-4455-6677-8899-aabbccddeefg; do
	rejects "-U '$value'" "uuid|-U" -U "$value" "$out" "$work/s"
done
rejects "-L with 16 bytes" "label|volume|-L" -L 0123456789abcdef "$out" "$work/s"
for value in abc '' -2 99999999999 1x; do
	rejects "-x '$value'" "-x|shar" -x "$value" "$out" "$work/s"
done
for value in '' md5 sha256x SHA1 ,name=trusted.x sha256,name= sha256,color=red "sha256,name=trusted.$(printf '%0300d' 0)" "sha256,"; do
	rejects "--ishare-fingerprint=${value:0:30}" "fingerprint" "--ishare-fingerprint=$value" "$out" "$work/s"
done
for value in abc '' -1 1x 99999999999; do
	rejects "--workers='$value'" "workers" "--workers=$value" "$out" "$work/s"
done
for value in abc '' -1; do
	rejects "--offset='$value'" "offset" "--offset=$value" "$out" "$work/s"
	rejects "--force-uid='$value'" "uid" "--force-uid=$value" "$out" "$work/s"
done
rejects "-E garbage" "garbage" -Egarbage "$out" "$work/s"
rejects "bad regular expression" "regex|expression|\\[" '--exclude-regex=[' "$out" "$work/s"
refused "SOURCE_DATE_EPOCH=garbage" "SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=garbage "$MKFS" "$out" "$work/s"
nothing_left "SOURCE_DATE_EPOCH=garbage"

# ---- wrong turns: what was meant
mkdir "$work/into" && : >"$work/into/mine"
refused "arguments the wrong way round" "image comes first.*'$work/o/i' '$work/into'" "$MKFS" "$work/into" "$work/o/i"
refused "arguments the wrong way round, over an image" "image comes first" "$MKFS" "$work/into" "$work/s/hello"
same "... nothing is touched" "mine" "$(ls "$work/into")"
tar -C "$work/s" -cf "$work/wrong.tar" . && gzip -kf "$work/wrong.tar"
for file in wrong.tar wrong.tar.gz; do
	rejects "$file as a directory" "$file' is an archive: mkfs.erofs --tar=f '$out'" "$out" "$work/$file"
done
rejects "an option with a typo" "unknown option '--ishare-fingerprnt=sha256' \(did you mean '--ishare-fingerprint'\?\)" --ishare-fingerprnt=sha256 "$out" "$work/s"
rejects "an option that is like none" "unknown option '--xylophone'; see" --xylophone "$out" "$work/s"
rejects "an algorithm with a typo" "ztsd.*did you mean 'zstd'" -zztsd,3 "$out" "$work/s"
rejects "a metabox's algorithm with a typo" "lzmaa.*did you mean 'lzma'" -m4096:lzmaa "$out" "$work/s"
rejects "a feature with a typo" "fragmentz.*did you mean 'fragments'" -Efragmentz "$out" "$work/s"
refused "dump: an option with a typo" "'--fingerprint-s' \(did you mean '--fingerprints'\?\)" "$DUMP" --fingerprint-s "$work/none"
refused "fsck: an option with a typo" "'--extarct=x' \(did you mean '--extract'\?\)" "$FSCK" --extarct=x "$work/none"
refused "fsck: a value too much" "--ishare=x takes no value" "$FSCK" --ishare=x "$work/none"
refused "fsck: a value too little" "--path needs a value" "$FSCK" "$work/none" --path
if command -v python3 >/dev/null; then
	python3 "$top_srcdir/tests/e2e/oci_images.py" layout "$work/lay" plain "$work/wrong.tar"
	sed -i 's/"size": 415}/"size": 415, "annotations": {"org.opencontainers.image.ref.name": "v1"}}/' "$work/lay/index.json"
	check "LAYOUT:TAG" "$MKFS" --quiet "--oci=$work/lay:v1" "$out"
	rm -f "$out"
	rejects "LAYOUT:TAG that is not there: those that are" "no image v2 .*there is: v1" "--oci=$work/lay:v2" "$out"
	rejects "a key with a typo" "unknown key 'rfe'.*did you mean 'ref'" "--oci=$work/lay,rfe=v1" "$out"
	rejects "a key that is like none" "unknown key 'colour' in" "--oci=docker://localhost:9/x,colour=red" "$out"
	check "a layout as a directory" "$MKFS" "$out" "$work/lay"
	cp "$work/.out" "$work/said"
	check "... is warned of" grep -q "is an OCI layout.*--oci='$work/lay'" "$work/said"
	rm -f "$out"
fi
# One status for a wrong command line, in all tools but mount.erofs, whose numbers are mount(8)'s.
for tool in "$MKFS" "$DUMP" "$FSCK"; do
	"$tool" --no-such-option >/dev/null 2>&1
	same "${tool##*/}: exit status of a wrong option" 16 $?
	"$tool" >/dev/null 2>&1
	same "${tool##*/}: exit status without arguments" 16 $?
done
"$MKFS" "$out" "$work/missing-dir" 2>/dev/null
same "mkfs.erofs: exit status of a failed build" 1 $?

# ---- known, and refused by name
for option in --tar=headerball --ungzip=x \
	--unxz=x \
	--product-out=x --fs-config-file=x --incremental=data; do
	name=${option%%=*}
	case $option in -E*) name=${option#-E} ;; esac
	rejects "$option is refused by name" "$name" "$option" "$out" "$work/s"
done

# ---- the source
rejects "missing source" "missing-dir.*no such file" "$out" "$work/missing-dir"
rejects "source is a file" "hello.*not a directory" "$out" "$work/s/hello"
mkfifo "$work/fifo"
for option in ignore-unreadable one-file-system; do
	tar -C "$work/s" -cf "$work/s.tar" .
	rejects "--$option with an archive" "$option is for directories.*s.tar" --$option --tar=f "$out" "$work/s.tar"
done
# Messages name the source with the path, whatever it is.
mkdir "$work/p" && : >"$work/p/huge-id"
if is_root && chown 70000 "$work/p/huge-id"; then
	tar -C "$work/p" -cf "$work/p.tar" huge-id
	rejects "the path in a directory" "mkfs.erofs: $work/p/huge-id: " -Eforce-inode-compact "$out" "$work/p/"
	rejects "the path in an archive" "mkfs.erofs: $work/p.tar:/huge-id: " -Eforce-inode-compact --tar=f "$out" "$work/p.tar"
	"$MKFS" --quiet "$work/p.erofs" "$work/p"
	rejects "the path in an image" "mkfs.erofs: $work/p.erofs:/huge-id: " -Eforce-inode-compact --clean=data "$out" "$work/p.erofs"
	"$MKFS" --tar=f -Eforce-inode-compact "$out" <"$work/p.tar" 2>"$work/.err"
	judge_refusal "the path in standard input" "mkfs.erofs: standard input:/huge-id: " $? "standard input"
fi
rejects "source is a FIFO" "fifo" "$out" "$work/fifo"
ln -s nowhere "$work/dangling"
rejects "source is a dangling symlink" "dangling" "$out" "$work/dangling"

if is_root && as_nobody "$MKFS" --version >/dev/null 2>&1; then
	small_tree "$work/u"
	chmod 0 "$work/u/dir/ten-thousand"
	refused "unreadable file" "ten-thousand.*permission denied" as_nobody "$MKFS" "$out" "$work/u"
	nothing_left "unreadable file"
	chmod 644 "$work/u/dir/ten-thousand"
	chmod 0 "$work/u/dir/below"
	refused "unreadable directory" "below.*permission denied" as_nobody "$MKFS" "$out" "$work/u"
	nothing_left "unreadable directory"
	chmod 755 "$work/u/dir/below"
	# Several: all of them at once, by their paths with the source's, up to 20.
	mkdir "$work/u/many"
	for ((i = 100; i < 130; i++)); do echo "$i" >"$work/u/many/$i"; done
	chmod 0 "$work/u/many"/1?? "$work/u/dir/below"
	chmod 644 "$work/u/many/105"
	as_nobody "$MKFS" "$out" "$work/u/" >"$work/.out" 2>"$work/.err"
	same "unreadable files: exit status" 1 $?
	nothing_left "unreadable files"
	same "unreadable files: the list" "mkfs.erofs: '$work/u/': 30 files and directories cannot be read:
  $work/u/dir/below: Permission denied
$(for i in {100..104} {106..119}; do echo "  $work/u/many/$i: Permission denied"; done)
  and 10 more" "$(cat "$work/.err")"
	check "--ignore-unreadable" as_nobody "$MKFS" --ignore-unreadable --workers=3 "$out" "$work/u"
	cp "$work/.out" "$work/said"
	check "--ignore-unreadable: a warning with the number" grep -q "warning: '$work/u': left out 30 files and directories" "$work/said"
	same "--ignore-unreadable: what is there" "105" "$("$DUMP" --ls --path=/many "$out" | awk '$NF ~ /^1[0-9][0-9]$/ { print $NF }')"
	check "--ignore-unreadable: a clean image" "$FSCK" "$out"
	check_not "--ignore-unreadable: a directory of theirs" "$DUMP" --path=/dir/below "$out"
	rm -f "$out"
	rm -rf "$work/u/many"
	chmod 0 "$work/u"
	refused "unreadable source" "/u[^a-z].*permission denied" as_nobody "$MKFS" "$out" "$work/u"
	nothing_left "unreadable source"
	refused "unwritable output directory" "permission denied" as_nobody "$MKFS" "$work/image" "$work/s"
	[ ! -e "$work/image" ] || fail "unwritable output directory: image made"
else
	skip "unreadable files: needs root and a build directory open to others"
fi

# ---- the output
ls -A "$work/s" >"$work/before"
refused "output inside the source" "image.*inside|inside.*source" "$MKFS" "$work/s/image" "$work/s"
refused "output deep inside the source" "image.*inside|inside.*source" "$MKFS" "$work/s/dir/below/image" "$work/s"
refused "output inside the source by another name" "image.*inside|inside.*source" "$MKFS" "$work/s/../s/dir/image" "$work/s/."
ls -A "$work/s" >"$work/after"
check "output inside the source: nothing left" cmp "$work/before" "$work/after"
check "output inside the source: nothing left deep" test ! -e "$work/s/dir/image" -a ! -e "$work/s/dir/below/image"
mkdir "$work/o/directory"
refused "output is a directory" "directory" "$MKFS" "$work/o/directory" "$work/s"
rmdir "$work/o/directory" || fail "output is a directory: something was left in it"
nothing_left "output is a directory"
rejects "output in a missing directory" "no such file" "$work/o/missing/image" "$work/s"
rejects "output name too long" "too long" "$work/o/$(printf '%0300d' 0)" "$work/s"
mkfifo "$work/o/fifo"
refused "output is a FIFO" "fifo" timeout 10 "$MKFS" "$work/o/fifo" "$work/s"
rm -f "$work/o/fifo"

ln -s nowhere "$work/o/link"
refused "output is a dangling symlink" "link.*symbolic link" "$MKFS" "$work/o/link" "$work/s"
check "output is a dangling symlink: left alone" test -L "$work/o/link"
rm -f "$work/o/link"
nothing_left "output is a dangling symlink"

# Where messages go must not touch the image, nor end the build.
check "build with messages" "$MKFS" -T0 -d9 "$out" "$work/s"
cp "$out" "$work/kept"
check "stdout and stderr closed" bash -c '"$@" >&- 2>&-' bash "$MKFS" -T0 -d9 "$out" "$work/s"
check "stdout and stderr closed: the same image" cmp "$out" "$work/kept"
mkfifo "$work/pipe"
# A reader who was there for the opening, and left.
exec 8<>"$work/pipe"
exec 9>"$work/pipe"
exec 8<&-
rm -f "$out"
check "nobody reads the messages" env --default-signal=PIPE bash -c '"$@" >&9 2>&9' bash "$MKFS" -T0 -d9 "$out" "$work/s"
exec 9>&-
check "nobody reads the messages: the same image" cmp "$out" "$work/kept"
rm -f "$out" "$work/kept"
nothing_left "nobody reads the messages"

# A failed build leaves an image that was there before as it was.
check "first build" "$MKFS" --quiet "$out" "$work/s"
cp "$out" "$work/kept"
refused "failing build over an image" "." "$MKFS" "$out" "$work/missing-dir"
check "the old image is still there" cmp "$out" "$work/kept"
rm -f "$out" "$work/kept"

if is_root; then
	mkdir "$work/full"
	mount -t tmpfs -o size=1m full "$work/full" && mounts+=("$work/full")
	mkdir "$work/big"
	head -c 8388608 /dev/urandom >"$work/big/file"
	refused "full disk" "(no space|space left).*[0-9]|[0-9].*(no space|space left)" "$MKFS" "$FP_OPT" "$work/full/image" "$work/big"
	same "full disk: nothing left" "" "$(ls -A "$work/full")"
	refused "full disk, no workers" "space" "$MKFS" --workers=0 "$work/full/image" "$work/big"
	same "full disk, no workers: nothing left" "" "$(ls -A "$work/full")"
	# Tails of small files wait in the output for their place, but need no room beyond the image's.
	mkdir "$work/many"
	head -c 60000000 /dev/urandom | split -b 1500 -a 4 - "$work/many/"
	check "many tails" "$MKFS" --quiet -T0 "$out" "$work/many"
	mount -o "remount,size=$(($(stat -c %s "$out") + 1048576))" "$work/full"
	check "a disk just large enough" "$MKFS" --quiet -T0 "$work/full/image" "$work/many"
	check "a disk just large enough: the same image" cmp "$out" "$work/full/image"
	rm -rf "$work/full/image" "$work/many" "$out"
	unmount "$work/full"

	head -c 1048576 /dev/zero >"$work/disk"
	if loop=$(losetup -f --show "$work/disk" 2>/dev/null); then
		loops+=("$loop")
		refused "device too small" "${loop##*/}.*(space|small|large)|(space|small|large).*${loop##*/}" "$MKFS" "$loop" "$work/big"
		same "device too small: no superblock" "00000000" "$(od -An -tx1 -j1024 -N4 "$loop" | tr -d ' ')"
		losetup -d "$loop"
	else
		skip "no loop devices"
	fi
	# The signal is ignored by many a service manager's children, and the error is what is left.
	refused "file size limit" "too large" bash -c 'ulimit -f 1024; trap "" XFSZ; exec "$@"' bash "$MKFS" "$out" "$work/big"
	nothing_left "file size limit"
else
	skip "full disk: needs root"
fi

# ---- whiteouts of what every directory has
for name in .wh. .wh.. .wh...; do
	mkdir "$work/w"
	: >"$work/w/$name"
	rejects "AUFS whiteout $name" "$name.*whiteout" --aufs "$out" "$work/w"
	rm -rf "$work/w"
done

# ---- what the format cannot hold
if is_root; then
	mkdir "$work/x"
	: >"$work/x/too-much"
	made=yes
	for i in 1 2 3 4 5; do
		half=$(head -c 30000 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
		setfattr -n "trusted.part$i" -v "0x$half$half" "$work/x/too-much" 2>/dev/null || made=
	done
	if [ "$made" ]; then
		rejects "too many bytes of xattrs" "too-much.*xattr|too-much.*attribute|xattr.*too-much|attribute.*too-much" -x 1000 "$out" "$work/x"
	else
		skip "this file system does not hold 300 kB of xattrs"
	fi
	mkdir "$work/c"
	: >"$work/c/huge-id"
	chown 70000 "$work/c/huge-id"
	rejects "compact inode for a large uid" "huge-id|compact" -Eforce-inode-compact "$out" "$work/c"
fi

# ---- the readers
check "image" "$MKFS" --quiet -T1 "$out" "$work/s"
reader_refuses() { # WHAT STATUS-OF-FSCK FILE
	"$FSCK" "$3" >"$work/.out" 2>&1
	same "fsck, $1" "$2" $?
	check_not "dump, $1" "$DUMP" -s "$3"
}
reader_refuses "missing image" 8 "$work/nowhere"
: >"$work/short"
"$FSCK" "$work/short" >/dev/null 2>&1; status=$?
check "fsck, empty image (exit $status)" test $status = 4 -o $status = 8
head -c 1100 "$out" >"$work/short"
"$FSCK" "$work/short" >/dev/null 2>&1; status=$?
check "fsck, image cut in the superblock (exit $status)" test $status = 4 -o $status = 8
size=$(stat -c %s "$out")
head -c $((size - 512)) "$out" >"$work/short"
same "fsck, image without its end" 4 "$("$FSCK" "$work/short" >/dev/null 2>&1; echo $?)"
"$tools/corrupt" --at 1080 ff "$out" "$work/bad"
same "fsck, bad superblock checksum" 4 "$("$FSCK" "$work/bad" >/dev/null 2>&1; echo $?)"
"$tools/corrupt" --at 1025 00 "$out" "$work/bad"
"$FSCK" "$work/bad" >/dev/null 2>&1; status=$?
check "fsck, wrong magic (exit $status)" test $status = 4 -o $status = 8
"$tools/corrupt" --at 1106 80 --fix "$out" "$work/bad"
"$FSCK" "$work/bad" >"$work/.out" 2>&1; status=$?
check "fsck, unknown incompatible feature (exit $status)" test $status = 4 -o $status = 8
same "fsck, unknown option" 16 "$("$FSCK" --no-such-option "$out" >/dev/null 2>&1; echo $?)"
same "fsck, no image" 16 "$("$FSCK" >/dev/null 2>&1; echo $?)"
check_not "dump, unknown option" "$DUMP" --no-such-option "$out"
check_not "dump, no image" "$DUMP"
check_not "dump, missing path" "$DUMP" --path=/not/there "$out"
check_not "dump, nid that is no inode" "$DUMP" --nid=99999999 "$out"
check_not "dump, full standard output" bash -c "'$DUMP' --ls -R --path=/ '$out' >/dev/full"
mkdir "$work/there"
echo mine >"$work/there/hello"
refused "extract over existing files" "hello.*exist" "$FSCK" "--extract=$work/there" "$out"
same "extract over existing files: untouched" mine "$(cat "$work/there/hello")"
check "extract --overwrite" "$FSCK" --overwrite "--extract=$work/there" "$out"
same "extract --overwrite: replaced" hello "$(cat "$work/there/hello")"
# A symlink in the target directory must not lead the extraction out of it.
rm -rf "$work/there" && mkdir "$work/there" "$work/outside"
ln -s ../outside "$work/there/dir"
"$FSCK" --overwrite "--extract=$work/there" "$out" >/dev/null 2>&1
same "extraction does not follow symlinks" "" "$(ls -A "$work/outside")"
finish
