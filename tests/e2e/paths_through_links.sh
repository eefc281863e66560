#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Paths that go through symbolic links of the same archive, or of a lower layer: below the root, as programs that unpack layers
# have it. AUFS' pseudo-links.
# shellcheck disable=SC2002 # a pipe is meant, which a redirected file is not
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
maker=$top_srcdir/tests/e2e/oci_images.py

# layer FILE MEMBER...: "dir/", "file=CONTENT", "link->TARGET", "hard:TARGET"
cat >layer.py <<'END'
import io, re, sys, tarfile
with tarfile.open(sys.argv[1], "w", format=tarfile.GNU_FORMAT) as tar:
    for member in sys.argv[2:]:
        name, kind, value = re.fullmatch(r"(.*?)(?:(=|->|:)(.*))?", member, re.S).groups()
        info = tarfile.TarInfo(name)
        info.mtime, info.mode = 1600000000, 0o755 if not kind else 0o644
        info.type = {None: tarfile.DIRTYPE, "=": tarfile.REGTYPE, "->": tarfile.SYMTYPE, ":": tarfile.LNKTYPE}[kind]
        if kind == "=":
            info.size = len(value)
        else:
            info.linkname = value or ""
        tar.addfile(info, io.BytesIO((value or "").encode()))
END
layer() { python3 layer.py "$@"; }

# What an image holds: names, kinds, targets, contents of files, names that are links to one file.
tree_of() { # IMAGE
	local out=$work/.extracted
	rm -rf "$out"
	"$FSCK" --extract="$out" "$1" >/dev/null 2>&1 || { echo "fsck: $?"; return; }
	(cd "$out" && contents)
}
contents() {
	find . -mindepth 1 -type d -printf '%P/\n' -o -type l -printf '%P->%l\n' -o -type f -printf '%P*%n=' -exec cat {} \; -printf '\n' | sort
}
expected() { printf '%s\n' "$@" | sort; }

# ways NAME EXPECTED...: of NAME.tar, in every way
ways() {
	local name=$1 wanted
	shift
	wanted=$(expected "$@")
	check "$name, file" "$MKFS" --quiet --aufs --tar=f image "$name.tar" && same "$name, file: tree" "$wanted" "$(tree_of image)"
	check "$name, file: fsck" "$FSCK" image
	check "$name, pipe" bash -c 'cat "$1" | "$2" --quiet --aufs --tar=f image' - "$name.tar" "$MKFS" && same "$name, pipe: tree" "$wanted" "$(tree_of image)"
	check "$name, gzip" bash -c 'gzip -c "$1" | "$2" --quiet --aufs --tar=f -zlz4 image' - "$name.tar" "$MKFS" && same "$name, gzip: tree" "$wanted" "$(tree_of image)"
	check "$name, index" "$MKFS" --quiet --aufs --tar=i image "$name.tar" && cat "$name.tar" >>image && same "$name, index: tree" "$wanted" "$(tree_of image)"
	python3 "$maker" layout "$name.oci" gzip "$name.tar"
	check "$name, layer" "$MKFS" --quiet "--oci=$name.oci" image && same "$name, layer: tree" "$wanted" "$(tree_of image)"
	check "$name, each" "$MKFS" --quiet "--oci=$name.oci,layers=each" "$name.each" && same "$name, each: tree" "$wanted" "$(tree_of "$name".each/*.erofs)"
	against_umoci "$name" "$wanted"
}
against_umoci() { # NAME EXPECTED: the layout NAME.oci. It keeps book-keeping and knows no whiteouts in a single layer.
	if ! is_root || ! command -v umoci >/dev/null; then skip "$1: umoci: needs root and umoci"; return; fi
	python3 - "$1.oci/index.json" <<-'END'
		import json, sys
		index = json.load(open(sys.argv[1]))
		index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "t"}
		json.dump(index, open(sys.argv[1], "w"))
	END
	rm -rf unpacked
	check "$1: umoci" umoci unpack --image "$1.oci:t" unpacked && same "$1: as umoci unpacks it" "$2" "$(cd unpacked/rootfs && contents)"
}

