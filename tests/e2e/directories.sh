#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Compressed directories (--zD, and by default in a metabox): programs see what they see of the source's, whatever they do with them; by every
# algorithm, in every layout; not larger than stored ones; as layers, sources and indexes; what is refused.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP" "$tools/dirwalk"
# shellcheck source=tests/e2e/lib_roundtrip.sh
. "$top_srcdir/tests/e2e/lib_roundtrip.sh"
image=$work/image
algorithm=lz4
for name in liblzma:lzma libdeflate:deflate Zstandard:zstd LZ4:lz4; do ! built_with "${name%:*}" || algorithm=${name#*:}; done
has() { case $1 in lz4*) built_with LZ4 ;; zstd*) built_with Zstandard ;; deflate*) built_with libdeflate ;; lzma*) built_with liblzma ;; esac; }
has "$algorithm" || skip_all "built without any algorithm"

kernel_is() { # MAJOR MINOR: at least
	local major minor
	IFS=. read -r major minor _ < <(uname -r)
	[ "$major" -gt "$1" ] || { [ "$major" = "$1" ] && [ "${minor%%[!0-9]*}" -ge "$2" ]; }
}
build() { rm -f "$image" && "$MKFS" --quiet -T1 --mkfs-time "$@" "$image" "$source"; }
layout() { "$DUMP" --path="$1" "${2:-$image}" | sed -n 's/.*Layout: [0-9]* (\(.*\))/\1/p'; }
is_compressed() { case $(layout "$@") in compressed_*) ;; *) return 1 ;; esac; }

# WIDE: the number of entries of the widest; all names are links to one file, so that entries are all there is to store.
source=$work/s
wide=4000
[ ! "$LONG" ] || wide=20000
python3 - "$source" $wide <<'END'
import os, random, sys
random.seed(7)
def fill(name, names):
    os.makedirs(os.path.join(root, name))
    for each in names:
        os.link(file, os.path.join(root, name, each))
root, wide = os.fsencode(sys.argv[1]), int(sys.argv[2])
os.mkdir(root)
file = os.path.join(root, b'file')
open(file, 'w').close()
anything = [bytes([i]) for i in range(1, 256) if i != 0x2f]
noise = lambda size: b''.join(random.choice(anything) for _ in range(size))
fill(b'wide', [b'entry-%d-of-many' % (i * 7919) for i in range(wide)])
# 64 entries of 64 bytes fill a block, 32 half of one; the dots take their part of the first.
fill(b'full', [b'%052d' % i for i in range(400)])
fill(b'first', [b'-' * 40 + b'%05d' % i for i in range(300)])  # before the dots
fill(b'long', [b'n' * 248 + b'%07d' % i for i in range(200)])
fill(b'noise', {noise(random.choice((3, 20, 100, 255))) for _ in range(300)} - {b'.', b'..'})
fill(b'incompressible', {noise(250) for _ in range(60)})
fill(b'small', [b'%d' % i for i in range(20)])
for at, count in (b'tree', 130), (b'tree/7', 150), (b'tree/7/7', 160):
    for i in range(count):
        os.makedirs(os.path.join(root, at, b'%d' % i if i < 9 else b'with-a-longer-name-%d' % i), exist_ok=True)
END
find "$source" -exec touch -h -d @1500000000 {} +
directories=(. wide full first long noise incompressible small tree tree/7 tree/7/7)

# What programs do with directories, in the mounted image and in the source.
walks_like() { # WHAT DIR
	local name
	for name in "${directories[@]}"; do "$tools/dirwalk" "$2/$name" || echo "$name"; done >"$work/walked" 2>&1
	same "$1: read, sought and looked up" "$expected" "$(cat "$work/walked")"
}
expected=$(for name in "${directories[@]}"; do find "$source/$name" -mindepth 1 -maxdepth 1 -printf 'x\n' | wc -l; done | awk '{ print $1 + 2 }')

