# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash
# Where this machine gets its Debian packages; sourced.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror_of SUITE: the address that apt is configured with for it, from either style of sources; nothing if there is none.
mirror_of() {
	local at
	at=$(apt-get indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v suite="$1" '$1 == suite || $2 == suite { print $3; exit }')
	# Without lists apt knows no targets: read what it would read.
	[ "$at" ] || at=$(find /etc/apt/sources.list.d -name '*.sources' -exec cat {} + 2>/dev/null |
		awk -v suite="$1" '/^URIs:/ { uri = $2 } /^Suites:/ { for (i = 2; i <= NF; i++) if ($i == suite) { print uri; exit } }')
	[ "$at" ] || at=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed 's/\[[^]]*\]//' |
		awk -v suite="$1" '$1 == "deb" && $3 == suite { print $2; exit }')
	echo "$at"
}

# The release that this machine runs, by its code name.
own_release() { (. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}"); }

# fetch-*.sh: no test, and why.
cannot() { echo "skip - $*" >&2; exit 77; }

# own_apt CACHE SOURCES-LINE...: sets `options`, with which apt-get uses nothing of the machine but its proxies: lists, archives and
# sources are in the folder CACHE, and Debian's signatures are checked.
own_apt() {
	local cache=$1
	shift
	mkdir -p "$cache"/{lists,archives}/partial
	printf '%s\n' "$@" >"$cache/sources.list"
	# shellcheck disable=SC2034 # for the scripts that source this
	options=(-o Dir::State="$cache" -o Dir::State::lists="$cache/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$cache"
		-o Dir::Cache::archives="$cache/archives" -o Dir::Etc::sourcelist="$cache/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o APT::Sandbox::User=root -o APT::Update::Error-Mode=any -o Acquire::Languages=none)
}
