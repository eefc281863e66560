#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# layers=cache: containerd's layer cache, by one writer, by several at once, by some that are killed or fail.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
need_root
maker=$top_srcdir/tests/e2e/oci_images.py

mkdir one two three
small_tree one
seq 1 60000 >one/text
echo two >two/file && : >three/.wh.file
for name in one two three; do tar -C $name --sort=name -cf $name.tar .; done
form=plain
built_with libdeflate && form=gzip
check "image" python3 "$maker" layout first $form one.tar two.tar || finish
check "another image" python3 "$maker" layout second $form one.tar three.tar
entry_of() { local sum; sum=$(sha256sum <"$1" | cut -d' ' -f1); echo "sha256/${sum:0:2}/$sum.erofs"; }
entries() { (cd "$1" && find . -type f -name '[!.]*' | sed 's,^./,,' | sort); }
one=$(entry_of one.tar) two=$(entry_of two.tar) three=$(entry_of three.tar)

# ---- one writer ----------------------------------------------------------------------------------------------------------------------

check "first image" bash -c 'umask 077; "$@"' - "$MKFS" --quiet --oci=first,layers=cache cache
same "entries by diffID" "$(printf '%s\n' "$one" "$two" | sort)" "$(entries cache)"
same "mode" "644 644" "$(stat -c %a "cache/$one" "cache/$two" | paste -sd' ')"
same "nothing else" "" "$(find cache -name '.*' -type f)"
for entry in $one $two; do check "fingerprints of $entry" "$FSCK" --ishare "cache/$entry"; done
before=$(stat -c '%i %Y' "cache/$one")
check "second image" "$MKFS" --oci=second,layers=cache cache
grep -q "$one: is there already" .out && pass "... says what was there" || fail "... says what was there"
same "the first layer was not built again" "$before" "$(stat -c '%i %Y' "cache/$one")"
same "three entries" "$(printf '%s\n' "$one" "$two" "$three" | sort)" "$(entries cache)"
if can_mount && mount_image "cache/$three" mnt; then
	same "whiteouts are overlayfs'" "character special file 0,0" "$(stat -c '%F %t,%T' mnt/file)"
	unmount mnt
else skip "cannot mount here"; fi
# An entry that is there is not even read.
python3 "$maker" layout broken plain one.tar
: >"broken/blobs/$(entry_of one.tar | sed 's,/../,/,; s,.erofs,,')"
check "a layer that is there is not read" "$MKFS" --quiet --oci=broken,layers=cache cache
for workers in 0 1 3; do
	sleep 0.01
	check "$workers workers" "$MKFS" --quiet --workers=$workers --no-fsync --oci=first,layers=cache "workers-$workers"
	check "$workers workers: same bytes" cmp "cache/$one" "workers-$workers/$one"
done
check "without fingerprints" "$MKFS" --quiet --ishare-fingerprint=none --oci=first,layers=cache bare
check_not "... there are none" "$FSCK" --ishare "bare/$one"
check "another digest" "$MKFS" --quiet --ishare-fingerprint=sha512 --oci=first,layers=cache other
check "... is used" "$DUMP" --fingerprints=sha512sum "other/$one"

# ---- hash trees ----------------------------------------------------------------------------------------------------------------------

sound_pairs() { # WHAT CACHE: sidecars are those of their entries
	local entry wrong=
	for entry in $(cd "$2" && find . -name '[!.]*.erofs'); do
		python3 - "$2/$entry" <<-'END' || wrong="$wrong $entry"
			import hashlib, json, sys
			data, said = open(sys.argv[1], "rb").read(), json.load(open(sys.argv[1] + ".dmverity"))
			digest = lambda block: hashlib.sha256(bytes(32) + block).digest()
			level = [data[i:i + 4096] for i in range(0, said["hashoffset"], 4096)]
			while len(level) > 1:
			    digests = b"".join(map(digest, level))
			    level = [digests[i:i + 4096].ljust(4096, b"\0") for i in range(0, len(digests), 4096)]
			sys.exit(data[said["hashoffset"]:][:6] != b"verity" or digest(level[0]).hex() != said["roothash"])
		END
	done
	same "$1: each sidecar is its entry's" "" "$wrong"
}
check "with a tree, over entries that have none" "$MKFS" --quiet --verity --oci=first,layers=cache cache
same "... which are replaced" "$(printf '%s\n' "$one" "$one.dmverity" "$two" "$two.dmverity" "$three" | sort)" "$(entries cache)"
mkdir trees && cp -a cache/. trees && rm "trees/$three"
sound_pairs "with a tree" trees
# A sidecar whose writer was killed before its entry came.
rm "trees/$one"
check "a lone sidecar, and no tree wanted" "$MKFS" --quiet --oci=first,layers=cache trees
[ ! -e "trees/$one.dmverity" ] && pass "... goes" || fail "... stays beside an entry that is not its own"

# ---- several at once -----------------------------------------------------------------------------------------------------------------