layer below.tar ./ app/ app/store/ app/store/pkg/ 'app/pkg->store/pkg' app/pkg/src/index.js=x
ways below app/ app/store/ app/store/pkg/ app/store/pkg/src/ 'app/store/pkg/src/index.js*1=x' 'app/pkg->store/pkg'
layer target.tar ./ usr/ usr/lib/ usr/lib/x=x 'lib->usr/lib' y:lib/x lib/z:lib/x other:./lib/../lib/x
refused "a hard link whose target has a .. of its own" "\.\." "$MKFS" --quiet --tar=f none target.tar
layer target.tar ./ usr/ usr/lib/ usr/lib/x=x 'lib->usr/lib' y:lib/x lib/z:lib/x
ways target usr/ usr/lib/ 'usr/lib/x*3=x' 'usr/lib/z*3=x' 'y*3=x' 'lib->usr/lib'
# Absolute targets, and such as would lead out; through what does not exist; links to links.
layer clamped.tar ./ 'l->/usr/lib' l/a=a 'up->../../../../etc' up/b=b 'd->missing/../other' d/c=c 'dd->l/../x' dd/e=e 'root->/' root/r=r 'dot->./.' dot/s=s
ways clamped usr/ usr/lib/ 'usr/lib/a*1=a' etc/ 'etc/b*1=b' other/ 'other/c*1=c' usr/x/ 'usr/x/e*1=e' 'r*1=r' 's*1=s' 'l->/usr/lib' \
	'up->../../../../etc' 'd->missing/../other' 'dd->l/../x' 'root->/' 'dot->./.'
mkdir -p outside && echo mine >outside/file
layer outside.tar ./ "o->$work/outside" o/file=theirs "p->../../../../../../../../..$work/outside" p/other=x
check "a link to a directory outside" "$MKFS" --quiet --tar=f image outside.tar
same "... is one inside" "file*1=mine" "$(cd outside && contents | tr -d '\n')"
# The last component is not followed, and a directory takes a link's place.
layer last.tar ./ file=1 'l->file' h:l l=2 usr/lib/ 'lib->usr/lib' lib/a=a lib/ lib/b=b
ways last 'file*1=1' 'h->file' 'l*1=2' usr/ usr/lib/ 'usr/lib/a*1=a' lib/ 'lib/b*1=b'
# What is in the link's way later.
layer changed.tar ./ 'l->one' l/a=a 'l->two' l/b=b one/ two/
ways changed one/ 'one/a*1=a' two/ 'two/b*1=b' 'l->two'

bad() { # NAME PATTERN
	local name=$1 pattern=$2
	refused "$name, file" "$pattern" "$MKFS" --quiet --tar=f none "$name.tar"
	refused "$name, pipe" "$pattern" bash -c 'cat "$1" | "$2" --quiet --tar=f none' - "$name.tar" "$MKFS"
	refused "$name, index" "$pattern" "$MKFS" --quiet --tar=i none "$name.tar"
	python3 "$maker" layout "$name.oci" gzip "$name.tar"
	refused "$name, layer" "$pattern" "$MKFS" --quiet "--oci=$name.oci" none
	refused "$name, each" "$pattern" "$MKFS" --quiet "--oci=$name.oci,layers=each" none
	[ ! -e none ] || { fail "$name: left $(ls -d none)"; rm -rf none; }
}
layer loop.tar ./ 'l1->l2' 'l2->l1' l1/a=a
bad loop "member 'l1/a'.*40 symbolic links"
layer loop-target.tar ./ 'l1->l2' 'l2->l1/x' a:l1/b
bad loop-target "40 symbolic links"
layer through-file.tar ./ file=1 'l->file' l/a=a
bad through-file "member 'l/a'.*no directory"
layer dotdot.tar ./ 'l->usr' l/../../a=a
bad dotdot "member 'l/../../a'.*\.\."

# What is left out stays out, whichever way leads to it.
layer excluded.tar ./ usr/lib/ usr/lib/secret=1 'lib->usr/lib' lib/other=2 lib/secret=3 h:lib/other
check "excluded" "$MKFS" --quiet --tar=f --exclude-path=usr/lib/secret image excluded.tar
same "excluded: tree" "$(expected usr/ usr/lib/ 'usr/lib/other*2=2' 'h*2=2' 'lib->usr/lib')" "$(tree_of image)"

# ---- layers ----------------------------------------------------------------------------------------------------------------

