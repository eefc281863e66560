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