for round in 1 2 3 4 5; do
	rm -rf many
	pids=()
	for n in 0 1 2 3; do
		# shellcheck disable=SC2086
		"$MKFS" --quiet --verity --fsalignblks=$((1 + n)) --oci=first,layers=cache many 2>>many.err &
		pids+=($!)
		"$MKFS" --quiet --verity --fsalignblks=$((1 + n)) --oci=second,layers=cache many 2>>many.err &
		pids+=($!)
	done
	failed=0
	for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
	same "round $round: all writers succeed" "0 " "$failed $(cat many.err)"
	same "round $round: entries" "$(printf '%s\n' "$one" "$one.dmverity" "$two" "$two.dmverity" "$three" "$three.dmverity" | sort)" "$(entries many)"
	same "round $round: nothing else" "" "$(find many -name '.*' -type f)"
	sound_pairs "round $round" many
done
# What has its name is complete at every moment.
(while [ ! -e stop ]; do for entry in seen-[1-5]/"$one" seen-[1-5]/"$two"; do [ ! -e "$entry" ] || "$FSCK" "$entry" >/dev/null 2>&1 || echo "$entry"; done; done) >seen.bad &
reader=$!
for n in 1 2 3 4 5; do
	"$MKFS" --quiet --oci=first,layers=cache seen-$n &
	"$MKFS" --quiet --oci=first,layers=cache seen-$n
	wait $!
done
: >stop
wait $reader
same "a reader sees no half entry" "" "$(sort -u seen.bad)"

# ---- killed and failing ones ---------------------------------------------------------------------------------------------------------

mkdir slow && seq 1 3000000 >slow/text && tar -C slow -cf slow.tar .
python3 "$maker" layout long plain slow.tar
"$MKFS" --quiet --workers=0 --oci=long,layers=cache killed &
victim=$!
for ((i = 0; i < 500; i++)); do [ "$(find killed -type f 2>/dev/null)" ] && break; sleep 0.01; done
kill -KILL $victim
wait $victim 2>/dev/null
left=$(find killed -type f)
case $left in */.*) pass "a killed writer leaves a name with a dot" ;; *) fail "a killed writer leaves '$left'" ;; esac
same "... and no entry" "" "$(entries killed)"
check "the next one" "$MKFS" --quiet --oci=long,layers=cache killed
same "... makes it" "$(entry_of slow.tar)" "$(entries killed)"
mkdir full && mount -t tmpfs -o size=200k tmpfs full && mounts+=("$work/full")
refused "a full disk" "No space" "$MKFS" --quiet --verity --oci=first,layers=cache full/cache
same "... leaves no entry" "" "$(find full -type f)"
python3 "$maker" layout bad plain two.tar one.tar
printf x | dd of="bad/blobs/$(entry_of one.tar | sed 's,/../,/,; s,.erofs,,')" bs=1 seek="$(grep -abo '^30000$' one.tar | head -n 1 | cut -d: -f1)" conv=notrunc status=none
refused "a wrong digest" "digest" "$MKFS" --quiet --oci=bad,layers=cache half
same "a wrong digest: the layers before it stay" "$two" "$(cd half && find . -type f | sed 's,^./,,')"
mkdir -p "odd/${one%/*}" && ln -s /etc/passwd "odd/$one"
refused "a link in the place of an entry" "no regular file" "$MKFS" --quiet --oci=first,layers=cache odd
: >file
refused "a file in the place of the cache" "cannot make the directory" "$MKFS" --quiet --oci=first,layers=cache file
refused "--offset" "several" "$MKFS" --quiet --offset=512 --oci=first,layers=cache cache
python3 - <<'END'
import hashlib, json
def put(document):
    text = json.dumps(document).encode()
    name = hashlib.sha256(text).hexdigest()
    open("second/blobs/sha256/" + name, "wb").write(text)
    return {"digest": "sha256:" + name, "size": len(text)}
index = json.load(open("second/index.json"))
get = lambda blob: json.load(open("second/blobs/" + blob["digest"].replace(":", "/")))
manifest = get(index["manifests"][0])
config = get(manifest["config"])
del config["rootfs"]
manifest["config"].update(put(config))
index["manifests"][0].update(put(manifest))
json.dump(index, open("second/index.json", "w"))
END
refused "no diff_ids" "lists no diff_ids" "$MKFS" --quiet --oci=second,layers=cache lacking

# ---- none, everywhere ----------------------------------------------------------------------------------------------------------------

"$MKFS" --quiet "$FP_OPT" with.img one
bare() { # WHAT ARGUMENTS...
	check "none: $1" "$MKFS" --quiet "$FP_OPT" --ishare-fingerprint=none "${@:2}" && check_not "none: $1: no fingerprint" "$FSCK" --ishare bare.img
}
bare "directory" bare.img one
bare "archive" --tar=f bare.img one.tar
bare "image" bare.img with.img
bare "container image" --oci=first bare.img
check "none: restamp" "$MKFS" --quiet --restamp --ishare-fingerprint=none bare.img with.img
check_not "none: restamp: no fingerprint" "$FSCK" --ishare bare.img
if can_mount && mount_image bare.img mnt; then
	same "none: restamp: no xattr of that name" "" "$(getfattr -d -m - -R mnt 2>/dev/null | grep fingerprint)"
	unmount mnt
else skip "cannot mount here"; fi
refused "none has no name" "takes no name" "$MKFS" --ishare-fingerprint=none,name=user.x bare.img one
finish
