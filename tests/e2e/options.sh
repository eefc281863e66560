#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What the options do, and that the command lines of today's callers work unchanged.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
small_tree "$work/s"
image=$work/image

# built WHAT ARGUMENTS...: builds $image from $work/s and checks it.
built() {
	local what=$1
	shift
	rm -f "$image"
	check "$what: build" "$MKFS" "$@" && check "$what: fsck" "$FSCK" "$image"
}
# look COMMAND...: runs it in the mounted image and prints its output.
look() {
	mount_image "$image" "$work/mnt" || { echo "cannot mount: $(head -n 1 "$work/.mount-err")"; return; }
	(cd "$work/mnt" && "$@" 2>&1)
	unmount "$work/mnt"
}
# seen WHAT EXPECTED COMMAND...
seen() {
	local what=$1 expected=$2
	shift 2
	if can_mount; then same "$what" "$expected" "$(look "$@")"; else skip "$what: cannot mount here"; fi
}

# ---- probes
for tool in "$MKFS" "$DUMP" "$FSCK"; do
	name=${tool##*/}
	check "$name --help" "$tool" --help
	check "$name --version" "$tool" --version
	same "$name --help is not on stderr" "" "$("$tool" --help 2>&1 >/dev/null)"
	check "$name --version starts well" grep -qE "^$name \([^)]*\) [0-9]+\.[0-9]+\.[0-9]+" <("$tool" --version)
	for option in --help --version -h -V; do
		refused "$name $option to a full disk" "^$name: cannot write to standard output: no space" \
			bash -c "exec '$tool' $option >/dev/full"
	done
done
help=$("$MKFS" --help)
for word in --tar= --mkfs-time zstd lz4hc lzma deflate --min-kernel --ishare-fingerprint --all-root --workers; do
	check "mkfs --help shows $word" grep -qF -e "$word" <(echo "$help")
done
check "-h" "$MKFS" -h
check "-V" "$MKFS" -V
version=$("$MKFS" --version | head -n 1 | sed 's/.*) \([0-9.]*\).*/\1/')
same "version compares as 1.8 or later" 1.8 "$(printf '1.8\n%s\n' "$version" | sort -V | head -n 1)"
real=$MKFS
[ -x "${MKFS%/*}/.libs/${MKFS##*/}" ] && real=${MKFS%/*}/.libs/${MKFS##*/}
for word in --tar= tar all-root mkfs-time ishare-fingerprint xattr-inode-digest exclude-regex compress-hints \
	max-extent-bytes min-kernel extent-size; do
	check "the executable holds '${word#--}'" grep -qaF -e "${word#--}" "$real"
done

# Who cannot be told what was found has not been told: 1 of dump, 8 of fsck. An image that is complete is complete.
built "lost output" "$image" "$work/s"
for options in "" -s -S "--ls -R --path=/" "--cat --path=/hello"; do
	# shellcheck disable=SC2086
	refused "dump $options to a full disk" "^dump.erofs: cannot write to standard output: no space" \
		bash -c 'exec "$@" >/dev/full' - "$DUMP" $options "$image"
done
refused "fsck to a full disk" "^fsck.erofs: cannot write to standard output: no space" bash -c 'exec "$@" >/dev/full' - "$FSCK" "$image"
same "fsck to a full disk: its exit status" 8 "$("$FSCK" "$image" >/dev/full 2>&1; echo $?)"
check "mkfs with its summary to a full disk" bash -c 'exec "$@" >/dev/full' - "$MKFS" "$image" "$work/s"
check "mkfs with its summary to a full disk: fsck" "$FSCK" "$image"

# ---- callers' command lines
uuid=3b9f9d5e-64a3-4f0e-9f0f-5f5ee1a1b2c3
built "containerd, commit" --quiet -Enoinline_data "$image" "$work/s"
built "containerd, with options" --quiet -Enoinline_data -b4096 -T0 --mkfs-time --sort=none "$image" "$work/s"
built "systemd-repart" -U "$uuid" --quiet "$image" "$work/s"
built "mkosi, options behind" -U "$uuid" "$image" "$work/s" -b4096 --quiet
built "osbuild" "$image" "$work/s" --quiet -E noinline_data --exclude-regex '^nothing$'
built "kiwi" --exclude-regex='^nothing$' -L LABEL "$image" "$work/s"
built "buildroot" -T 1000 -U "$uuid" "$image" "$work/s"
built "dracut" "$image" "$work/s" --exclude-path=nothing -x -1 -U 00000000-0000-0000-0000-000000000000 -T 0
built "image builder" --all-root -L root --mount-point=/system "$image" "$work/s"
built "between" -b 4096 "$image" --quiet "$work/s" -T0
built "glued" -b4096 -T0 -x2 -LLABEL -U$uuid -Enoinline_data "$image" "$work/s"
built "several -E" -Enoinline_data,nosbcrc -E force-inode-extended "$image" "$work/s"
built "--" --quiet -- "$image" "$work/s"
built "workers" --workers=2 "$image" "$work/s"
same "--quiet says nothing" "" "$("$MKFS" --quiet "$image" "$work/s" 2>&1)"
check "the summary is short" test "$("$MKFS" "$image" "$work/s" 2>&1 | wc -l)" -le 20

# ---- owners
if is_root; then
	chown 1000:1001 "$work/s/hello" && chown 7:8 "$work/s/dir"
	built "--all-root" --all-root "$image" "$work/s"
	seen "--all-root" "" find . ! -uid 0 -o ! -gid 0
	built "--force-uid" --force-uid=123 "$image" "$work/s"
	seen "--force-uid" "" find . ! -uid 123
	seen "--force-uid leaves groups" 1001 stat -c %g hello
	built "--force-gid" --force-gid=70000 "$image" "$work/s"
	seen "--force-gid" "" find . ! -gid 70000
	built "--uid-offset" --uid-offset=1000 --gid-offset=65536 "$image" "$work/s"
	seen "--uid-offset" "2000 66537" stat -c '%u %g' hello
	seen "--uid-offset, the root" "1000 65536" stat -c '%u %g' .
	built "--all-root and offsets" --all-root --uid-offset=1000 --gid-offset=7 "$image" "$work/s"
	seen "--all-root and offsets" "" find . ! -uid 1000 -o ! -gid 7
	built "offsets and --force-uid" --uid-offset=1000 --force-uid=10 "$image" "$work/s"
	seen "offsets and --force-uid" "1010 1001" stat -c '%u %g' hello
	refused "an offset below zero" "uid 5" "$MKFS" --force-uid=5 --uid-offset=-6 "$work/none" "$work/s"
	chown -R 0:0 "$work/s"
fi

# ---- times
built "-T" -T 1234567890 "$image" "$work/s"
seen "-T" 1234567890 bash -c "find . -printf '%Ts\n' | sort -u"
built "--all-time" -T 1234567890 --all-time "$image" "$work/s"
seen "--all-time" 1234567890 bash -c "find . -printf '%Ts\n' | sort -u"
built "--mkfs-time" -T 1234567890 --mkfs-time "$image" "$work/s"
seen "--mkfs-time" 1600000000 stat -c %Y hello
built "-T0" -T0 "$image" "$work/s"
seen "-T0" 0 bash -c "find . -printf '%Ts\n' | sort -u"
built "--ignore-mtime" --ignore-mtime -T 77 "$image" "$work/s"
seen "--ignore-mtime" 77 stat -c %Y hello
# As erofs-utils has it: -T is for all files, --mkfs-time or not decides.
for options in "--preserve-mtime -T 77" "-T 77 --preserve-mtime" "-T 77 --mkfs-time --all-time" "-T 0x4d"; do
	# shellcheck disable=SC2086
	built "$options" $options "$image" "$work/s"
	seen "$options" 77 bash -c "find . -printf '%Ts\n' | sort -u"
done
for options in "--preserve-mtime" "-T 77 --mkfs-time --preserve-mtime" "-T 77 --all-time --mkfs-time" "--ignore-mtime --preserve-mtime"; do
	# shellcheck disable=SC2086
	built "$options" $options "$image" "$work/s"
	seen "$options" 1600000000 stat -c %Y hello
done
check "SOURCE_DATE_EPOCH and --preserve-mtime" env SOURCE_DATE_EPOCH=77 "$MKFS" --quiet --preserve-mtime "$image" "$work/s"
seen "SOURCE_DATE_EPOCH and --preserve-mtime" 1600000000 stat -c %Y hello
# The superblock's time is N, before, at and behind the times of files, as far as it goes: epoch and what is added to it.
for time in 0 77 1599999999 1600000000 1700000000 6000000000 -5 9000000000000; do
	built "-T $time --mkfs-time" -T $time --mkfs-time "$image" "$work/s"
	seen "-T $time --mkfs-time: files" 1600000000 stat -c %Y hello
	same "-T $time --mkfs-time: the superblock" $time \
		$(($(od -An -td8 -j1048 -N8 "$image") + $(od -An -tu4 -j1132 -N4 "$image")))
done

# ---- what is left out
built "--exclude-path" --exclude-path=dir/below "$image" "$work/s"
seen "--exclude-path" "./dir/linked ./dir/symlink ./dir/ten-thousand " bash -c "find ./dir/* | sort | tr '\n' ' '"
seen "--exclude-path, links of the directory" 2 stat -c %h dir
built "--exclude-path with a leading slash" --exclude-path=/dir "$image" "$work/s"
built "--exclude-path twice" --exclude-path=hello --exclude-path=dir/linked "$image" "$work/s"
seen "--exclude-path twice" "./dir ./empty " bash -c "find ./* -maxdepth 0 | sort | tr '\n' ' '"
built "--exclude-regex" '--exclude-regex=(^|/)(linked|below)$' "$image" "$work/s"
seen "--exclude-regex" "./dir/symlink ./dir/ten-thousand " bash -c "find ./dir/* | sort | tr '\n' ' '"
seen "--exclude-regex, link count" 1 stat -c %h hello

# However it is written, it is the same path; and in every mode.
tar -C "$work/s" -cf "$work/s.tar" .
"$MKFS" --quiet "$work/source-image" "$work/s"
modes=("$work/s" "--tar=f $work/s.tar" "--tar=f - <" "$work/source-image")
from() { # MODE ARGUMENTS...
	local mode=$1
	shift
	rm -f "$image"
	# shellcheck disable=SC2086,SC2002 # a pipe is meant
	case $mode in
	*"<") cat "$work/s.tar" | "$MKFS" "$@" --tar=f "$image" - ;;
	--tar*) "$MKFS" "$@" "${mode% *}" "$image" "${mode#* }" ;;
	*) "$MKFS" "$@" "$image" "$mode" ;;
	esac >/dev/null 2>"$work/.said"
}
names() { "$DUMP" --ls -R --path=/ "$image" | grep -c below; }
for mode in "${modes[@]}"; do
	what=${mode//"$work"\//}
	for path in dir/below ./dir/below /dir/below dir//below dir/below/ dir/below/. /./dir/.//below//; do
		from "$mode" --exclude-path=$path
		same "$what: --exclude-path=$path" 0 "$(names)"
		same "$what: --exclude-path=$path: no warning" "" "$(cat "$work/.said")"
	done
	from "$mode" --exclude-path=dir/belwo '--exclude-regex=[.]seceret$' --exclude-path=empty --exclude-path=dir/below --exclude-path=dir/below/equal
	same "$what: exclusions that match nothing" \
		"mkfs.erofs: warning: nothing is left out by --exclude-path=dir/belwo mkfs.erofs: warning: nothing is left out by --exclude-regex=[.]seceret$" \
		"$(tr '\n' ' ' <"$work/.said" | sed 's/ $//')"
	from "$mode" --quiet --exclude-path=dir/belwo
	same "$what: --quiet" "" "$(cat "$work/.said")"
done

# An image inside its source, left out of it.
cp -a "$work/s" "$work/t"
mkdir "$work/t/out"
excluding=(--exclude-path=out --exclude-path=./out/image.erofs '--exclude-regex=[.]erofs$')
! built_with LZ4 || excluding+=("--exclude-path=/out/image.erofs -zlz4")
for options in "${excluding[@]}"; do
	for again in new again; do
		# shellcheck disable=SC2086
		check "$options: image inside its source, $again" "$MKFS" --quiet $options "$work/t/out/image.erofs" "$work/t"
		check "$options: image inside its source, $again: fsck" "$FSCK" "$work/t/out/image.erofs"
		same "$options: image inside its source, $again: not in itself" 0 "$("$DUMP" --ls -R --path=/ "$work/t/out/image.erofs" | grep -c erofs)"
	done
	rm "$work/t/out/image.erofs"
done
for options in "" --exclude-path=ou --exclude-path=dir '--exclude-regex=^image' "--exclude-path=out/image"; do
	# shellcheck disable=SC2086
	refused "'$options': image inside its source" "inside.*--exclude-path=out/image.erofs" "$MKFS" $options "$work/t/out/image.erofs" "$work/t"
done
check_not "image inside its source: nothing left" test -e "$work/t/out/image.erofs"
rm -rf "$work/t"

# ---- links, xattrs
# The image through a pipe, once it is finished; into a file as under its name.
check "piped: build" "$MKFS" --quiet -T1 "$image" "$work/s"
for name in - /dev/stdout; do
	check "piped to '$name'" bash -c '"$@" | cat >"$0"' "$work/piped" "$MKFS" -T1 --workers=2 "$name" "$work/s"
	check "piped to '$name': the same image" cmp "$image" "$work/piped"
	check "'$name' is a file" bash -c '"$@" >"$0"' "$work/piped" "$MKFS" -T1 "$name" "$work/s"
	check "'$name' is a file: the same image" cmp "$image" "$work/piped"
done
check "piped from an archive" bash -c 'tar -C "$1" -c . | "$2" -T1 --tar=f - | cat >"$3"' - "$work/s" "$MKFS" "$work/piped"
check "piped from an archive: clean" "$FSCK" "$work/piped"
refused "a pipe that nobody reads" "cannot write the image to standard output: broken pipe" bash -c 'set -o pipefail; "$@" | true; exit ${PIPESTATUS[0]}' - "$MKFS" -T1 - "$work/s"
refused "a full disk behind it" "cannot write the image to standard output: no space" bash -c '"$@" >/dev/full' - "$MKFS" - "$work/s"
for option in --json --offset=4096 "--vmdk-desc=$work/vmdk"; do
	refused "$option and a pipe" "${option%%=*}.* has no place where standard output is the image" bash -c 'set -o pipefail; "$@" | cat' - "$MKFS" "$option" - "$work/s"
done
same "nothing is left in TMPDIR" "" "$(mkdir "$work/tmp"; TMPDIR=$work/tmp "$MKFS" - "$work/s" | tail -c +999999999; ls -A "$work/tmp")"
refused "no room for it" "TMPDIR" bash -c 'set -o pipefail; "$@" | cat' - env TMPDIR=/proc "$MKFS" - "$work/s"
# On a terminal: how to mount it.
on_terminal() { script -qec "$(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'; }
if command -v script >/dev/null; then
	said=$(on_terminal "$MKFS" -T1 "$FP_OPT" "$work/an image" "$work/s")
	check "what next: mount" grep -qxF "  mount it:     mount -t erofs -o loop '$work/an image' /mnt" <(echo "$said")
	check "what next: share" grep -qF "mount -t erofs -o inode_share,domain_id=apps,verify '$work/an image' /mnt" <(echo "$said")
	"$MKFS" --quiet "$work/thin-of" "$work/s"
	check "what next: devices" grep -qxF "  mount it:     mount -t erofs -o device=$work/thin-of $work/thin /mnt" <(on_terminal "$MKFS" "$work/thin" "$work/thin-of" --index)
	check "what next: offset" grep -qF -- "-o loop,offset=4096 " <(on_terminal "$MKFS" --offset=4096 "$work/behind" "$work/s")
	for width in 20 200; do
		wide=$(script -qec "stty cols $width; $(printf '%q ' "$MKFS" "$work/wide" "$work/s") >/dev/null" /dev/null </dev/null | tr '\r' '\n' | sed 's/\x1b\[K//g' | grep packing | awk '{ if (length() > n) n = length() } END { print n + 0 }')
		check "progress on a terminal of $width columns ($wide)" test "$wide" -gt 10 -a "$wide" -lt $width -a \( $width = 20 -o "$wide" -gt 20 \)
	done
	same "terminal: no place for an image" "mkfs.erofs: standard output is a terminal, no place for an image" "$(on_terminal "$MKFS" - "$work/s")"
else
	skip "terminal: no script(1)"
fi
check_not "no terminal: nothing next" grep -q 'mount it' <("$MKFS" "$work/next" "$work/s")
# One file is "1 file"; sizes are those of the other tools.
mkdir "$work/one" && seq 3000 >"$work/one/file"
same "singular" "1 file, 1 directory, 13.6 KiB" "$("$MKFS" "$work/single" "$work/one" | sed -n 's/.* (\(1 file, 1 directory\)), \(.*\) of contents/\1, \2/p')"
same "singular, fsck" "1 directory, 1 file of 13.6 KiB" "$("$FSCK" "$work/single" | sed -n 's/.* inodes, //p')"
if is_root; then
	# A file system on a directory, and on a file; on a directory the same one again, which is no other.
	mkdir "$work/s/other" "$work/s/again" && : >"$work/s/here" && echo other >"$work/other-file"
	mount -t tmpfs other "$work/s/other" && mounts+=("$work/s/other") && echo x >"$work/s/other/inside"
	mkdir "$work/file-system" && mount -t tmpfs file "$work/file-system" && mounts+=("$work/file-system")
	echo y >"$work/file-system/file" && mount --bind "$work/file-system/file" "$work/s/here" && mounts+=("$work/s/here")
	mount --bind "$work/s/dir" "$work/s/again" && mounts+=("$work/s/again")
	built "all file systems" -T1 "$image" "$work/s"
	same "all file systems" "/again/ten-thousand /here /other/inside" "$("$DUMP" --ls -R "$image" | grep -oE '/(other|again|here)(/inside|/ten-thousand)?$' | grep -E 'here|inside|ten' | sort | xargs)"
	built "--one-file-system" --one-file-system "$image" "$work/s"
	same "--one-file-system" "/again/ten-thousand" "$("$DUMP" --ls -R "$image" | grep -oE '/(other|again|here)(/inside|/ten-thousand)?$' | grep -E 'here|inside|ten' | sort | xargs)"
	check "--one-file-system: the directory stays" "$DUMP" --path=/other "$image"
	for at in other here again; do unmount "$work/s/$at"; done
	rm -rf "$work/s/other" "$work/s/here" "$work/s/again"
else
	skip "--one-file-system: not root"
fi
built "--hard-dereference" --hard-dereference "$image" "$work/s"
seen "--hard-dereference" "1 1" bash -c 'echo $(stat -c %h hello dir/linked)'
if is_root; then
	cp -a "$work/s" "$work/xa"
	for file in hello dir/ten-thousand dir/below/equal empty; do
		setfattr -n security.same -v "$(printf '%0200d' 1)" "$work/xa/$file"
	done
	setfattr -n user.com.example.one -v 1 "$work/xa/hello"
	setfattr -n user.com.example.two -v 2 "$work/xa/empty"
	shared_zone() { # bytes of a value in the image: shared ones are there once
		grep -abo "$(printf '%0200d' 1)" "$image" | grep -c .
	}
	for case in "2 1" "3 1" "4 4" "1000 4" "-1 0" "0 1" "1 1"; do
		tolerance=${case% *}
		check "-x $tolerance: build" "$MKFS" --quiet -x "$tolerance" "$image" "$work/xa"
		check "-x $tolerance: fsck" "$FSCK" "$image"
		same "-x $tolerance: copies of a value that four files have" "${case#* }" "$(shared_zone)"
	done
	# Below zero: no xattrs of the source at all; fingerprints are not the source's.
	check "-x -1 with fingerprints: build" "$MKFS" --quiet -x -1 "$FP_OPT" "$image" "$work/xa"
	check "-x -1 with fingerprints: fsck --ishare" "$FSCK" --ishare "$image"
	seen "-x -1: no xattrs" "" bash -c "getfattr -Rd -m 'security|user' . 2>/dev/null"
	check "default sharing: build" "$MKFS" --quiet "$image" "$work/xa"
	same "default sharing" 1 "$(shared_zone)"
	check "--xattr-prefix: build" "$MKFS" --quiet --xattr-prefix=user.com.example. "$image" "$work/xa"
	check "--xattr-prefix: fsck" "$FSCK" "$image"
	same "--xattr-prefix is stored once" 1 "$(grep -abo com.example. "$image" | grep -c .)"
	if can_mount && mount_image "$image" "$work/mnt"; then
		check "--xattr-prefix: mounted tree" "$tools/treecmp" "$work/xa" "$work/mnt"
		unmount "$work/mnt"
	fi
	rm -rf "$work/xa"
fi

# ---- superblock
built "-L and -U" -L fifteen-letters -U "$uuid" "$image" "$work/s"
same "-L" fifteen-letters "$(blkid -p -s LABEL -o value "$image")"
same "-U" "$uuid" "$(blkid -p -s UUID -o value "$image")"
check "dump -s shows the UUID" grep -qiF "$uuid" <("$DUMP" -s "$image")
check "dump -s shows the label" grep -qF fifteen-letters <("$DUMP" -s "$image")
built "-Enosbcrc" -Enosbcrc "$image" "$work/s"
same "-Enosbcrc: no checksum bit" 0 $(($(od -An -tu4 -j1032 -N4 "$image") & 1))
built "checksum" "$image" "$work/s"
same "the checksum bit is set otherwise" 1 $(($(od -An -tu4 -j1032 -N4 "$image") & 1))
for bits in 512 1024 2048 4096; do
	built "-b $bits" -b $bits "$image" "$work/s"
	same "-b $bits" $bits $((1 << $(od -An -tu1 -j1036 -N1 "$image")))
	same "-b $bits: whole blocks" 0 $(($(stat -c %s "$image") % bits))
done

# ---- dedupe
mkdir "$work/d"
head -c 300000 /dev/urandom >"$work/d/a"
cp "$work/d/a" "$work/d/b"
check "dedupe: build" "$MKFS" --quiet "$image" "$work/d"
once=$(stat -c %s "$image")
check "dedupe: fsck" "$FSCK" "$image"
check "--dedupe-files=0: build" "$MKFS" --quiet --dedupe-files=0 "$image" "$work/d"
twice=$(stat -c %s "$image")
check "--dedupe-files=0: fsck" "$FSCK" "$image"
check "equal files are stored once ($once, $twice bytes)" test $((once + 250000)) -lt "$twice"
check "equal files keep their own inodes" "$MKFS" --quiet "$image" "$work/d"
seen "equal files keep their own inodes, mounted" "1 1 2" bash -c 'echo $(stat -c %h a b) $(stat -c %i a b | sort -u | wc -l)'

# ---- in place: an offset, an existing file, a block device
head -c 1048576 /dev/urandom >"$work/disk"
truncate -s 3000000 "$work/disk"
cp "$work/disk" "$work/disk.before"
check "--offset into an existing file" "$MKFS" --quiet --offset=1048576 "$work/disk" "$work/s"
check "--offset: what stands before is kept" cmp -n 1048576 "$work/disk" "$work/disk.before"
check "--offset: fsck" "$FSCK" --offset=1048576 "$work/disk"
check "--offset: dump" "$DUMP" --offset=1048576 --ls --path=/ "$work/disk"
if can_mount && mount_image "$work/disk" "$work/mnt" offset=1048576; then
	check "--offset: mounted tree" "$tools/treecmp" "$work/s" "$work/mnt"
	unmount "$work/mnt"
fi
check "--offset into a new file" "$MKFS" --quiet --offset=8192 "$work/new" "$work/s"
check "--offset into a new file: fsck" "$FSCK" --offset=8192 "$work/new"
truncate -s 8M "$work/disk"
if is_root && loop=$(losetup -f --show "$work/disk" 2>/dev/null); then
	loops+=("$loop")
	# A device is full of what was deleted. Without libblkid nobody can tell that from another file system.
	forced=()
	if ! built_with libblkid; then
		forced=(--force)
		refused "block device with other data" "--force overwrites" "$MKFS" --quiet "$FP_OPT" "$loop" "$work/s"
	fi
	check "block device" "$MKFS" --quiet "${forced[@]}" "$FP_OPT" "$loop" "$work/s"
	check "block device: fsck" "$FSCK" --ishare "$loop"
	mkdir -p "$work/mnt"
	if mount -t erofs -o ro "$loop" "$work/mnt" 2>/dev/null; then
		check "block device: mounted tree" "$tools/treecmp" "--ignore-xattr=$FP_NAME" "$work/s" "$work/mnt"
		umount "$work/mnt"
	fi
	losetup -d "$loop"
else
	skip "no loop devices"
fi
check "an existing image is written in place" "$MKFS" --quiet "$image" "$work/s"
ln -sf image "$work/link"
check "output through a symlink" "$MKFS" --quiet "$work/link" "$work/s"
check "output through a symlink: fsck" "$FSCK" "$work/link"
check "the image is readable by all, as the umask says" test "$(stat -L -c %a "$image")" = 644

# ---- dump's views
check "views: build" "$MKFS" --quiet "$FP_OPT" "$image" "$work/s"
for view in -s -S "--ls --path=/dir" "--ls -R --path=/" "-e --path=/dir/ten-thousand" "--path=/hello" --fingerprints --fingerprints=json; do
	# shellcheck disable=SC2086
	check "dump $view" "$DUMP" $view "$image"
done
check "--ls prints NID TYPE FILENAME" grep -qE '^ *[0-9]+ +regular +ten-thousand$' <("$DUMP" --ls --path=/dir "$image")
check "--cat" cmp "$work/s/dir/ten-thousand" <("$DUMP" --cat --path=/dir/ten-thousand "$image")
if command -v python3 >/dev/null; then
	for view in -s -S "--ls --path=/dir" "--ls -R --path=/" "-e --path=/dir/ten-thousand" "--path=/hello" --fingerprints; do
		# shellcheck disable=SC2086
		check "dump --json $view" bash -o pipefail -c '"$0" --json "$@" | python3 -c "import json,sys; json.load(sys.stdin)"' "$DUMP" $view "$image"
	done
fi
finish
