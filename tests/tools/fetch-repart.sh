#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fetch-repart.sh [--cached]: a systemd-repart that knows Format=erofs, which that of Debian 12 does not: the one of
# bookworm-backports, unpacked in a cache folder; prints the folder. Nothing is installed: apt runs with lists, cache and sources
# of its own, and checks Debian's signatures. Exits 77 when there is none to be had; --cached: none is there yet.
set -euo pipefail
export LC_ALL=C
# shellcheck source=tests/kernel/mirror.sh
. "$(dirname "$0")/../kernel/mirror.sh"
cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/erofs-ishare/repart

[ ! -x "$cache/root/bin/systemd-repart" ] || { echo "$cache/root"; exit 0; }
[ "${1:-}" != --cached ] || exit 77
[ "$(own_release)" = bookworm ] || cannot "the packages of bookworm-backports are for Debian 12"
mirror=$(mirror_of bookworm-backports)
[ "$mirror" ] || mirror=$(mirror_of bookworm)
[ "$mirror" ] || cannot "apt has no mirror of Debian 12"
own_apt "$cache" "deb [signed-by=$keyring] $mirror bookworm-backports main"
cd "$cache"
rm -rf ./*.deb new
options+=(-o Acquire::Retries=0 -o Acquire::http::Timeout=10)
{ apt-get "${options[@]}" update && apt-get "${options[@]}" download systemd libsystemd-shared; } >log 2>&1 ||
	cannot "bookworm-backports: $(grep '^E:' log | head -n 1)"
for package in ./*.deb; do dpkg -x "$package" new; done
mkdir -p root/bin root/lib
mv new/usr/lib/*/systemd/libsystemd-shared-*.so root/lib/
# Last: what is there is whole.
mv new/bin/systemd-repart root/bin/
rm -rf new ./*.deb
echo "$cache/root"
