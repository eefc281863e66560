# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# shellcheck shell=bash disable=SC2154
# Pages of dump.erofs as Chromium sees them. Sourced after lib.sh.

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || browser=

browse() { # PAGE OPTION...: a page in the current directory, without anything that reaches out
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars \
		--user-data-dir="$work/profile" "${@:2}" "file://$PWD/$1" 2>"$work/.browser"
}

# On a phone nothing is wider than the screen: a copy of the page measures itself.
fits_narrow() { # WHAT PAGE
	local width
	sed "s/<meta http-equiv[^>]*>//; s,</body>,<script>document.title=document.documentElement.scrollWidth+' of '+innerWidth</script></body>," "$2" >measured.html
	width=$(browse measured.html --window-size=500,844 --dump-dom | sed -n 's,.*<title>\([0-9]* of [0-9]*\)</title>.*,\1,p')
	same "$1" "500 of 500" "$width"
}