comes_back() { # WHAT LINUX OPTIONS...: since which version
	local what=$1 since=$2
	shift 2
	check "$what: build" build "$@" || return
	check "$what: fsck" "$FSCK" "$image"
	is_compressed /wide && is_compressed /tree/7 || fail "$what: directories are $(layout /wide) and $(layout /tree/7)"
	is_compressed /small && fail "$what: a small directory is compressed"
	# Others had clusters of LZ4 before.
	case $since$* in 5.4*legacy* | *tail* | *frag*) ;; 5.4* | 5.13*) others_accept "$what" "$image" old ;; *) others_accept "$what" "$image" new ;; esac
	# shellcheck disable=SC2086
	if ! can_mount || ! kernel_is ${since/./ }; then
		skip "$what: this kernel does not mount it"
		extracted_equals "$what" "$source" "$image"
	elif mount_image "$image" "$work/mnt"; then
		walks_like "$what" "$work/mnt"
		check "$what: mounted tree" "${compare[@]}" "$source" "$work/mnt"
		unmount "$work/mnt"
	else
		fail "$what: $(cat "$work/.mount-err")"
	fi
}

# ---- every algorithm, layout and size of blocks; each has a turn
number=0
while read -r since name options; do
	number=$((number + 1))
	has "$name" && { [ "$LONG" ] || [ $((number % 4)) = 1 ]; } || continue
	# shellcheck disable=SC2086
	comes_back "-z$name $options" "$since" "-z$name" $options
done <<-'END'
	5.4 lz4 --zD
	5.4 lz4hc --zD -Efull-index
	5.13 lz4hc --zD -C65536
	6.8 lz4 --zD -b512
	5.16 lzma --zD -C65536
	6.10 zstd --zD -C16384 --min-kernel=6.10
	6.8 deflate --zD -b1024 -C4096
	6.15 zstd,19 --zD -E48bit
	6.15 deflate --zD -E48bit -b512 --extent-size=512
	6.15 lzma --zD -E48bit,dot-omitted
	5.4 lz4 --zD -Elegacy-compress
	6.17 deflate -m4096 -b512
	6.17 zstd --min-kernel=6.17
	6.17 lz4 -m4096 -Edot-omitted
	6.17 lzma -m1M -E48bit -b2048
	6.17 deflate -m512 -b512 -x0
	5.17 lz4 --zD -Eztailpacking -C16384
	6.1 lz4 --zD -Eall-fragments
	6.17 zstd -m64K -C65536 -Efragments
END

# ---- smaller, never larger; on by default in a metabox alone
size() { stat -c %s "$image"; }
for options in "-z$algorithm" "-z$algorithm -E48bit" "-z$algorithm -m16K"; do
	# shellcheck disable=SC2086
	build $options --zD=0 && stored=$(size) && ! is_compressed /wide && pass "$options: --zD=0 stores them" || fail "$options: --zD=0"
	# shellcheck disable=SC2086
	build $options --zD=1 && [ "$(size)" -lt $((stored - 100000)) ] && pass "$options: smaller" || fail "$options: $(size), stored $stored bytes"
	case $options in *48bit | *-m*) ;; *) ! is_compressed /incompressible || fail "$options: what does not shrink is compressed" ;; esac
done
build "-z$algorithm" && ! is_compressed /wide && pass "stored without a metabox" || fail "compressed without a metabox"
build -m4096:"$algorithm" && is_compressed /wide && pass "a metabox alone: compressed" || fail "a metabox alone: stored"

# ---- the same bytes from any number of workers, from a directory and from an archive
for options in "-z$algorithm --zD" "-z$algorithm -m4096"; do
	sums=
	# shellcheck disable=SC2086
	for workers in 0 1 3; do build $options --workers=$workers && sums+="$(sha256sum <"$image" | cut -c1-64) "; done
	same "$options: the same bytes from any number of workers" "3 1" "$(wc -w <<<"$sums") $(xargs -n1 <<<"$sums" | sort -u | wc -l)"
done
tar -C "$source" -cf - . | "$MKFS" --quiet "-z$algorithm" -m4096 --tar=f "$work/of-tar" - &&
	check "an archive: fsck" "$FSCK" "$work/of-tar" && extracted_equals "an archive" "$source" "$work/of-tar"
is_compressed /wide "$work/of-tar" || fail "an archive: directories are stored"
rm -f "$work/of-tar"

