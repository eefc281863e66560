#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# check-kernels.sh [--long] [KERNEL...]: images for every row of what --min-kernel knows, on Debian's kernels in QEMU without
# KVM: an image that claims a kernel must be mounted and read right there, one that does not must be refused. Kernels are
# VERSION:SUITE; default 5.10 and 6.1, with --long up to the newest. Prints "ok - ", "not ok - " and "skip - " lines; exits 1 if
# anything is off, 77 if nothing could be tested.
# Environment: LOGS (a directory for what the guests wrote), MKFS DUMP FSCK, TMPDIR.
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$here/../..}
kernels=()
for argument in "$@"; do
	case $argument in
	--long) kernels=(5.10:bullseye 6.1:bookworm 6.12:trixie 6.17:trixie-backports :trixie-backports) ;;
	*:*) kernels+=("$argument") ;;
	*) sed -n '3,7s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
	esac
done
[ ${#kernels[@]} != 0 ] || kernels=(5.10:bullseye 6.1:bookworm)
caller=$PWD
# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"
# shellcheck source=tests/kernel/lib.sh
. "$here/lib.sh"
case ${LOGS:=} in /* | '') ;; *) LOGS=$caller/$LOGS ;; esac
[ ! "$LOGS" ] || mkdir -p "$LOGS"
need_root
need_tools "$MKFS" "$DUMP" "$FSCK"
need_guest

# NAME KERNEL OPTIONS: an image for this kernel and newer ones, called NAME-KERNEL. What needs no more than an older one has its
# number, whatever it was made for. Sparse files are stored with their zeros for kernels before 5.15.
rows() {
	cat <<-END
		plain 5.4
		flat 5.4 -Enoinline_data,force-inode-extended,^xattr-name-filter
		lz4 5.4 -zlz4
		lz4hc 5.4 -zlz4hc,12
		full 5.4 -zlz4 -Efull-index
		legacy 5.4 -zlz4 -Elegacy-compress
		legacybig 5.13 -zlz4hc -C16384 -Elegacy-compress
		big 5.13 -zlz4 -C65536
		bigfull 5.13 -zlz4hc -C16384 -Efull-index
		holes 5.15
		chunks 5.15 --chunksize=4096
		chunksfull 5.15 --chunksize=65536 -Eforce-chunk-indexes
		common 5.15 -Ededupe
		lzma 5.16 -zlzma -C65536
		lzmafull 5.16 -zlzma -Efull-index
		tails 5.17 -zlz4 -Eztailpacking
		tailsfull 5.17 -zlz4hc -C16384 -Eztailpacking,full-index
		fragments 6.1 -zlz4 -Efragments
		fragtails 6.1 -zlz4hc -C65536 -Efragments,ztailpacking
		allfragments 6.1 -zlz4 -Eall-fragments
		zeros 6.1 -zlz4 -Efull-index,zero-extents --max-extent-bytes=16384
		zerosbig 6.1 -zlz4hc -C65536 -Efull-index,zero-extents --max-extent-bytes=50000
		rotated 6.1 -zlz4
		rotatedbig 6.1 -zlz4 -C65536
		prints 6.4 $FP_OPT
		prefix 6.4 --xattr-prefix=trusted.overlay.
		b512 6.4 -b512
		deflate 6.6 -zdeflate -C32768
		deflatefull 6.6 -zdeflate -Efull-index
		b512lz4 6.8 -b512 -zlz4
		b1024zip 6.8 -b1024 -zdeflate -C8192
		zstd 6.10 -zzstd -C65536
		zstdfull 6.10 -zzstd -Efull-index
		extents 6.15 -zlz4
		dots 6.15 -Edot-omitted
		extdeflate 6.15 -zdeflate --extent-size=16384
		extfragments 6.15 -zlz4 -Efragments
		metabox 6.17 -zlz4
		dirs 5.4 -zlz4 --zD
		dirsfull 5.4 -zlz4hc -Efull-index --zD
		dirsbig 5.13 -zlz4hc -C16384 --zD
		dirszip 6.8 -zdeflate -b1024 -C8192 --zD
		extdirs 6.15 -zlz4 --zD
		metastored 6.17 -zlz4 --zD=0
		metafragments 6.17 -zlz4 -E48bit,fragments
		metazip 6.17 -zdeflate -m4096
		shared 7.0 -zzstd $FP_OPT
	END
}

# Files of every length around those at which blocks and clusters end; what does not shrink, alone and between what does.
make_tree() { # DIR
	local size
	"$tools/treegen" odd "$1" || return
	# Guests are slow, and what is large is not what kernels differ in.
	find "$1" -type f -size +32k -delete
	mkdir "$1/ends"
	# A directory of some blocks, whose files are one.
	mkdir "$1/wide"
	echo "one of many" >"$1/wide/first"
	for size in $(seq 150); do ln "$1/wide/first" "$1/wide/a-name-that-is-rather-long-for-what-it-is-$size"; done
	seq 1 300000 >text
	seq 1 100000 | gzip -n >noise
	for size in 1 4000 4095 4096 4097 5000 8191 8192 8193 10000 12287 12289 16385 65535 65536 65537 131073 300001; do
		head -c $size text >"$1/ends/text-$size"
		head -c $size noise >"$1/ends/noise-$size"
		{ head -c $size text; head -c 5001 noise; tail -c $size text; } >"$1/ends/mixed-$size"
	done
	head -c 200000 /dev/zero >"$1/ends/zeros"
	# Behind a part of a block, and behind one that does not shrink.
	{ head -c 9000 text; head -c 200000 /dev/zero; tail -c 9000 text; } >"$1/ends/zeros-inside"
	{ head -c 8192 noise; head -c 400000 /dev/zero; head -c 5000 noise; } >"$1/ends/zeros-behind-noise"
}

at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; } # VERSION VERSION

# What is to be found here is written into the image, too.
make_image() { # NAME KERNEL OPTIONS...
	local name=$1-$2 says
	build_image "$name" tree "--min-kernel=$2" "${@:3}" || return
	check "$name: fsck.erofs" "$FSCK" "$name.img"
	says=$("$DUMP" -s "$name.img" | sed -n 's/^Required upstream Linux kernel version: *//p')
	claims[$name]=${says%% *}
	at_least "$2" "${claims[$name]}" || fail "$name: the image says that it needs $says"
	images+=("$name")
}

# Debian leaves some algorithms out of some kernels.
can_decode() { # IMAGE
	[ -s "$kernel/config" ] || return 0
	case $1 in
	lzma*) grep -qx CONFIG_EROFS_FS_ZIP_LZMA=y "$kernel/config" ;;
	*deflate* | *zip-*) grep -qx CONFIG_EROFS_FS_ZIP_DEFLATE=y "$kernel/config" ;;
	zstd* | shared*) grep -qx CONFIG_EROFS_FS_ZIP_ZSTD=y "$kernel/config" ;;
	esac
}

