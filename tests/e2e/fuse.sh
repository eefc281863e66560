#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# erofsfuse: images of every layout show the same as the kernel's own EROFS does, names, numbers, xattrs and all; several readers at
# once; devices, offsets, mount options; damaged images; users without privilege; what is refused, and how it ends. Long: twelve
# real roots ($ROOTS), larger trees, more damage.
. "$(dirname "$0")/lib.sh"
FUSE=${FUSE:-$top_builddir/erofsfuse}
[ -x "$FUSE" ] || skip_all "built without libfuse"
need_tools "$MKFS" "$tools/treegen" "$tools/treecmp" "$tools/corrupt"
[ -w /dev/fuse ] || skip_all "/dev/fuse is not here, or not for us"
is_root || command -v fusermount3 >/dev/null || skip_all "needs root or fusermount3"
command -v mountpoint >/dev/null || skip_all "needs mountpoint"

wait_until() { # COMMAND...: up to 20 seconds
	local i
	for ((i = 0; i < 400; i++)); do "$@" 2>/dev/null && return; sleep 0.05; done
	return 1
}

# show IMAGE DIR ARGUMENTS...: in the foreground, so that its status is seen when it ends
show() {
	local image=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	# Bash's background ignores SIGINT, nohup SIGHUP.
	env --default-signal=HUP,INT,TERM "$FUSE" -f "$@" "$image" "$dir" >"$work/.said" 2>&1 </dev/null &
	shown=$!
	wait_until mountpoint -q "$dir" || { fail "$image is not shown: $(head -n 3 "$work/.said")"; return 1; }
	mounts+=("$dir")
}
hide() { # DIR
	local status i
	if is_root; then umount "$1"; else fusermount3 -u "$1"; fi || fail "$1 cannot be unmounted"
	wait "$shown"
	status=$?
	for ((i = 0; i < ${#mounts[@]}; i++)); do [ "${mounts[i]}" != "$1" ] || unset 'mounts[i]'; done
	mounts=("${mounts[@]}")
	[ "$status" = 0 ] || { fail "erofsfuse ends with status $status"; head -n 20 "$work/.said"; }
}

# What stat(2) and readdir(3) say of all that is below, d_ino and `.` and `..` included.
listing() { # DIR
	(
		cd "$1" || exit
		find . -printf '%p %i %y %m %n %U %G %s %b %T@ %C@ %A@ %l\n' | sort
		find . -maxdepth 3 -exec stat -c '%n %t:%T %o' {} + | sort
		find . -maxdepth 2 -type d -exec ls -fia {} + | sort
		stat -f -c '%S %s %b %a %f %c %d %l' .
	)
}
attributes() { # DIR: of all namespaces that we may see
	(cd "$1" && find . -maxdepth 4 ! -type l -print0 | sort -z | xargs -0 getfattr -d -m - -e hex 2>&1)
	(cd "$1" && find . -maxdepth 4 ! -type l -print0 | sort -z | xargs -0 getfacl -cnp 2>&1)
}

# compare NAME IMAGE [KERNEL-OPTIONS [OUR-ARGUMENTS...]]: with the kernel's mount
compare() {
	local name=$1 image=$2 options=${3:-}
	shift 2; [ $# = 0 ] || shift
	if ! mount_image "$image" kernel "$options"; then
		skip "$name: this kernel does not mount it"
		show "$image" fuse "$@" || return
		check "$name: all can be read" tar -C fuse -cf /dev/null .
		hide fuse
		return
	fi
	if show "$image" fuse "$@"; then
		same "$name: attributes and numbers" "$(listing kernel)" "$(listing fuse)"
		check "$name: tree, contents, xattrs" "$tools/treecmp" kernel fuse
		# Once for all layouts, and where they lie elsewhere: this takes long, and treecmp has compared names and values.
		case $LONG$name in plain | metabox | 1*) same "$name: xattrs and ACLs" "$(attributes kernel)" "$(attributes fuse)" ;; esac
		hide fuse
	fi
	unmount kernel
}

# ---- every layout, against the kernel ---------------------------------------------------------------------------------------------

"$tools/treegen" odd odd >/dev/null || skip_all "no tree"
seq 1 20000 >odd/numbers
layouts() {
	while read -r name options; do
		[ "$name" ] || continue
		# shellcheck disable=SC2086
		if ! "$MKFS" -d1 $options "$name.img" odd >.out 2>&1; then
			grep -q 'built without' .out && skip "$name: $(cat .out)" || fail "$name: $(cat .out)"
			continue
		fi
		compare "$name" "$name.img"
		[ "$LONG" ] || rm -f "$name.img"
	done
}
if can_mount; then
	layouts <<-END
		plain $FP_OPT
		blocks-of-512 -b512
		no-dots -E48bit,dot-omitted
		lz4 -zlz4
		zstd -zzstd -C65536 $FP_OPT
		zstd-extents -zzstd -E48bit,fragments
		deflate-tails -zdeflate -b512 -C4096 -Eztailpacking
		lzma-fragments -zlzma -C65536 -Eall-fragments
		metabox -zlz4 -m4096 -x1
	END
	small_tree others
	images=()
	if [ "$LONG" ]; then
		compressed_images others
	else
		seq 1 9000 >others/text
		for mkfs in /usr/bin/mkfs.erofs "${PEER_DIR:-}/bin/mkfs.erofs"; do
			[ ! -x "$mkfs" ] || { "$mkfs" -d0 -zlz4 -C65536 -Eztailpacking,dedupe other.img others >.out 2>&1 && compare "$mkfs" other.img; }
		done
	fi
	for image in "${images[@]}"; do compare "${image##*/}" "$image"; done
else
	skip "comparison with the kernel: it cannot mount EROFS here"
fi

# ---- against the source; also where the kernel's EROFS is out of reach -------------------------------------------------------------

small_tree small
"$MKFS" --quiet plain.img small
if show plain.img fuse; then
	check "the source itself" "$tools/treecmp" --no-xattrs small fuse
	check "hard links have one number" test fuse/hello -ef fuse/dir/linked
	check_not "nothing can be written" touch fuse/new
	check_not "a name that is not there" stat fuse/no-such-name
	check "the kernel's table names image and program" grep -q "$work/plain.img $work/fuse fuse.erofsfuse ro" /proc/self/mounts
	hide fuse
fi

# Names enough for many answers, rewound and continued.
mkdir many && (cd many && seq -f 'a-name-that-takes-some-room-%06g' 1 "${LONG:+10}5000" | xargs touch)
"$MKFS" --quiet many.img many
if show many.img fuse; then
	same "names of a large directory" "$(ls many)" "$(ls fuse)"
	check "positions in it" python3 - fuse <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDONLY)
		first = os.listdir(fd)
		assert os.listdir(fd) == first, "rewound"
	END
	hide fuse
fi

# A part of a file: the image behind other bytes, and data elsewhere.
{ head -c 8192 /dev/urandom; cat plain.img; } >moved.img
show moved.img fuse --offset=8192 && { check "--offset" "$tools/treecmp" --no-xattrs small fuse; hide fuse; }
show moved.img fuse -o offset=0x2000 && { check "-o offset" "$tools/treecmp" --no-xattrs small fuse; hide fuse; }
tar --sort=name -C small -cf small.tar .
if "$MKFS" --quiet --tar=i index.img small.tar; then
	ln small.tar 'a,comma.tar'
	show index.img fuse --device=small.tar && { check "--device" "$tools/treecmp" --no-xattrs --ignore-mtime small fuse; hide fuse; }
	show index.img fuse -o 'device=a\,comma.tar' &&
		{ check "-o device, with a comma" "$tools/treecmp" --no-xattrs --ignore-mtime small fuse; hide fuse; }
	refused "without its device" "index.img: device 1 of its table.* is not given" "$FUSE" index.img fuse
	refused "a device that is not there" "no-such-file: No such file" "$FUSE" --device=no-such-file index.img fuse
fi

# Two layers under an index: three files of data behind one tree.
mkdir -p upper/dir && seq 5000 >upper/numbers && echo new >upper/hello
encoded=(); ! built_with LZ4 || encoded=(-zlz4)
"$MKFS" --quiet "${encoded[@]}" layer-0 small && "$MKFS" --quiet "${encoded[@]}" layer-1 upper
if check "an index over two layers: made" "$MKFS" --quiet --index thin.img layer-0 layer-1 &&
	cp -a small merged && cp -a upper/. merged/ && show thin.img fuse --device=layer-0 --device=layer-1; then
	check "an index over two layers" "$tools/treecmp" --no-xattrs --ignore-mtime merged fuse
	hide fuse
	refused "one layer of two" "thin.img: device 2 of its table.* is not given" "$FUSE" --device=layer-0 thin.img fuse
fi

# What users of libfuse know. A loop of many threads has the main one besides, which waits.
threads() { # MOST ARGUMENTS...
	local most=$1
	shift
	show plain.img fuse "$@" || return
	check "$*: the tree" bash -c 'for i in 1 2 3 4 5 6; do "$0" --no-xattrs small fuse & all+=($!); done; for i in "${all[@]}"; do wait $i || exit; done' "$tools/treecmp"
	check "$*: $most threads" test "$(sed -n "s/^Threads:[[:space:]]*//p" "/proc/$shown/status")" -le "$most"
	hide fuse
}
case $(ldd "$FUSE" 2>/dev/null) in *libtsan* | *libasan*) spare=1 ;; *) spare=0 ;; esac # threads of a sanitizer's own
threads $((1 + spare)) -s
threads $((3 + spare)) -o max_threads=2
threads $((4 + spare)) -o max_threads=3,max_idle_threads=1,clone_fd
check "a table's words are for others" bash -c '"$0" plain.img fuse -o defaults,noauto,nofail,_netdev,users,x-systemd.automount,X-mount.mkdir,comment=a && cmp small/hello fuse/hello && fusermount3 -u fuse' "$FUSE"
if mkdir -p fuse && show plain.img fuse -d; then
	cat fuse/hello >/dev/null
	hide fuse
	check "-d: each request" grep -q LOOKUP "$work/.said"