# A name alone is changed, in clusters, whose sizes stay.
"$MKFS" --quiet -T1 "-z$algorithm" --zD "$work/one" "$work/s" && mv "$work/s/full/$(printf %052d 7)" "$work/s/full/$(printf %051d 0)x"
touch -d @1500000000 "$work/s/full" && "$MKFS" --quiet -T1 "-z$algorithm" --zD "$work/other" "$work/s"
mv "$work/s/full/$(printf %051d 0)x" "$work/s/full/$(printf %052d 7)" && touch -d @1500000000 "$work/s/full"
uuid() { "$DUMP" -s "$1" | grep -i uuid; }
[ "$(uuid "$work/one")" != "$(uuid "$work/other")" ] && pass "another name, another UUID" || fail "another name, the same UUID"
rm -f "$work/one" "$work/other"

# ---- as sources: taken over as they are, and pointed to
build "-z$algorithm" --zD && mv "$image" "$work/before"
check "--restamp" "$MKFS" --quiet --restamp "$image" "$work/before" && check "--restamp: fsck" "$FSCK" "$image"
is_compressed /wide && pass "--restamp keeps them compressed" || fail "--restamp stored them"
mounted_equals "--restamp" "$source" "$image"
check "--restamp of stored ones" "$MKFS" --quiet --force --zD=0 "-z$algorithm" -m4096 "$work/stored" "$source"
check "--restamp of stored ones" "$MKFS" --quiet --force --restamp "$image" "$work/stored"
! is_compressed /wide && pass "--restamp keeps them stored" || fail "--restamp compressed them"
check "an image of it" "$MKFS" --quiet --force "$image" "$work/before" --clean=data
extracted_equals "an image of it" "$source" "$image"
check "an index" "$MKFS" --quiet --force "$image" "$work/before"
check "an index: fsck" "$FSCK" "--device=$work/before" "$image"
if can_mount && loops+=("$(losetup -f --show -r "$work/before")") && mount_image "$image" "$work/mnt" "device=${loops[-1]}"; then
	check "an index, mounted" "${compare[@]}" "$source" "$work/mnt"
	unmount "$work/mnt"
fi