layers() { # NAME EXPECTED...: NAME-*.tar over each other
	local name=$1 wanted
	shift
	wanted=$(expected "$@")
	python3 "$maker" layout "$name.oci" gzip "$name"-*.tar
	check "$name" "$MKFS" --quiet "$FP_OPT" "--oci=$name.oci" image && same "$name: tree" "$wanted" "$(tree_of image)"
	check "$name: fsck" "$FSCK" --ishare image
	against_umoci "$name" "$wanted"
}
layer lower-0.tar ./ usr/ usr/lib/ usr/lib/x=x usr/lib/y=y 'lib->usr/lib' opt/ opt/a=a 'data->/opt' gone/ 'gone/l->../usr'
layer lower-1.tar ./ lib/b=b lib/.wh.x= h:lib/y data/.wh..wh..opq= data/n=n .wh.gone=
layers lower usr/ usr/lib/ 'usr/lib/y*2=y' 'h*2=y' 'usr/lib/b*1=b' 'lib->usr/lib' opt/ 'opt/n*1=n' 'data->/opt'
layer directory-0.tar ./ usr/ usr/lib/ usr/lib/x=x 'lib->usr/lib' 'other->usr'
layer directory-1.tar ./ lib/ lib/b=b .wh.other= other/c=c
layers directory usr/ usr/lib/ 'usr/lib/x*1=x' lib/ 'lib/b*1=b' other/ 'other/c*1=c'

# What seems to be hidden by a path, and is not: it was another one when it was made, or has another name.
layer seems-0.tar ./ c/ 'a->c' a/b=lower x/ x/kept=kept y=y
layer seems-1.tar ./ h:x/kept .wh.x= .wh.a= a/ a/b=upper y/ y/z=z
layer seems-2.tar ./ x=x 'y/z=new' 'n->y' n/more=more
layers seems c/ 'c/b*1=lower' a/ 'a/b*1=upper' 'h*1=kept' 'x*1=x' y/ 'y/z*1=new' 'y/more*1=more' 'n->y'
layer again-0.tar ./ d/ d/f=0 d/g=0 e=0
layer again-1.tar ./ d=1 e/ e/f=1
layer again-2.tar ./ d/ d/f=2 .wh.e=
layer again-3.tar ./ d/ d/.wh..wh..opq= d/h=3 e=3
layers again d/ 'd/h*1=3' 'e*1=3'

# What is hidden is not packed: the image of layers that replace each other's files is that of the last one.
for n in 0 1 2 3; do
	layer "replaced-$n.tar" ./ "a=$(seq ${n}0000 ${n}9999)" "gone$n=$(seq 1 9999)" ".wh.gone$((n - 1))=" \
		in/ "in/away$n/" "in/away$n/f=$(seq ${n}1000 ${n}9000)" "in/.wh.away$((n - 1))="
done
layer replaced.tar ./ "a=$(seq 30000 39999)" "gone3=$(seq 1 9999)" in/ in/away3/ "in/away3/f=$(seq 31000 39000)"
python3 "$maker" layout one.oci gzip replaced.tar
python3 "$maker" layout four.oci gzip replaced-*.tar
for name in one four; do check "replaced, $name" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time --oci=$name.oci $name.img; done
check "replaced: as if they had not been" cmp one.img four.img
tar -czf four.tar.gz -C four.oci .
check "replaced, in a compressed archive" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time --oci=four.tar.gz packed.img
check "replaced, in a compressed archive: the same" cmp four.img packed.img

# ---- AUFS' pseudo-links --------------------------------------------------------------------------------------------------------

against_umoci() { :; } # it knows none
layer pseudo.tar ./ .wh..wh.plnk/ .wh..wh.plnk/99.100=pseudo .wh..wh.plnk/1.2=unused .wh..wh.aufs= .wh..wh.orph/ .wh..wh.orph/x=y \
	etc/ etc/p:.wh..wh.plnk/99.100 q:./.wh..wh.plnk/99.100 file=1
ways pseudo etc/ 'etc/p*2=pseudo' 'q*2=pseudo' 'file*1=1'
cp pseudo.tar two-0.tar
layer two-1.tar ./ .wh..wh.plnk/ /.wh..wh.plnk/99.100=second r:.wh..wh.plnk/99.100 .wh.q=
layers two etc/ 'etc/p*1=pseudo' 'r*1=second' 'file*1=1'
# Each layer has its own.
layer none-0.tar .wh..wh.plnk/99.100=first a:.wh..wh.plnk/99.100
layer none-1.tar ./ b:.wh..wh.plnk/99.100
python3 "$maker" layout none.oci gzip none-*.tar
refused "a pseudo-link of a lower layer" "member 'b'.*not in the archive" "$MKFS" --quiet --oci=none.oci none
finish