fi

# fstab(5): mount(8) calls mount.fuse3, which finds erofsfuse where programs are.
by_table() {
	printf '#!/bin/sh\nexec %q "$@"\n' "$FUSE" >wrapper && chmod 755 wrapper
	printf '%s %s fuse.erofsfuse ro,nosuid,noauto,nofail,x-systemd.automount,cache_size=8M 0 0\n' "$work/plain.img" "$work/fuse" >table
	cat >in-table.sh <<-'END'
		mount -t tmpfs none /usr/local/bin && cp wrapper /usr/local/bin/erofsfuse && mount -T table fuse &&
			grep "$PWD/fuse fuse.erofsfuse ro,nosuid" /proc/self/mounts && cmp small/hello fuse/hello && umount fuse &&
			mount.fuse3 "erofsfuse#$PWD/plain.img" fuse -o ro,x-systemd.automount && cmp small/hello fuse/hello && umount fuse
	END
	check "by a line of fstab(5)" unshare -m --propagation private bash in-table.sh
}
if is_root && command -v mount.fuse3 >/dev/null && [ -d /usr/local/bin ]; then by_table; else skip "fstab(5): needs root and mount.fuse3"; fi

# ---- several readers, a small cache -------------------------------------------------------------------------------------------------

# Of `shuffled`, no two blocks lie beside each other where files are in chunks.
mkdir mixes && head -c 2500000 "$MKFS" >mixes/programs && seq 1 "${LONG:+3}100000" >mixes/numbers
truncate -s 3M mixes/hole && cat mixes/numbers >>mixes/hole
python3 - mixes/programs mixes/shuffled <<-'END'
	import sys
	data = open(sys.argv[1], "rb").read()
	blocks = [data[at:at + 4096] for at in range(0, len(data) // 4096 * 4096, 4096)]
	open(sys.argv[2], "wb").write(b"".join(blocks[i * 7 % len(blocks)] for i in range(200)))
END
readers() { # NAME CACHE [FILE...]: eight of them, each with sizes and places of its own
	show "$work/mixes.img" fuse --cache-size="$2" || return
	[ $# -lt 3 ] || check "$1: in a row" cmp "mixes/$3" "fuse/$3"
	check "$1: eight readers, cache of $2" python3 - mixes fuse "${LONG:+6000}" "${@:3}" <<-'END'
		import os, random, sys, threading
		source, shown, count = sys.argv[1], sys.argv[2], int(sys.argv[3] or 300)
		wrong = []
		def read(seed):
		    chance = random.Random(seed)
		    for name in sys.argv[4:] or ("programs", "numbers", "hole"):
		        with open(f"{source}/{name}", "rb") as right, open(f"{shown}/{name}", "rb", buffering=0) as fd:
		            size = os.fstat(right.fileno()).st_size
		            for i in range(count):
		                at, length = chance.randrange(size + 100), chance.choice([1, 100, 4096, 4097, 70000, 300000])
		                os.posix_fadvise(fd.fileno(), at, length, os.POSIX_FADV_DONTNEED)
		                if os.pread(fd.fileno(), length, at) != os.pread(right.fileno(), length, at):
		                    wrong.append((name, at, length))
		threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
		for thread in threads: thread.start()
		for thread in threads: thread.join()
		assert not wrong, wrong[:5]
	END
	hide fuse
}
for options in "" "-zlz4" "-zzstd -C65536 -Efragments" "-zzstd -E48bit" "-zlzma -C65536"; do
	# shellcheck disable=SC2086
	"$MKFS" -d1 $options "$work/mixes.img" mixes >.out 2>&1 || { skip "mixes $options: $(cat .out)"; continue; }
	readers "${options:-plain}" 1M
done
readers "nothing kept" 0
"$MKFS" -d1 --chunksize=4096 "$work/mixes.img" mixes >.out 2>&1 && readers "chunks of a block" 1M shuffled

# ---- damage ------------------------------------------------------------------------------------------------------------------------

if built_with LZ4; then
	"$MKFS" --quiet -zlz4 damaged.img mixes
	# Of its first extent: "0: 0.. 9000 | 9000 : 4096.. 8192 | ..."
	at=$("$DUMP" -e --path=/programs damaged.img | sed -n 's/^ *0: .* : *\([0-9]*\)\.\. .*/\1/p')
	head -c 4096 /dev/zero | tr '\0' '\377' | dd of=damaged.img bs=1 seek="$at" conv=notrunc 2>.out
	if show damaged.img fuse; then
		check_not "damaged data" cat fuse/programs
		cp .out read-said
		check "... are an error of reading" grep -q 'Input/output error' read-said
		check "... and -f says which file" grep -q "damaged.img: nid [0-9]*: its contents cannot be read: the image is damaged" .said
		check "... other files are read" cmp mixes/numbers fuse/numbers
		hide fuse
	fi
fi
# Whatever is wrong, it ends as it should; --dbglevel=0 has it say nothing of the image.
damaged=0
for ((seed = 1; seed <= ${COUNT:-${LONG:+40}5}; seed++)); do
	for name in plain.img mixes.img; do
		"$tools/corrupt" "$((${SEED:-0} + seed))" "$name" bad.img
		"$FUSE" --dbglevel=0 bad.img fuse >/dev/null 2>&1 || { damaged=$((damaged + 1)); continue; }
		mountpoint -q fuse && mounts+=("$work/fuse")
		timeout 60 tar -C fuse -cf /dev/null . >/dev/null 2>&1
		[ $? != 124 ] || fail "seed $seed of $name: a reader hangs"
		(cd fuse && timeout 60 find . -exec getfattr -d -m - {} + >/dev/null 2>&1)
		if is_root; then umount fuse; else fusermount3 -u fuse; fi || fail "seed $seed of $name: it has crashed"
	done
done
pass "damaged images: $damaged were refused"
# Cut while it is mounted: what is gone cannot be read, and is not taken for zeros.
cp plain.img cut.img && head -c 3000000 /dev/urandom >small/noise && "$MKFS" --quiet cut.img small
if show cut.img fuse; then
	truncate -s 1M cut.img
	check_not "an image that was cut" cat fuse/noise
	hide fuse
fi
rm -f small/noise

# ---- background, mistakes -----------------------------------------------------------------------------------------------------------

check "goes to the background when it is mounted" "$FUSE" plain.img fuse
check "... and is mounted then" cmp small/hello fuse/hello
mounts+=("$work/fuse")
check "ends when it is unmounted" fusermount3 -u fuse
end_by() { # SIGNAL
	show plain.img fuse || return
	kill -s "$1" "$shown"
	wait_until eval '! mountpoint -q fuse' || kill -s KILL "$shown"
	wait "$shown"
	same "SIG$1 ends it" 0 $?
	check_not "... and unmounts it" mountpoint -q fuse
}
end_by TERM
end_by HUP
end_by INT
printf 'no image' >text
refused "no image" "text: too small for an EROFS image" "$FUSE" text fuse
refused "an image that is not there" "no-such.img: No such file" "$FUSE" no-such.img fuse
refused "no directory" "cannot mount .*plain.img on no-such-dir: No such file" "$FUSE" "$work/plain.img" no-such-dir
refused "a file as the directory" "cannot mount plain.img on text: Not a directory" "$FUSE" plain.img text
refused "an unknown mount option" "cannot mount plain.img on fuse: unknown option.*nonsense.$" "$FUSE" plain.img fuse -o nonsense
refused "a mount option, almost" "allow_othr. \(did you mean 'allow_other'\?\)" "$FUSE" plain.img fuse -o allow_othr
mistaken() { # WHAT PATTERN ARGUMENTS...: status 1, the cause and a line that names --help
	local what=$1 pattern=$2 status
	shift 2
	"$FUSE" "$@" >.said 2>&1
	status=$?
	same "$what" "1 2 1 1" "$status $(wc -l <.said) $(head -n 1 .said | grep -cE -e "$pattern") $(tail -n 1 .said | grep -cx "Try 'erofsfuse --help'.")"
}
mistaken "an option, almost" "^erofsfuse: unknown option '--ofset=4' \(did you mean '--offset'\?\)$" --ofset=4 plain.img fuse
mistaken "a letter" "^erofsfuse: unknown option '-q'$" -q plain.img fuse
mistaken "an option without its value" "^erofsfuse: --device needs a value$" plain.img fuse --device
check_not "no image given" "$FUSE"
check_not "no directory given" "$FUSE" plain.img
check_not "a wrong size" "$FUSE" --cache-size=much plain.img fuse
check_not "nothing is mounted after all this" mountpoint -q fuse
check "--help" "$FUSE" --help
check "--version" "$FUSE" --version
cp .out version
check "--version names libfuse" grep -q '^libfuse 3' version
"$FUSE" plain.img fuse -o rw 2>.err && mounts+=("$work/fuse")
check "rw is said to be read-only" grep -q 'plain.img is mounted read-only' .err
fusermount3 -u fuse

# ---- without privilege ---------------------------------------------------------------------------------------------------------------

# In a mount namespace of its own, where everybody may use /dev/fuse, as most distributions have it.
without_root() {
	mkdir -p nobody/m taken && cp plain.img nobody/ && chown -R 65534:65534 nobody && chmod 755 "$work"
	cat >as-nobody.sh <<-END
		mknod fuse-device c 10 229 && chmod 666 fuse-device && mount --bind fuse-device /dev/fuse || exit 9
		nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "\$@"; }
		nobody test -x '$FUSE' && nobody fusermount3 -V || exit 9
		set -e
		nobody '$FUSE' nobody/plain.img nobody/m
		nobody cmp small/hello nobody/m/hello
		! ls nobody/m/dir
		nobody fusermount3 -u nobody/m
		! nobody '$FUSE' nobody/plain.img taken 2>taken.said
	END
	unshare -m --propagation private bash as-nobody.sh >.out 2>&1
	case $? in
	0) pass "as another user: shown to that one alone, ended by it" ;;
	9) skip "as another user: $(tail -n 1 .out)" && return ;;
	*) fail "as another user: $(cat .out)" && return ;;
	esac
	same "a directory of somebody else: one line" 1 "$(wc -l <taken.said)"
	check "... with the cause" grep -q 'cannot mount nobody/plain.img on taken: .*no write access to mountpoint' taken.said
}
in_namespace() {
	if ! unshare -Urm true 2>/dev/null; then skip "in a user namespace: none can be made here"; return; fi
	check "in a user namespace" unshare -Urm sh -c "'$FUSE' plain.img fuse && cmp small/hello fuse/hello && umount fuse"
}
# ACLs count for others, and names that are root's to see are not shown to them.
others_and_xattrs() {
	mkdir -p named && echo x | tee named/shown named/by-acl >named/file && chmod 600 named/by-acl
	if ! setfattr -n user.seen -v 1 named/file || ! setfattr -n trusted.unseen -v 1 named/file || ! setfacl -m u:65534:r named/by-acl ||
		! setfacl -m u:65534:- named/shown; then skip "xattrs and ACLs of others: cannot be set here"; return; fi
	"$MKFS" --quiet named.img named && show named.img fuse -o allow_other || return
	same "root sees names of trusted xattrs" "trusted.unseen user.seen" "$(getfattr -m - fuse/file | grep -v '^#' | sort | xargs)"
	same "... others do not" user.seen "$(as_nobody getfattr -m - fuse/file | grep -v '^#' | xargs)"
	check "an ACL lets somebody in" as_nobody cat fuse/by-acl
	check_not "an ACL keeps somebody out" as_nobody cat fuse/shown
	hide fuse
}
is_root && without_root
in_namespace
if is_root; then
	if show plain.img fuse -o allow_other; then
		chmod 755 "$work"
		check "allow_other: others may look" as_nobody cmp small/hello fuse/hello
		hide fuse
	fi
	mkdir -p secret && echo x >secret/file && chmod 600 secret/file && "$MKFS" --quiet secret.img secret
	if show secret.img fuse -o allow_other; then
		check_not "... but not where modes forbid it" as_nobody cat fuse/file
		hide fuse
	fi
	others_and_xattrs
fi

# ---- real roots ------------------------------------------------------------------------------------------------------------------------

if [ "$LONG" ] && [ -d "${ROOTS:-}" ]; then
	for root in "$ROOTS"/*/; do
		for options in "" "-zzstd -E48bit,fragments"; do
			# shellcheck disable=SC2086
			"$MKFS" -d1 $options root.img "$root" >/dev/null || { fail "$root"; continue; }
			show root.img fuse && { check "$(basename "$root") $options" "$tools/treecmp" "$root" fuse; hide fuse; }
		done
	done
elif [ "$LONG" ]; then skip "real roots: ROOTS names none"
fi
finish
