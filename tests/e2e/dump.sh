#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# What dump.erofs says about paths: through links, by patterns, as lists, as names that a shell takes.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$DUMP"
export TZ=UTC

# A merged /usr, and links of all kinds.
mkdir -p s/usr/bin s/usr/lib s/etc s/var
echo sh >s/usr/bin/sh && chmod 4755 s/usr/bin/sh
printf 'ID=x\n' >s/usr/lib/os-release
: >s/etc/empty
for name in a b c; do echo $name >s/etc/$name.conf; done
echo hidden >s/etc/.hidden.conf
ln -s usr/bin s/bin
ln -s ../usr/lib/os-release s/etc/os-release
ln -s /etc s/var/absolute
ln -s ../../../../usr s/var/above
ln -s absolute/../bin/./sh s/var/several
ln -s nowhere s/var/dangling
ln -s loop s/var/loop
ln -s empty/ s/etc/slash
mkfifo s/var/fifo
touch -h -d '2020-02-03 04:05:06' s/usr/bin/sh
# What is at the end of 40 links is found, behind 41 it is not.
mkdir s/many && echo end >s/many/0
for ((i = 1; i <= 41; i++)); do ln -s $((i - 1)) s/many/$i; done
check "build" "$MKFS" --quiet "$FP_OPT" -T1700000000 --mkfs-time --all-root image s

names() { "$DUMP" --ls "$@" image | awk 'p { print $NF } /NID TYPE/ { p = 1 }' | xargs; }
same "the README's example" "ID=x" "$("$DUMP" --cat --path=/etc/os-release image)"
same "--ls of a link to a directory" ". .. sh" "$(names --path=/bin)"
same "... with a slash behind it" ". .. sh" "$(names --path=/bin/)"
same "through a link" sh "$("$DUMP" --cat --path=bin/sh image)"
same "an absolute target" a "$("$DUMP" --cat --path=/var/absolute/a.conf image)"
same "a target above the root" sh "$("$DUMP" --cat --path=/var/above/bin/sh image)"
same "several links with dots" sh "$("$DUMP" --cat --path=/var/several image)"
same "dots behind a link are those of its target" sh "$("$DUMP" --cat --path=/bin/../../usr/./bin/sh image)"
same "40 links" end "$("$DUMP" --cat --path=/many/40 image)"
refused "41 links" "many/41.*symbolic links" "$DUMP" --cat --path=/many/41 image
refused "a loop" "var/loop.*symbolic links" "$DUMP" --cat --path=/var/loop image
refused "a dangling link" "var/dangling.*No such file" "$DUMP" --cat --path=/var/dangling image
refused "a file as a directory" "Not a directory" "$DUMP" --path=/bin/sh/. image
refused "a link to a file with a slash" "Not a directory" "$DUMP" --path=/etc/slash image
refused "--no-follow: no directory on the way" "bin/sh.*Not a directory" "$DUMP" --no-follow --path=/bin/sh image
same "--no-follow: the link itself" "Target: usr/bin" "$("$DUMP" --no-follow --path=/bin image | grep Target)"
same "--no-follow --cat: the target" usr/bin "$("$DUMP" --no-follow --cat --path=/bin image)"
same "the path says where links led" "Path : /usr/bin/sh (asked for as /bin/sh)" "$("$DUMP" --path=/bin/sh image | head -n 1)"
same "-R has paths without links" "/usr/bin/sh" "$(names -R --path=/bin)"
same "a list of a link to a file is of the link" "symlink /etc/os-release" "$("$DUMP" --ls --path=/etc/os-release image | awk 'END { print $2, $3 }')"

# ---- what a list says --------------------------------------------------------------------------------------------------------

same "types by word" "directory directory fifo regular symlink" \
	"$({ "$DUMP" --ls --path=/var image; "$DUMP" --ls --path=/usr/bin image; } | awk '/^ *[0-9]+ /{ print $2 }' | sort | uniq -c |
		awk '$2 == "directory" { print $2, $2; next } { print $2 }' | xargs)"
"$MKFS" --quiet "$FP_OPT" --all-root times s
same "-l: mode, links, owner, size, time, fingerprint" \
	"-rwsr-xr-x 1 0 0 3 2020-02-03 04:05:06 +0000 sha256:$(sha256sum <s/usr/bin/sh | cut -c1-12) sh" \
	"$("$DUMP" --ls -l --path=/bin times | awk '$NF == "sh" { $1 = ""; print substr($0, 2) }')"
same "-l: a link's target" "lrwxrwxrwx - dangling -> nowhere" "$("$DUMP" --ls -l --path=/var times | awk '/dangling/ { print $2, $(NF - 3), $(NF - 2), $(NF - 1), $NF }')"
check "-l alone: no facts of the directory" test -z "$("$DUMP" --ls -l --path=/var times | grep Layout)"
if is_root; then
	mkdir d && mknod d/null c 1 3 && mknod d/sda b 8 0 && "$MKFS" --quiet devices d
	same "-l: device numbers" "crw-r--r-- 1, 3 brw-r--r-- 8, 0" "$("$DUMP" --ls -l devices | awk '$2 ~ /^[bc]/ { print $2, $6, $7 }' | xargs)"
