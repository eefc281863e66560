#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# containerfile.sh: the steps of Containerfile, one after the other, in directories in place of images, and the tools of the last
# one. No registry is needed: debian:12 is made with mmdebstrap, from the mirrors of this machine. Some minutes.
# Prints "ok - ", "not ok - " and "skip - " lines.
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$here/..}
# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"
need_root
command -v mmdebstrap >/dev/null || skip_all "no mmdebstrap"
chmod 755 "$work"
mapfile -t sources < <(grep -lE 'debian' /etc/apt/sources.list /etc/apt/sources.list.d/debian* 2>/dev/null)

root='' directory=/ number=0
declare -A names
# Not by the PATH that an image has.
chroot=$(command -v chroot)
declare -A environment=([PATH]=/usr/sbin:/usr/bin:/sbin:/bin)
inside() {
	local name words=()
	for name in "${!environment[@]}"; do words+=("$name=${environment[$name]}"); done
	env -i "${words[@]}" DEBIAN_FRONTEND=noninteractive LC_ALL=C "$chroot" "$root" "$@"
}
from() { # IMAGE [AS NAME]
	number=$((number + 1)) root=$work/stage-$number directory=/
	[ $# = 1 ] || names[$3]=$root
	case $1 in
	scratch) mkdir "$root" ;;
	debian:12) mmdebstrap --quiet --variant=minbase bookworm "$root" "${sources[@]}" ;;
	*) echo "no image $1" && return 1 ;;
	esac
}
copy() { # [--from=NAME] SOURCE TARGET
	case $1 in
	--from=*) cp -a "${names[${1#--from=}]}$2." "$root$3" ;;
	# As .containerignore says.
	*) mkdir -p "$root$2" && tar -C "$top_srcdir" --exclude-vcs --exclude-ignore=.containerignore -c . | tar -C "$root$2" -x ;;
	esac
}
step() { # INSTRUCTION REST
	local words
	read -r -a words <<<"$2"
	case $1 in
	FROM) from "${words[@]}" ;;
	RUN) inside sh -c "cd $directory && $2" ;;
	COPY) copy "${words[@]}" ;;
	WORKDIR) directory=$2 && mkdir -p "$root$2" ;;
	ENV) environment[${2%%=*}]=${2#*=} ;;
	CMD) python3 -c 'import json, sys; print("\n".join(json.loads(sys.argv[1])))' "$2" >"$work/command" ;;
	*) echo "no instruction $1" && return 1 ;;
	esac
}
while read -r instruction rest; do
	case $instruction in '' | '#'*) continue ;; esac
	# Not by `check`: a step changes variables.
	if step "$instruction" "$rest" >"$work/.step" 2>&1; then pass "$instruction ${rest:0:60}"; else
		fail "$instruction $rest"
		tail -n 40 "$work/.step"
		finish
	fi
done <"$top_srcdir/Containerfile"

same "the last image has nothing but" "bin tmp" "$(cd "$root" && echo *)"
same "the tools" "$(printf '%s\n' dump.erofs fsck.erofs mkfs.erofs mount.erofs umount.erofs)" "$(cd "$root/bin" && printf "%s\n" [^e]*)"
mapfile -t command <"$work/command"
check "its command" inside "${command[@]}"
mkdir "$root/in" && cp -r "$top_srcdir/doc" "$root/in/"
check "an image" inside mkfs.erofs --quiet -zzstd --ishare-fingerprint=sha256 /tmp/image /in
check "its check" inside fsck.erofs --ishare /tmp/image
finish
