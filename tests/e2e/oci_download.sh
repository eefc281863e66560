#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# A registry on a bad day: connections that break anywhere, answers that ask to wait, several layers at once.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS"
for tool in python3 curl; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
"$MKFS" --version | grep -q libcurl || skip_all "built without libcurl"
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR DOCKER_CONFIG SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy
export HOME=$work
maker=$top_srcdir/tests/e2e/oci_images.py

# Four of them, one larger than what a try has to bring.
mkdir "$work/layers"
for size in 10 5000 100000 300000; do
	head -c $size /dev/urandom >"$work/file-$size"
	tar -C "$work" -cf "$work/layers/$size.tar" --numeric-owner --mtime=@1 "file-$size"
done
# One is read twice: the file of the second seems to be hidden by that of the third, and lies elsewhere.
mkdir -p "$work/a/elsewhere" "$work/b/link" "$work/c"
ln -s elsewhere "$work/a/link"
head -c 2000 /dev/urandom >"$work/b/link/file"
echo covers >"$work/c/link"
for layer in a b c; do tar -C "$work/$layer" -cf "$work/$layer.tar" --numeric-owner --mtime=@1 .; done
tar -C "$work/b" -cf "$work/b.tar" --numeric-owner --mtime=@1 link/file
# And one is there twice.
layers=("$work"/[abc].tar "$work"/layers/*.tar "$work/layers/5000.tar")
check "layout" python3 "$maker" layout "$work/layout" gzip "${layers[@]}"
check "reference" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/layout" "$work/reference"
python3 "$top_srcdir/tests/e2e/oci_flaky_registry.py" "$work/layout" >"$work/port" 2>"$work/log" &
server=$!
trap 'kill $server 2>/dev/null; cleanup' EXIT
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
host=127.0.0.1:$(cat "$work/port")
said() { curl -s "http://$host/said"; }

pull() { "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=docker://$host/$1:tag,http" "$work/image"; }
pulled() { # NAME
	rm -f "$work/image"
	check "$1" pull "$1" && check "$1: same bytes as from the layout" cmp "$work/reference" "$work/image"
}
# Whether each blob came once, each byte of it.
once() { # NAME
	said | awk '$3 == "of" { count++; if ($2 != $4) bad = bad "\n" $0 } END { print count bad }' >"$work/once"
	same "$1: each byte is sent once" "${2:-8}" "$(cat "$work/once")"
}
no_image() { [ ! -e "$work/image" ] && pass "$1: no image" || fail "$1: an image was left"; }

pulled good
once good
for mode in each cache image; do
	rm -rf "$work/out" && mkdir "$work/out"
	check "$mode" "$MKFS" --quiet "$FP_OPT" "--oci=docker://$host/good:tag,http,layers=$mode" "$work/out/image"
	once "$mode"
done
pulled together
four=$(said | grep '^together')
same "layers come at the same time, four of them" "together 4" "$four"

pulled one-token
same "three that were refused at once: one asks for a token" "together 3 tokens 1" "$(said | grep '^together\|^tokens' | xargs)"

# ---- broken connections --------------------------------------------------------------------------------------------------

largest=$(stat -c %s "$work"/layout/blobs/sha256/* | sort -n | tail -n 1)
for at in 0 511 $((largest / 2)) $((largest - 1)); do
	pulled "cut-once/$at"
	once "cut-once/$at"
done
pulled "cut/70001"
once "cut/70001"
pulled "no-ranges/1000"
said >/dev/null
pulled "no-length/1001"
once "no-length/1001"
pulled "expires/5000"
once "expires/5000"
rm -f "$work/image"
refused "a connection that breaks all the time" 'cannot read http' pull "cut/50"
refused "another part than was asked for" 'another part' pull "other-part/1000"
no_image "broken connections"
said >/dev/null

# ---- answers ----------------------------------------------------------------------------------------------------------------

pulled "busy/429"
pulled "busy/503"
rm -f "$work/image"
said >/dev/null
refused "status 500 all the time" 'status 500 instead of manifest tag, 5 times' pull "broken/500"
same "it was asked so many times" "asked 5" "$(said | grep '^asked')"
refused "to wait for an hour" 'status 429.*again in 3600 seconds' pull "patience"
same "it was asked once" "asked 1" "$(said | grep '^asked')"
for status in 400 404 403 416; do
	refused "status $status for a blob" "has no blob|refuses blob|status $status instead of blob" pull "status/$status"
done
refused "status 401 without more" 'refuses, and asks for nothing known' pull "status/401"
no_image "bad answers"
said >/dev/null

# ---- stopping ----------------------------------------------------------------------------------------------------------------

# While it waits, it can be told to stop.
start=${EPOCHREALTIME/./}
timeout -s TERM 0.4 "$MKFS" --quiet "--oci=docker://$host/wait:tag,http" "$work/image" >/dev/null 2>&1
same "told to stop while it waits" 124 $?
[ $((${EPOCHREALTIME/./} - start)) -lt 5000000 ] && pass "it stops soon" || fail "it goes on waiting"
no_image "stopping"
same "no errors in the registry" "" "$(grep -v -e Broken -e reset "$work/log" | grep Error)"
finish