# ---- overlayfs: entries of a large directory that a layer above takes away
if can_mount && kernel_is 6 17 && grep -qw overlay /proc/filesystems; then
	mkdir -p "$work/upper-source/wide" "$work/mnt" "$work/mnt2" "$work/merged"
	(cd "$source/wide" && printf '%s\n' * | awk 'NR % 3 == 0') >"$work/gone"
	(cd "$work/upper-source/wide" && python3 -c "import os, stat, sys
for name in sys.stdin: os.mknod(name.rstrip(), stat.S_IFCHR, 0)" <"$work/gone")
	build "-z$algorithm" -m4096 && mv "$image" "$work/lower"
	check "a layer with whiteouts: build" "$MKFS" --quiet --force "-z$algorithm" -m4096 "$image" "$work/upper-source"
	if mount_image "$work/lower" "$work/mnt" && mount_image "$image" "$work/mnt2" &&
		mount -t overlay -o "ro,lowerdir=$work/mnt2:$work/mnt" overlay "$work/merged"; then
		mounts+=("$work/merged")
		same "under overlayfs" "$(cd "$source/wide" && printf '%s\n' * | grep -vxFf "$work/gone")" "$(cd "$work/merged/wide" && printf '%s\n' *)"
		check "under overlayfs: read, sought and looked up" "$tools/dirwalk" --ignore-numbers "$work/merged/wide"
		unmount "$work/merged"
		unmount "$work/mnt2"
		unmount "$work/mnt"
	else
		fail "overlayfs: cannot mount"
	fi
fi

# ---- 20,000 names that differ in the last bytes shrink to so little that a reader might take them for a trap
rm -rf "$work/alike" && mkdir "$work/alike" && python3 - "$work/alike" <<'END'
import os, sys
os.mkdir(sys.argv[1] + '/d')
open(sys.argv[1] + '/f', 'w').close()
for i in range(20000):
    os.link(sys.argv[1] + '/f', sys.argv[1] + '/d/' + 'a' * 245 + '%07d' % i)
END
for options in '-zlzma -m128K' '-zzstd --zD -C65536' '-zlzma --zD -C65536' '-zdeflate --zD -E48bit --extent-size=4096'; do
	has "${options#-z}" && { [ "$LONG" ] || [[ $options != *-m* ]]; } || continue
	# shellcheck disable=SC2086
	check "$options: names that are much alike" "$MKFS" --quiet --force $options "$image" "$work/alike" &&
		check "$options: names that are much alike, fsck" "$FSCK" "$image"
	same "$options: all are listed" 20002 "$("$DUMP" --ls --path=/d "$image" | grep -c 'aaa\|\.$')"
done

# ---- hostile ones: found, quickly and in little memory, by all that go through them
cat >"$work/spoil.py" <<'END'
import struct, sys
path, nid, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
image = bytearray(open(path, 'rb').read())
at = struct.unpack_from('<I', image, 1024 + 0x28)[0] * 4096 + 32 * nid
extended = image[at] & 1
assert struct.unpack_from('<H', image, at + 2)[0] == 0, 'no xattrs'
header = at + (64 if extended else 32)
record = (header + 8 + 15) // 16 * 16
def put(form, where, *values): struct.pack_into(form, image, where, *values)
def size(value): put('<Q' if extended else '<I', at + 8, value)
count = struct.unpack_from('<I', image, header)[0]
plen, start = struct.unpack_from('<II', image, record)
if how == 'huge': size(0x7ffff000)
if how == 'zeros':
    size(0x7ffff000)
    for i in range(count): put('<I', record + 16 * i, 0)
if how == 'zero': put('<I', record, 0)
if how == 'beyond': put('<I', record + 4, 0x7fffffff)
if how == 'past': put('<I', record + 4, len(image) - 100)
if how == 'short': put('<I', record, plen - 7)
if how == 'algorithm': put('<I', record, plen & 0xfffffff | 15 << 28)
if how == 'inode': put('<I', record + 4, at)
if how == 'order': put('<I', record + 12, 4096)
if how == 'none': put('<I', header, 0)
if how == 'bytes':
    for i in range(40, 60): image[start + i] ^= 0x5a
if how == 'loop':
    root = struct.unpack_from('<H', image, 1024 + 14)[0]
    names = [(b'.', nid), (b'..', root), (b'again', nid), (b'root', root)]
    block, names_at = bytearray(), 12 * len(names)
    for name, to in names:
        block += struct.pack('<QHBB', to, names_at, 2, 0)
        names_at += len(name)
    block += b''.join(name for name, _ in names)
    image[start:start + len(block)] = block
    size(len(block))
    put('<I', header, 1)
    put('<I', record, len(block))
open(path, 'wb').write(image)
END
build "-z$algorithm" -E48bit --zD && mv "$image" "$work/sound"
nid=$("$DUMP" --path=/wide "$work/sound" | sed -n 's/^NID: *\([0-9]*\).*/\1/p')
for how in huge zeros zero beyond past short algorithm inode order none bytes loop; do
	cp "$work/sound" "$image" && python3 "$work/spoil.py" "$image" "$nid" $how || fail "$how: cannot make it"
	for tool in "$FSCK" "$FSCK --extract=$work/hostile" "$DUMP --ls -R" "$MKFS --force --quiet --restamp $work/of-hostile"; do
		# shellcheck disable=SC2086
		(ulimit -v "$hostile_limit"; timeout 20 $tool "$image") >"$work/.out" 2>&1
		status=$?
		rm -rf "$work/hostile" "$work/of-hostile"
		# 8: nothing that this version knows.
		case $status in 1 | 4 | 8) ;; *) fail "$how: exit $status of $tool" ;; esac
	done
	grep -q . "$work/.out" && pass "a hostile directory: $how" || fail "$how: nothing is said"
done

refused "nothing says how" "--zD: .*-z" "$MKFS" --zD "$work/refused" "$source"
refused "neither 0 nor 1" "--zD='2'" "$MKFS" "-z$algorithm" --zD=2 "$work/refused" "$source"
refused "--restamp leaves what it is" "--restamp.*--zD" "$MKFS" --restamp --zD "$work/refused" "$work/before"
finish
