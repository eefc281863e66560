#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# make-roots.sh [PAIR...]: two versions of the root file system of one program, as two builds of a container image differ:
# PAIR-a is what the release pocket of Debian 12 had, PAIR-b has the security pocket's updates. Pairs: redis nginx postgres
# mariadb (which stands for mysql, too) tomcat node tensorflow; default redis. tensorflow is node's root with two releases of npm's
# @tensorflow/tfjs and its WebAssembly backend in /srv/app, and needs npm and its registry. They go to $ROOTS, by default a cache folder; what is there already is kept.
# Needs root and mmdebstrap; 1-2 minutes and 0.4-1 GB a pair. Exits 77 when it cannot.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/kernel/mirror.sh
. "$here/mirror.sh"
release=bookworm
ROOTS=${ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/erofs-ishare/roots}

cannot() { echo "skip - $*"; exit 77; }

package_of() {
	case $1 in
	redis) echo redis-server ;;
	nginx) echo nginx ;;
	postgres) echo postgresql-15 ;;
	mariadb) echo mariadb-server ;;
	tomcat) echo tomcat10 ;;
	node | tensorflow) echo nodejs ;;
	*) echo "make-roots.sh: no such pair: $1" >&2; return 1 ;;
	esac
}

# add_program DIR PAIR-LETTER: what is not from Debian.
add_program() {
	local version
	case ${2} in
	tensorflow-a) version=4.21.0 ;;
	tensorflow-b) version=4.22.0 ;;
	*) return 0 ;;
	esac
	npm install --prefix "$1/srv/app" --ignore-scripts --no-audit --no-fund --omit=dev --loglevel=error \
		"@tensorflow/tfjs@$version" "@tensorflow/tfjs-backend-wasm@$version" >/dev/null
}

# make_root DIR PACKAGE SOURCES-LINE...: complete or not there at all.
make_root() {
	local dir=$1 package=$2
	shift 2
	rm -rf "$dir.part"
	mmdebstrap --quiet --variant=minbase --include="$package" --keyring="$keyring" \
		--dpkgopt='path-exclude=/usr/share/doc/*' "$release" "$dir.part" - < <(printf '%s\n' "$@")
	# Lists of packages would be a difference that no image has.
	rm -rf "$dir.part"/var/lib/apt/lists/* "$dir.part"/var/cache/apt/*.bin
	add_program "$dir.part" "${dir##*/}"
	mv "$dir.part" "$dir"
}

[ $# -gt 0 ] || set -- redis
mkdir -p "$ROOTS"
for pair in "$@"; do
	package=$(package_of "$pair")
	[ -d "$ROOTS/$pair-a" ] && [ -d "$ROOTS/$pair-b" ] && continue
	[ "$(id -u)" = 0 ] || cannot "making root file systems needs root"
	command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
	[ "$pair" != tensorflow ] || npm view @tensorflow/tfjs version >/dev/null 2>&1 || cannot "no npm, or no registry for it"
	[ -r "$keyring" ] || cannot "the keyring of Debian's archive is not installed"
	main=$(mirror_of "$release") updates=$(mirror_of "$release-security")
	[ "$main" ] || main=$(mirror_of "$(own_release)")
	[ "$updates" ] || updates=$(mirror_of "$(own_release)-security")
	[ "$main" ] && [ "$updates" ] || cannot "apt has no mirror of Debian and of its security updates"
	echo "making $ROOTS/$pair-a and -b"
	[ -d "$ROOTS/$pair-a" ] || make_root "$ROOTS/$pair-a" "$package" "deb $main $release main"
	[ -d "$ROOTS/$pair-b" ] || make_root "$ROOTS/$pair-b" "$package" "deb $main $release main" \
		"deb $updates $release-security main"
done