else
	skip "devices: not root"
fi
check "absolute build time" grep -qE 'build time: +1700000000 \(Tue Nov 14 22:13:20 2023 [+]0000\)' <("$DUMP" -s image)

# ---- patterns --------------------------------------------------------------------------------------------------------------

same "a pattern, --cat" "a b c" "$("$DUMP" --cat --path='/etc/?.conf' image | xargs)"
same "... a leading dot has to be given" hidden "$("$DUMP" --cat --path='/etc/.*.conf' image)"
same "... through links, in the middle" "sh" "$("$DUMP" --cat --path='/b[ij]n/s*' image)"
same "... a name behind a pattern" "ID=x" "$("$DUMP" --cat --path='/*/os-release' image | sort -u)"
same "--ls of a pattern: files, then directories" "/etc/a.conf /etc/b.conf /etc/c.conf" "$(names --path='/etc/*.conf')"
same "... each directory under its name" "/usr/bin: /usr/lib:" "$("$DUMP" --ls --path='/usr/*' image | grep : | xargs)"
same "-l of a pattern shows links" "/var/dangling" "$("$DUMP" --ls -l --path='/var/d*' image | awk 'END { print $(NF - 2) }')"
same "--no-follow goes through no link" "/usr/bin/sh" "$(names --no-follow --path='/*/*/sh')"
refused "a pattern without a match" "x\*.*nothing matches" "$DUMP" --path='/etc/x*' image
mkdir w && echo star >'w/a*' && echo other >w/ab && echo back >'w/a?' && "$MKFS" --quiet wild w
same "what has the name of a pattern means itself" star "$("$DUMP" --cat --path='/a*' wild)"
same "a backslash takes the meaning" back "$("$DUMP" --cat --path='/[a]\?' wild)"

# ---- names ------------------------------------------------------------------------------------------------------------------

mkdir n
odd=('a b' "it's" 'new
line' $'tab\tend' 'back\slash' '$HOME' '`id`' '"quoted"' 'semi;colon' '-rf' '~' '#x' 'star*' '!h' $'not-utf8-\377' $'both\'\n.' 'ä' '=x' '{a,b}' '&' 'a=b')
for name in "${odd[@]}"; do printf '%s' "$name" >"n/$name"; done
"$MKFS" --quiet "$FP_OPT" names n
lost=0 seen=0
while read -r _ _ pasted; do
	case $pasted in . | .. | FILENAME) continue ;; esac
	seen=$((seen + 1))
	eval "name=$pasted"
	# shellcheck disable=SC2154 # it is set by what is pasted
	{ [ -f "n/$name" ] && same "pasted back: $pasted" "$name" "$(eval "\"\$DUMP\" --cat --path=/$pasted names")"; } || lost=$((lost + 1))
done < <("$DUMP" --ls names)
same "all names were pasted" "${#odd[@]} 0" "$seen $lost"
check "plain names have no quotes" grep -qE ' ä$' <("$DUMP" --ls names)

refused "-l without --ls" "goes with --ls" "$DUMP" -l image
refused "--no-follow without a path" "goes with --path" "$DUMP" --no-follow -s image
refused "a manifest of a pattern" "no pattern" "$DUMP" --fingerprints=json --path='/e*' image

# ---- JSON -------------------------------------------------------------------------------------------------------------------

command -v python3 >/dev/null || { skip "JSON: no python3"; finish; }
value() { "$DUMP" --json "$@" | python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$expression"; }
expression='[(e["type"], e["mode"], e["size"], e["fingerprint"][:7]) for e in d["entries"] if e["name"] == "sh"]'
same "JSON: details" "[('regular', '4755', 3, 'sha256:')]" "$(value --ls -l --path=/bin image)"
expression='[m["inode"]["path"] for m in d["matches"]]'
same "JSON: matches" "['/etc/a.conf', '/etc/b.conf', '/etc/c.conf']" "$(value --path='/etc/*.conf' image)"
expression='d["inode"]["path"], d["inode"]["asked"]'
same "JSON: where links led" "('/usr/bin', '/bin')" "$(value --path=/bin image)"

# Damaged images: an orderly end.
bad=0
for ((seed = 1; seed <= 60; seed++)); do
	"$tools/corrupt" "$seed" image damaged
	timeout 20 "$DUMP" --ls -l --path='/*/*' damaged >/dev/null 2>&1 </dev/null
	[ $? -lt 2 ] || { bad=$((bad + 1)); echo "    seed $seed"; }
done
same "damaged images" 0 "$bad"
finish
