#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# DEFLATE pieces that end anywhere: Linux does not finish one if nothing but the mark of its end lies on its last page. Of as
# many files as these some would, if they were not moved on. And what begins with a zero, which readers take for padding.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP" "$FSCK"
command -v python3 >/dev/null || skip_all "no python3"

mkdir "$work/s"
python3 - "$work/s" <<'END'
import random, sys
random.seed(5)
words = [bytes(random.choices(b'abcdefghijklmnop', k=random.randint(2, 9))) for _ in range(400)]
for number in range(2500):
    length = random.randint(4200, 30000)
    with open('%s/f%04d' % (sys.argv[1], number), 'wb') as file:
        file.write(b' '.join(random.choices(words, k=length // 6)))
# Several segments of many pieces: moved on in the middle of a file.
for number in range(3):
    with open('%s/long%d' % (sys.argv[1], number), 'wb') as file:
        file.write(b' '.join(random.choices(words, k=900000)))
# As short a pattern as can be, so that small pieces are many and tiny: no place for them all is without a bad one.
random.seed(6)
with open(sys.argv[1] + '/patterns', 'wb') as file:
    while file.tell() < 4 << 20:
        file.write((bytes(random.choices(b'abcdefgh', k=random.randint(1, 5))) * 512)[:512])
END

# ends IMAGE: of all encoded extents, how many end so many bytes behind a page boundary, 1 to 2
ends() {
	python3 - "$DUMP" "$1" <<'END'
import json, subprocess, sys
dump, image = sys.argv[1:]
names = ['f2138', 'patterns'] + ['long%d' % i for i in range(3)]
bad = 0
for name in names:
    out = subprocess.run([dump, '--json', '-e', '--path=/' + name, image], check=True, capture_output=True).stdout
    for extent in json.loads(out)['extents']:
        end = (extent['physical'] + extent['physical_length']) % 4096
        bad += extent['kind'] == 'encoded' and 1 <= end <= 2
print(bad)
END
}

for piece in 131072 4096 2048 512; do
	block=4096
	[ $piece -ge 4096 ] || block=512
	check "build, pieces of $piece" "$MKFS" --quiet -b$block -zdeflate,9 -E48bit --extent-size=$piece "$FP_OPT" "$work/image" "$work/s"
	check "no end mark is alone on a page, pieces of $piece" test "$(ends "$work/image")" = 0
	check "fsck, pieces of $piece" "$FSCK" --ishare "$work/image"
	if can_mount && mount_image "$work/image" "$work/mnt"; then
		check "the kernel reads it, pieces of $piece" "$tools/treecmp" "--ignore-xattr=$FP_NAME" "$work/s" "$work/mnt"
		unmount "$work/mnt"
	else
		skip "cannot mount here"
	fi
done

# ---- encoded bytes that would begin with a zero: a first block that is stored and not the last one. libdeflate makes it at some
# levels, where little noise stands in front of much that shrinks well. Five bits of such a block are unused; mkfs sets them.
mkdir "$work/z"
python3 - "$work/z" <<'END'
import random, sys
random.seed(7)
for noise in 5500, 6144, 8192, 16384:
    for size in 131072, 262144, 393216:
        with open('%s/%d-%d' % (sys.argv[1], noise, size), 'wb') as file:
            for _ in range(size // 131072):
                file.write(random.randbytes(noise) + b'a' * (131072 - noise))
END
# marked IMAGE: how many encoded extents begin with those bits, behind the zeros in front of them
marked() {
	python3 - "$DUMP" "$1" "$work/z" <<'END'
import json, os, subprocess, sys
dump, image, source = sys.argv[1:]
bytes = open(image, 'rb').read()
marked = 0
for name in os.listdir(source):
    out = subprocess.run([dump, '--json', '-e', '--path=/' + name, image], check=True, capture_output=True).stdout
    for extent in json.loads(out)['extents']:
        at = extent['physical']
        encoded = bytes[at:at + extent['physical_length']].lstrip(b'\0')
        marked += extent['kind'] == 'encoded' and encoded[0] == 0xf8
print(marked)
END
}

for layout in -C65536 -C1048576 "-E48bit --extent-size=131072" "-E48bit --extent-size=1048576"; do
	what="noise in front, $layout"
	# shellcheck disable=SC2086
	check "build, $what" "$MKFS" --quiet -zdeflate,12 $layout "$FP_OPT" "$work/image" "$work/z"
	[ "$(marked "$work/image")" -gt 0 ] || skip "$what: this libdeflate makes no such block"
	check "fsck, $what" "$FSCK" --ishare --extract="$work/out" "$work/image"
	check "what is extracted, $what" diff -r "$work/z" "$work/out"
	rm -rf "$work/out"
	if can_mount && mount_image "$work/image" "$work/mnt"; then
		check "the kernel reads it, $what" diff -r "$work/z" "$work/mnt"
		unmount "$work/mnt"
	else
		skip "cannot mount here"
	fi
done
finish
