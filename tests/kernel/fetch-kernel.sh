#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fetch-kernel.sh [VERSION]: the newest kernel >= 7.2 for virtual machines that trixie-backports has, or the newest whose
# version starts with VERSION, unpacked in a cache folder; prints where, as its last line: DIR has vmlinuz, version and
# modules/. Nothing is installed: apt runs with lists, cache and sources of its own, takes the address of the mirror from the
# machine's configuration, and checks Debian's signatures. Exits 77 when there is none to be had.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/kernel/mirror.sh
. "$here/mirror.sh"
want=${1:-}
suite=trixie-backports flavour=cloud-amd64
cache=${XDG_CACHE_HOME:-$HOME/.cache}/erofs-ishare
modules=(erofs virtio_blk loop overlay)

cannot() { echo "skip - $*"; exit 77; }

# Only what concerns the network comes from the machine's own settings.
configure_apt() {
	local mirror
	mirror=$(mirror_of "$suite")
	[ "$mirror" ] || mirror=$(mirror_of trixie)
	[ "$mirror" ] || mirror=$(mirror_of "$(own_release)")
	[ "$mirror" ] || return 1
	mkdir -p "$cache"/apt/{lists,archives}/partial
	echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$cache/apt/sources.list"
	{
		apt-config dump | grep '^Acquire::' || true
		cat <<-END
			Dir::State "$cache/apt";
			Dir::State::lists "$cache/apt/lists";
			Dir::State::status "/dev/null";
			Dir::Cache "$cache/apt";
			Dir::Cache::archives "$cache/apt/archives";
			Dir::Etc::sourcelist "$cache/apt/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Dir::Etc::parts "/dev/null";
			APT::Architecture "amd64";
			APT::Architectures { "amd64"; };
			APT::Sandbox::User "root";
			Acquire::Languages "none";
			APT::Get::AllowUnauthenticated "false";
			APT::Update::Error-Mode "any";
			Acquire::AllowInsecureRepositories "false";
		END
	} >"$cache/apt/apt.conf"
	export APT_CONFIG=$cache/apt/apt.conf
}

# "VERSION PACKAGE" of every kernel that has both parts, newest first; of two, the one that is signed for Secure Boot.
candidates() {
	local names version binary
	names=$(apt-cache pkgnames linux-)
	sed -n "s/^linux-modules-\(.*-$flavour\)\$/\1/p" <<<"$names" | sort -Vr | while read -r version; do
		[ "$(printf '%s\n' 7.2 "$version" | sort -V | head -n 1)" = 7.2 ] || continue
		[ -z "$want" ] || [[ $version = "$want"* ]] || continue
		for binary in "linux-binary-$version" "linux-binary-unsigned-$version"; do
			grep -qxF "$binary" <<<"$names" && echo "$version $binary" && break
		done
	done
}

# unpack VERSION PACKAGE: complete or not there at all.
unpack() (
	into=$cache/kernel-$1 part=$cache/part.$$
	trap 'rm -rf "$part"' EXIT
	mkdir -p "$part/packages" "$part/modules"
	cd "$part/packages"
	apt-get -qq download "$2" "linux-modules-$1" >&2
	for package in *.deb; do dpkg-deb -x "$package" "$part/root"; done
	cd "$part"
	# A signed kernel is in /boot, an unsigned one with its modules.
	find root -type f -name 'vmlinuz*' -exec cp {} vmlinuz \;
	[ -s vmlinuz ]
	for module in "${modules[@]}"; do add_module "$module"; done
	echo "$1" >version
	rm -rf root packages
	rm -rf "$into"
	mv "$part" "$into"
)

# With those it depends on before it: modules/order says which come first.
add_module() {
	local file need
	[ ! -e "modules/$1.ko" ] || return 0
	file=$(find root -name "$1.ko.xz" -o -name "${1//_/-}.ko.xz" | head -n 1)
	# Not a module in this kernel, but part of it.
	[ "$file" ] || return 0
	xz -dc "$file" >"modules/$1.ko"
	for need in $(tr '\0' '\n' <"modules/$1.ko" | sed -n 's/^depends=//p' | tr , ' '); do add_module "$need"; done
	echo "$1" >>modules/order
}

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || cannot "kernels are fetched for amd64 on Debian only"
[ -r "$keyring" ] || cannot "the keyring of Debian's archive is not installed"
for tool in apt-get dpkg-deb xz; do command -v $tool >/dev/null || cannot "$tool is not installed"; done
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if configure_apt && apt-get -qq update >"$cache/apt/log" 2>&1; then
	chosen=$(candidates | sed -n 1p)
	[ "$chosen" ] || cannot "$suite has no kernel ${want:->= 7.2} for $flavour"
	version=${chosen% *}
	if [ ! -s "$cache/kernel-$version/version" ]; then
		# In a condition the function would not end at its first error.
		set +e
		(set -e; unpack "$version" "${chosen#* }")
		status=$?
		set -e
		[ $status = 0 ] || cannot "cannot download or unpack the kernel $version"
	fi
else
	# No network: what was fetched before.
	version=$(find "$cache" -maxdepth 2 -path '*/kernel-*/version' -exec cat {} + | grep "^${want//./\\.}" | sort -V | tail -n 1) || true
	[ "$version" ] || cannot "no mirror of $suite can be reached, and none was fetched before"
fi
echo "$cache/kernel-$version"
