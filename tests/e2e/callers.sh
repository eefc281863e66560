#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Programs that call mkfs.erofs, themselves where they can be had: fakeroot, systemd-repart. REPART: another systemd-repart.
# The argument lists that options.sh, options_compress.sh and tar*.sh do not have.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$FSCK" "$DUMP"
small_tree "$work/s"
image=$work/image

# ---- fakeroot: owners, modes and devices that exist only in the answers to stat() ------------------------------------------

# In a file: the shell that fakeroot is a script of does not pass functions on.
cat >"$work/listed" <<'END'
listed() { (cd "$1" && find . ! -type d -printf '%P %y %m %U:%G %n %l\n' -o -printf '%P %y %m %U:%G\n' | sort; stat -c '%n %t,%T' dev/*); }
END
. "$work/listed"
cat >"$work/under-fakeroot" <<'END'
set -e
. "$3"
mkdir -p "$1/dev" "$1/home/user"
cd "$1"
echo hers >home/user/hers; ln home/user/hers home/user/linked; ln -s hers home/user/symlink
echo suid >suid; chown 0:42 suid; chmod 4755 suid; chmod 1777 home
chown -R 1000:1001 home/user; chown -h 7:8 home/user/symlink; chown 70000:100000 home
mknod dev/null c 1 3; mknod dev/disk b 8 1; mkfifo dev/fifo; chown 0:6 dev/disk; chmod 660 dev/disk
listed . >"$2/shown"
"$MKFS" --quiet $FP_OPT -T0 "$2/fake" .
tar --numeric-owner -cf - . | "$MKFS" --quiet $FP_OPT -T0 --tar=f "$2/fake-tar"
# Back again: what fsck.erofs makes is shown by fakeroot as it was.
"$FSCK" --extract="$2/unpacked" "$2/fake" >/dev/null
listed "$2/unpacked" >"$2/shown-again"
END
export MKFS FSCK FP_OPT
# A sanitizer's library has to be the first that is loaded.
if ! command -v fakeroot >/dev/null; then
	skip "no fakeroot"
elif grep -qaF __asan_init "$MKFS" || grep -qaF __tsan_init "$MKFS"; then
	skip "fakeroot: not with sanitizers"
else
	as=()
	mkdir -m 777 "$work/fake"
	is_root && as_nobody "$MKFS" --version >/dev/null 2>&1 && as_nobody test -r "$work/under-fakeroot" && as=(as_nobody)
	if check "fakeroot: build" "${as[@]}" fakeroot bash "$work/under-fakeroot" "$work/fake/tree" "$work/fake" "$work/listed"; then
		check "fakeroot: fsck" "$FSCK" --ishare "$work/fake/fake"
		check "fakeroot: fsck of the archive's" "$FSCK" --ishare "$work/fake/fake-tar"
		same "fakeroot: shows owners, devices" 1 "$(grep -c '^dev/disk b 660 0:6 ' "$work/fake/shown")"
		same "fakeroot: extraction" "$(cat "$work/fake/shown")" "$(cat "$work/fake/shown-again")"
		for name in fake fake-tar; do
			if can_mount && mount_image "$work/fake/$name" "$work/mnt"; then
				same "fakeroot: $name, mounted" "$(cat "$work/fake/shown")" "$(listed "$work/mnt")"
				unmount "$work/mnt"
			else
				skip "fakeroot: $name: cannot mount here"
			fi
		done
	fi
fi

# ---- systemd-repart ----------------------------------------------------------------------------------------------------------

fetched=$("$top_srcdir/tests/tools/fetch-repart.sh" --cached 2>/dev/null)
repart() {
	if [ -n "${REPART:-}" ]; then "$REPART" "$@"
	elif [ "$fetched" ]; then LD_LIBRARY_PATH=$fetched/lib "$fetched/bin/systemd-repart" "$@"
	else systemd-repart "$@"; fi
}
export -f repart
export fetched
# partition WHAT SETTINGS ARGUMENTS...: a disk with one partition, made by systemd-repart, which finds ours first.
partition() {
	local what=$1 settings=$2 start
	shift 2
	rm -f "$work/disk" "$work/called"
	printf '[Partition]\nType=linux-generic\nFormat=erofs\nCopyFiles=%s:/\n%b' "$work/s" "$settings" >"$work/definitions/10.conf"
	check "$what" env PATH="$work/bin:$PATH" "${within[@]}" bash -c 'repart "$@"' - --definitions="$work/definitions" --empty=create --dry-run=no \
		--seed=3b9f9d5e64a34f0e9f0f5f5ee1a1b2c3 "$@" "$work/disk" || return
	check "$what: ours was called" test -s "$work/called"
	sed "s,^,    mkfs.erofs ," "$work/called"
	start=$(partx -g -o START -r "$work/disk" 2>/dev/null | head -n 1)
	same "$what: a partition" 2048 "$start"
	check "$what: fsck" "$FSCK" --ishare --offset=1048576 "$work/disk"
	if can_mount && mount_image "$work/disk" "$work/mnt" offset=1048576; then
		check "$what: mounted tree" "$tools/treecmp" "--ignore-xattr=$FP_NAME" "$work/s" "$work/mnt"
		unmount "$work/mnt"
	else
		skip "$what: cannot mount here"
	fi
}
mkdir "$work/definitions" "$work/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n' "$work/called" "$MKFS" >"$work/bin/mkfs.erofs"
chmod +x "$work/bin/mkfs.erofs"
version=$(repart --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
export SYSTEMD_REPART_MKFS_OPTIONS_EROFS="$FP_OPT"
within=()
if [ ! "$version" ]; then
	skip "no systemd-repart"
elif [ "$version" -lt 254 ]; then
	skip "systemd-repart $version knows Format=erofs by name only, 254 can make it: tests/tools/fetch-repart.sh fetches one"
elif ! is_root || ! unshare -m true 2>/dev/null; then
	skip "systemd-repart needs root, and mounts of its own"
else
	echo "# systemd-repart $version"
	partition "systemd-repart, offline" 'Minimize=guess\n' --offline=yes --size=auto
	SYSTEMD_REPART_MKFS_OPTIONS_EROFS="-zzstd,level=3 $FP_OPT --quiet"
	partition "systemd-repart, options behind" 'Minimize=best\n' --offline=yes --size=auto
	SYSTEMD_REPART_MKFS_OPTIONS_EROFS=$FP_OPT
	if losetup -f >/dev/null 2>&1; then partition "systemd-repart, loop device" 'SizeMinBytes=16M\n' --size=32M; else skip "no loop devices"; fi
	# As mkosi runs it.
	within=(unshare -r)
	if unshare -r true 2>/dev/null; then
		partition "systemd-repart in a namespace" 'Minimize=best\n' --offline=yes --size=auto
	else
		skip "no user namespaces"
	fi
fi
unset SYSTEMD_REPART_MKFS_OPTIONS_EROFS

# ---- argument lists ------------------------------------------------------------------------------------------------------------

uuid=3b9f9d5e-64a3-4f0e-9f0f-5f5ee1a1b2c3 none=00000000-0000-0000-0000-000000000000
# caller WHAT ARGUMENTS...: stdout and stderr one pipe, as some have it.
caller() {
	local what=$1
	shift
	rm -f "$image"
	"$MKFS" "$@" 2>&1 </dev/null | cat >"$work/.said"
	same "$what: exit status" 0 "${PIPESTATUS[0]}"
	check "$what: fsck" "$FSCK" "$image"
}
: >"$image"
truncate -s 1M "$image"
check "systemd-repart, all of it: build" "$MKFS" -U "$uuid" --quiet -zzstd,level=3 -b4096 "$image" "$work/s" -T0 -C65536
same "systemd-repart: UUID" "$uuid" "$("$DUMP" -s "$image" | sed -nE 's/.*UUID: +//p')"
check "systemd-repart: fsck" "$FSCK" "$image"
caller "osbuild" "$image" "$work/s" --quiet -z zstd,8 -E noinline_data -C 65536 --exclude-regex '^nothing$' --exclude-regex '/below/'
same "osbuild: what is left out" 0 "$("$DUMP" --ls -R "$image" | grep -c below/)"
same "osbuild: quiet" "" "$(cat "$work/.said")"
caller "kiwi" -z zstd,level=21 --exclude-regex='^nothing$' -L LABEL "$image" "$work/s"
caller "dracut" "$image" "$work/s" --exclude-path=nothing -C 65536 -x -1 -U $none -T 0 -zlz4hc
caller "CoreOS, live" -zlzma,level=6 -Efragments -C1048576 --quiet "$image" "$work/s"
caller "microvm.nix" -zlz4hc -Eztailpacking -Efragments -T 0 --all-root "$image" "$work/s"
caller "Flatcar" -zlz4hc,12 -C65536 -Efragments,ztailpacking "$image" "$work/s"
caller "archiso" -zlzma,109 -E ztailpacking "$image" "$work/s"
caller "image converters" --quiet -Enoinline_data -zlz4hc -C 65536 -T0 --mkfs-time --sort=none "$image" "$work/s"
caller "osbuild, fragments" "$image" "$work/s" --quiet -z zstd,8 -E all-fragments,fragdedupe=inode -C 65536 --exclude-regex x
caller "lorax" "$image" "$work/s" -z zstd,8 -Ededupe,all-fragments -C 65536
caller "dracut, fragments" "$image" "$work/s" --exclude-path=nothing -C 65536 -E fragments -x -1 -U $none -T 0 -z lz4hc
caller "image builders" -E fragments,dedupe,ztailpacking -C1048576 -b4096 "$image" "$work/s"
finish
