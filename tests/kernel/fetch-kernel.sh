#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# fetch-kernel.sh [VERSION [SUITE]]: the newest kernel >= 7.2 for virtual machines that trixie-backports has, or the newest that
# SUITE (default trixie-backports) has of VERSION, unpacked in a cache folder; prints where, as its last line: DIR has vmlinuz,
# version, config and modules/. Nothing is installed: apt runs with lists, cache and sources of its own, takes the address of the mirror from the
# machine's configuration, and checks Debian's signatures. Exits 77 when there is none to be had.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/kernel/mirror.sh
. "$here/mirror.sh"
want=${1:-}
suite=${2:-trixie-backports} flavour=cloud-amd64
cache=${XDG_CACHE_HOME:-$HOME/.cache}/erofs-ishare
apt=$cache/apt-$suite
# Old kernels have more of this in modules.
modules=(virtio_pci virtio_blk erofs loop overlay dm_verity)

cannot() { echo "skip - $*"; exit 77; }

# Only what concerns the network comes from the machine's own settings.
configure_apt() {
	local mirror
	mirror=$(mirror_of "$suite")
	[ "$mirror" ] || mirror=$(mirror_of trixie)
	[ "$mirror" ] || mirror=$(mirror_of "$(own_release)")
	[ "$mirror" ] || return 1
	mkdir -p "$apt"/{lists,archives}/partial
	echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
	{
		apt-config dump | grep '^Acquire::' || true
		cat <<-END
			Dir::State "$apt";
			Dir::State::lists "$apt/lists";
			Dir::State::status "/dev/null";
			Dir::Cache "$apt";
			Dir::Cache::archives "$apt/archives";
			Dir::Etc::sourcelist "$apt/sources.list";
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
	} >"$apt/apt.conf"
	export APT_CONFIG=$apt/apt.conf
}

# wanted VERSION: whether it is one of those asked for
wanted() {
	if [ "$want" ]; then [[ $1 = "$want" || $1 = "$want"[!0-9]* ]]; else
		[ "$(printf '%s\n' 7.2 "$1" | sort -V | head -n 1)" = 7.2 ]
	fi
}

# "VERSION PACKAGE..." of every kernel, newest first: in one package up to 7.1 and in two from 7.2 on; of two packages of the
# same kernel, the one that is signed for Secure Boot.
candidates() {
	local names version binary
	names=$(apt-cache pkgnames linux-)
	sed -n "s/^linux-\(modules\|image\)-\([0-9].*-$flavour\)\$/\2/p" <<<"$names" | sort -Vru | while read -r version; do
		wanted "$version" || continue
		for binary in "linux-binary-$version" "linux-binary-unsigned-$version"; do
			grep -qxF "linux-modules-$version" <<<"$names" && grep -qxF "$binary" <<<"$names" || continue
			echo "$version $binary linux-modules-$version"
			continue 2
		done
		! grep -qxF "linux-image-$version" <<<"$names" || echo "$version linux-image-$version"
	done
}

# unpack VERSION PACKAGE...: complete or not there at all.
unpack() (
	into=$cache/kernel-$1 part=$cache/part.$$
	trap 'rm -rf "$part"' EXIT
	mkdir -p "$part/packages" "$part/modules"
	cd "$part/packages"
	apt-get -qq download "${@:2}" >&2
	for package in *.deb; do dpkg-deb -x "$package" "$part/root"; done
	cd "$part"
	# A signed kernel is in /boot, an unsigned one with its modules.
	find root -type f -name 'vmlinuz*' -exec cp {} vmlinuz \;
	[ -s vmlinuz ]
	find root -type f \( -name "config-$1" -o -path "*/$1/config" \) -exec cp {} config \;
	for module in "${modules[@]}"; do add_module "$module"; done
	echo "${modules[*]}" >modules/wanted
	echo "$1" >version
	rm -rf root packages
	rm -rf "$into"
	mv "$part" "$into"
)

# With those it depends on before it: modules/order says which come first.
add_module() {
	local file need
	[ ! -e "modules/$1.ko" ] || return 0
	file=$(find root -name "$1.ko*" -o -name "${1//_/-}.ko*" | head -n 1)
	# Not a module in this kernel, but part of it.
	[ "$file" ] || return 0
	case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >"modules/$1.ko"
	for need in $(tr '\0' '\n' <"modules/$1.ko" | sed -n 's/^\(depends=\|softdep=pre: \)//p' | tr , ' '); do add_module "$need"; done
	echo "$1" >>modules/order
}

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || cannot "kernels are fetched for amd64 on Debian only"
[ -r "$keyring" ] || cannot "the keyring of Debian's archive is not installed"
for tool in apt-get dpkg-deb xz; do command -v $tool >/dev/null || cannot "$tool is not installed"; done
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if configure_apt && apt-get -qq update >"$apt/log" 2>&1; then
	chosen=$(candidates | sed -n 1p)
	[ "$chosen" ] || cannot "$suite has no kernel ${want:->= 7.2} for $flavour"
	version=${chosen%% *}
	if [ "$(cat "$cache/kernel-$version/modules/wanted" 2>/dev/null)" != "${modules[*]}" ]; then
		# In a condition the function would not end at its first error.
		set +e
		# shellcheck disable=SC2086
		(set -e; unpack "$version" ${chosen#* })
		status=$?
		set -e
		[ $status = 0 ] || cannot "cannot download or unpack the kernel $version"
	fi
else
	# No network: what was fetched before.
	version=$(find "$cache" -maxdepth 2 -path '*/kernel-*/version' -exec cat {} + | sort -V |
		while read -r version; do ! wanted "$version" || echo "$version"; done | tail -n 1) || true
	[ "$version" ] || cannot "no mirror of $suite can be reached, and none was fetched before"
fi
echo "$cache/kernel-$version"