judge_image() { # GUEST IMAGE VERSION FILES
	local mounted files bad
	mounted=$(reported "reads $2" mounted) files=$(reported "reads $2" files) bad=$(reported "reads $2" bad)
	if ! at_least "$3" "${claims[$2]}"; then
		# Nothing in a superblock keeps out a kernel that does not know small blocks with all that may be in them: it may
		# read what it can, but nothing wrong.
		case $2 in b*) [ "$mounted ${bad:-0}" != "yes 0" ] || mounted=no ;; esac
		same "$1: $2 needs ${claims[$2]} and is refused" no "$mounted"
	elif ! can_decode "$2"; then
		skip "$1: $2: this kernel is built without its algorithm"
	elif [ "$mounted $files $bad" = "yes $4 0" ]; then
		pass "$1: $2 is read right"
	else
		fail "$1: $2 needs ${claims[$2]}: mounted=$mounted files=$files of $4, wrong=$bad"
	fi
}

test_kernel() { # VERSION SUITE
	local name=linux-${1:-newest} version image files
	kernel=$(fetch_kernel "$1" "$2") || { skip "$name: ${kernel:-no kernel}"; return; }
	version=$(sed 's/^\([0-9]*\.[0-9]*\).*/\1/' "$kernel/version")
	files=$(wc -l <tree.manifest)
	for image in "${images[@]}"; do echo "reads $image tree"; done >job
	boot "$name" 1024 1800 job "${images[@]}" || return
	for image in "${images[@]}"; do judge_image "$name" "$image" "$version" "$files"; done
	[ $failures = 0 ] || grep -i erofs "$work/$name.console" | tail -n 20
	tested=$((tested + 1))
}

declare -A claims=()
images=() tested=0
build_guest || exit 99
make_tree tree || exit 99
write_manifest tree tree
while read -r row; do
	# shellcheck disable=SC2086
	make_image $row
done < <(rows)
for each in "${kernels[@]}"; do test_kernel "${each%%:*}" "${each#*:}"; done
[ "$tested" != 0 ] || [ "$failures" != 0 ] || exit 77
finish
