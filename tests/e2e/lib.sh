# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash
# What the whole-program tests share; sourced by each. Variables a caller may set: MKFS DUMP FSCK (the tools under test),
# FP_OPT (option that asks for fingerprints), PEER_DIR (directory whose bin/ holds another implementation's tools),
# ROOTS (directory of real root file systems), EROFS_TEST_LONG=1, TMPDIR.

set -u
export LC_ALL=C
umask 022
# A sanitizer's finding must not look like an orderly failure.
export ASAN_OPTIONS="exitcode=134${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="exitcode=134:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="exitcode=134${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
top_srcdir=$(cd "${top_srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
tools=$top_builddir/tests/tools
FP_OPT=${FP_OPT---ishare-fingerprint=sha256}
FP_NAME=trusted.erofs.fingerprint
LONG=${EROFS_TEST_LONG:-}
# Address space for a run over a hostile input, in KiB. AddressSanitizer maps terabytes.
hostile_limit=4000000
[ -z "${SANITIZER_CFLAGS:-}" ] || hostile_limit=unlimited
failures=0
mounts=()
loops=()

find_tool() { # NAME: where the build put it
	local at
	for at in "$top_builddir/$1" "$top_builddir/${1%.erofs}/$1"; do
		[ -x "$at" ] && [ ! -d "$at" ] && { echo "$at"; return; }
	done
	echo "$top_builddir/$1"
}
MKFS=${MKFS:-$(find_tool mkfs.erofs)}
DUMP=${DUMP:-$(find_tool dump.erofs)}
FSCK=${FSCK:-$(find_tool fsck.erofs)}

cleanup() {
	local i
	# A device that was given back may be another test's by now. In use, it goes when it is unmounted.
	for ((i = 0; i < ${#loops[@]}; i++)); do
		case $(losetup -n -O BACK-FILE "${loops[i]}" 2>/dev/null) in "$work"/*) losetup -d "${loops[i]}" 2>/dev/null ;; esac
	done
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount "${mounts[i]}" 2>/dev/null || umount -l "${mounts[i]}" 2>/dev/null; done
	rm -rf "$work"
}

# A private directory, on tmpfs where that is possible: it takes large xattrs, holes and owners, and is fast.
work=$(mktemp -d "${TMPDIR:-/tmp}/erofs-test.XXXXXX") || exit 99
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=8g,mode=755 erofs-test "$work" 2>/dev/null; then
	mounts+=("$work")
fi
cd "$work" || exit 99

skip_all() { echo "skip - $*"; exit 77; }
skip() { echo "skip - $*"; }
pass() { echo "ok - $*"; }
fail() { echo "not ok - $*"; failures=$((failures + 1)); }
finish() { [ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }; exit 0; }

# check WHAT COMMAND...: passes if the command exits 0; shows its output if not.
check() {
	local what=$1 status
	shift
	"$@" >"$work/.out" 2>&1 </dev/null
	status=$?
	if [ "$status" = 0 ]; then pass "$what"; return 0; fi
	fail "$what (exit $status: $*)"
	head -n 40 "$work/.out" | cut -c1-300 | sed 's/^/    /'
	return 1
}

# check_not WHAT COMMAND...: passes if the command fails in an orderly way.
check_not() {
	local what=$1 status
	shift
	"$@" >"$work/.out" 2>&1 </dev/null
	status=$?
	if [ "$status" != 0 ] && [ "$status" -lt 126 ]; then pass "$what"; return 0; fi
	fail "$what (exit $status: $*)"
	head -n 40 "$work/.out" | cut -c1-300 | sed 's/^/    /'
	return 1
}

# same WHAT EXPECTED ACTUAL
same() {
	if [ "$2" = "$3" ]; then pass "$1"; else
		fail "$1"
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 20 | sed 's/^/    /'
	fi
}

# refused WHAT PATTERN COMMAND...: the command must exit non-zero without a signal, with exactly one line on stderr, which
# matches the pattern.
refused() {
	local what=$1 pattern=$2 status lines
	shift 2
	"$@" >"$work/.out" 2>"$work/.err" </dev/null
	status=$?
	judge_refusal "$what" "$pattern" "$status" "$*"
}

judge_refusal() { # WHAT PATTERN STATUS COMMAND, stderr in .err
	lines=$(wc -l <"$work/.err")
	if [ "$3" = 0 ]; then fail "$1: accepted ($4)"
	elif [ "$3" -ge 126 ]; then fail "$1: exit $3 ($4)"
	elif [ "$lines" != 1 ]; then fail "$1: $lines lines on stderr ($4)"
	elif ! grep -qiE -e "$2" "$work/.err"; then fail "$1: the message does not match '$2' ($4)"
	else pass "$1"; return; fi
	head -n 10 "$work/.err" | sed 's/^/    /'
}

need_tools() {
	local tool
	for tool in "$@"; do
		[ -x "$tool" ] || skip_all "$tool is not there"
	done
}

# What builds may lack, by the names that --version prints. Of other implementations nothing is known.
built_with() {
	local said
	said=$("$MKFS" --version 2>/dev/null)
	[[ $said != *xxHash* || $said == *"$1 "* ]]
}
need_built() {
	local name
	for name in "$@"; do
		built_with "$name" || skip_all "built without $name"
	done
}
all_codecs=(LZ4 liblzma libdeflate Zstandard)

is_root() { [ "$(id -u)" = 0 ]; }
need_root() { is_root || skip_all "needs root"; }

# Whether this machine can mount EROFS from a loop device.
can_mount() {
	is_root || return 1
	grep -qw erofs /proc/filesystems || modprobe erofs 2>/dev/null || return 1
	[ -e /dev/loop-control ] || modprobe loop 2>/dev/null || return 1
	losetup -f >/dev/null 2>&1
}

# mount_image IMAGE DIR [OPTIONS]
mount_image() {
	mkdir -p "$2" && mount_by_loop "$@" 2>"$work/.mount-err" || return 1
	mounts+=("$2")
}
# A device of its own: mount(8) takes one that the file has already. Where another mount namespace still holds that, such as that of
# a container which began in between, and the file was written anew in place, it shows what the file was before.
mount_by_loop() {
	local device status=0
	case ${3:-} in *offset=*) mount -t erofs -o "ro,loop,$3" "$1" "$2"; return ;; esac
	device=$(losetup -f --show -r "$1") || return
	mount -t erofs -o "ro${3:+,$3}" "$device" "$2" || status=$?
	# Freed when it is unmounted.
	losetup -d "$device"
	return $status
}

unmount() {
	local i
	umount "$1" || return 1
	for ((i = 0; i < ${#mounts[@]}; i++)); do
		[ "${mounts[i]}" = "$1" ] && unset 'mounts[i]'
	done
	mounts=("${mounts[@]}")
}

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# A small tree to have something to build: files, a directory, a hard link, a symlink, some xattrs where they work.
small_tree() { # DIR
	mkdir -p "$1/dir/below"
	printf 'hello\n' >"$1/hello"
	head -c 10000 /dev/zero | tr '\0' 'x' >"$1/dir/ten-thousand"
	cp "$1/hello" "$1/dir/below/equal"
	ln "$1/hello" "$1/dir/linked"
	ln -s ../hello "$1/dir/symlink"
	: >"$1/empty"
	touch -d @1600000000 "$1"/hello "$1"/dir/* "$1"/empty "$1"/dir "$1"
}

# Images with every way to compress, into the array `images`: ours and those of others. What a builder does not know is left out.
compressed_images() { # SOURCE
	local text=$work/compressible mkfs name options
	mkdir -p "$text/dir" && cp -a "$1/." "$text/"
	seq 1 9000 >"$text/dir/text"
	head -c 3000 /dev/urandom >"$text/noise"
	cat "$text/dir/text" "$text/noise" "$text/dir/text" >"$text/mixed"
	tail -c 20000 "$text/dir/text" >"$text/dir/end"
	{ head -c 9000 "$text/dir/text"; head -c 100000 /dev/zero; cat "$text/noise"; } >"$text/zeros"
	while read -r mkfs name options; do
		[ "$mkfs" ] && [ -x "$mkfs" ] || continue
		# shellcheck disable=SC2086
		"$mkfs" -d1 -T1 $options "$work/$name" "$text" >/dev/null 2>&1 </dev/null && images+=("$work/$name")
	done <<-END
		$MKFS lz4 -zlz4 $FP_OPT
		$MKFS lzma -zlzma -C65536
		$MKFS deflate-512 -zdeflate -b512 -C4096
		$MKFS zstd-extents -zzstd -E48bit $FP_OPT
		$MKFS fragments -zzstd -C65536 -Efragments $FP_OPT
		$MKFS all-fragments -zlz4 -E48bit,all-fragments
		$MKFS dedupe -zlz4 -C16384 -Ededupe
		$MKFS dedupe-extents -zzstd -E48bit,dedupe $FP_OPT
		$MKFS tails -zlz4hc -C65536 -Eztailpacking
		$MKFS dots-left-out -Edot-omitted -b512
		$MKFS legacy -zlz4 -Elegacy-compress
		$MKFS zeros -zlz4 -C8192 -Efull-index,zero-extents --max-extent-bytes=16384
		$MKFS lz4-extents -zlz4 -E48bit --extent-size=16384
		$MKFS directories-512 -zzstd -b512 -E48bit --zD
		$MKFS metabox-4096 -zlz4 -m4096 $FP_OPT
		$MKFS metabox-512 -m1024:deflate -b512 -x0
		/usr/bin/mkfs.erofs distribution-tails -zlz4hc -C65536 -Eztailpacking
		/usr/bin/mkfs.erofs distribution-legacy -zlz4 -Elegacy-compress
		/usr/bin/mkfs.erofs distribution-fragments -zlz4 -Efragments,dedupe
		${PEER_DIR:-}/bin/mkfs.erofs peer-tails -zlz4 -C65536 -Eztailpacking,dedupe
		${PEER_DIR:-}/bin/mkfs.erofs peer-fragments -zzstd -C65536 -Efragments
		${PEER_DIR:-}/bin/mkfs.erofs peer-directories -zlz4 -C65536 -Eall-fragments,dedupe --zD
		${PEER_DIR:-}/bin/mkfs.erofs peer-extents -zdeflate -C65536 -E48bit,all-fragments,dedupe
		${PEER_DIR:-}/bin/mkfs.erofs peer-two -zzstd:lz4 -C16384
	END
}

# What the mutation tests damage: small, with something of everything.
damaged_images_tree() { # DIR
	local i file
	small_tree "$1"
	mkfifo "$1/fifo"
	truncate -s 100000 "$1/sparse" && printf x >>"$1/sparse"
	for ((i = 0; i < 60; i++)); do printf '%s' "$i" >"$1/dir/below/name-of-some-length-$i"; done
	is_root || return 0
	for file in hello empty dir/ten-thousand dir; do setfattr -n trusted.same -v value "$1/$file"; done
	setfattr -n trusted.single -v "$(printf '%0100d' 0)" "$1/hello"
	setfacl -m u:1000:r "$1/dir/below/equal" 2>/dev/null
	mknod "$1/dev" c 1 3
}
