#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fetch-containerd.sh [--cached]: Debian sid's containerd and runc, unpacked with the libraries that they need in a cache folder;
# prints the folder. Nothing is installed: apt runs with lists, cache and sources of its own, and checks Debian's signatures.
# Exits 77 when there is none to be had; --cached: none is there yet.
set -euo pipefail
export LC_ALL=C
# shellcheck source=tests/kernel/mirror.sh
. "$(dirname "$0")/../kernel/mirror.sh"
cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/erofs-ishare/containerd

[ ! -x "$cache/root/usr/bin/containerd" ] || { echo "$cache/root"; exit 0; }
[ "${1:-}" != --cached ] || exit 77
[ -r "$keyring" ] || cannot "Debian's keys are not here (package debian-archive-keyring)"
mirror=$(mirror_of "$(own_release)")
[ "$mirror" ] || cannot "apt has no mirror of Debian"
own_apt "$cache" "deb [signed-by=$keyring] $mirror sid main"
cd "$cache"
rm -rf ./archives/*.deb new
# A mirror that keeps one day's state of sid is as good as today's.
options+=(-o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::Check-Valid-Until=false)
{ apt-get "${options[@]}" update &&
	apt-get "${options[@]}" install --yes --no-install-recommends --download-only containerd runc; } >log 2>&1 ||
	cannot "sid: $(grep '^E:' log | head -n 1)"
for package in archives/*.deb; do dpkg -x "$package" new; done
for folder in bin sbin lib lib64; do [ -e "new/$folder" ] || ln -s "usr/$folder" "new/$folder"; done
mkdir -p new/{proc,sys,dev,run,tmp,old,ours,etc/containerd,var/lib/containerd}
# Last: what is there is whole.
rm -rf root && mv new root
rm -rf archives lists
echo "$cache/root"
