#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# README.md: each command that it shows runs, in the order of the page, and prints what it shows, but for numbers.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK" "$DUMP"
need_built "${all_codecs[@]}"
need_root
page=$top_srcdir/README.md
same "the two commands on top" "./quickstart.sh ./check.sh" \
	"$(sed -n '1,6s/^    \(\.[^ ]*\).*/\1/p' "$page" | paste -sd' ')"

# ---- what the page takes for granted -----------------------------------------------------------------------------------------

mkdir "$work/bin" "$work/job" "$work/home" && cd "$work/job" || exit 99
for tool in mkfs dump fsck mount; do ln -s "$(find_tool $tool.erofs)" "$work/bin/"; done
[ ! -x "$top_builddir/erofsfuse" ] || ln -s "$top_builddir/erofsfuse" "$work/bin/"
# What mount(8) does for an EROFS image, in a mount namespace that ends with it.
cat >"$work/bin/mount" <<'END'
#!/bin/sh
for at; do :; done
exec unshare -m sh -c 'at=$1 && shift && /bin/mount -t tmpfs tmpfs /run && mkdir -p "$at" && mount.erofs "$@" && test -e "$at/etc/os-release"' sh "$at" "$@"
END
chmod +x "$work/bin/mount"
export PATH=$work/bin:$PATH HOME=$work/home
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR DOCKER_CONFIG http_proxy https_proxy
for version in 1 2; do
	mkdir -p rootfs-$version/etc rootfs-$version/usr/lib
	echo "VERSION=$version" >rootfs-$version/etc/os-release
	for i in 1 2 3 4 5 6 7 8; do seq "$i" 6000 >"rootfs-$version/usr/lib/$i" && echo "$i" >"rootfs-$version/etc/$i.conf"; done
	"$MKFS" --quiet "$FP_OPT" -T1700000000 --mkfs-time -Uclear redis-$version.erofs rootfs-$version
	cp redis-$version.erofs app-$version.erofs
done
cp -a rootfs-1 rootfs && cp redis-1.erofs base.erofs && cp redis-2.erofs layer.erofs && "$MKFS" --quiet again.erofs rootfs-2
server=
if ! built_with libcurl || ! command -v python3 >/dev/null || ! command -v skopeo >/dev/null; then
	skip "no registry without libcurl, python3 and skopeo"
else
	tar -C rootfs -cf layer.tar . && python3 "$top_srcdir/tests/e2e/oci_images.py" layout layout gzip layer.tar
	python3 "$top_srcdir/tests/e2e/oci_push_registry.py" serve >port 2>registry.log &
	server=$!
	trap 'kill $server 2>/dev/null; cleanup' EXIT
	for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
	check "an image in the registry" skopeo --insecure-policy copy --dest-tls-verify=false oci:layout "docker://127.0.0.1:$(cat port)/app:1"
fi

# ---- the commands ------------------------------------------------------------------------------------------------------------

# here COMMAND: with the registry of this test in the place of the page's; what is said of the source counts for the target, too
here() {
	local port
	port=$(cat port 2>/dev/null)
	sed -E "s#(--oci=docker://)registry\.example(/[^ ,]*)#\1127.0.0.1:$port\2,http#; s#docker://registry\.example#docker://127.0.0.1:$port#g" <<END
$1
END
}
# shape: numbers, units and blanks do not count
shape() { sed -E 's/[0-9]+(\.[0-9]+)?/N/g; s/\b([KMG]i?B|bytes)\b/BYTES/g; s/ +/ /g; s/^ //; s/ $//' "$@"; }
status_of() { case $1 in *--diff*) echo 1 ;; *) echo 0 ;; esac; }
ran=0 not_here=0
run() { # COMMAND
	case $1 in
	# What ./check.sh, or whoever runs this test, has done.
	./quickstart.sh* | ./check.sh* | ./autogen.sh*) not_here=$((not_here + 1)) && return 1 ;;
	*docker://*) [ "$server" ] || return 1 ;;
	*erofsfuse*)
		command -v erofsfuse >/dev/null && command -v fusermount3 >/dev/null && [ -w /dev/fuse ] ||
			{ skip "no libfuse, fusermount3 or /dev/fuse"; return 1; }
		;;
	mount*) can_mount && unshare -m true 2>/dev/null || { skip "cannot mount EROFS here"; return 1; } ;;
	esac
	ran=$((ran + 1))
	bash -c "$(here "$1")" >"$work/.out" 2>&1 </dev/null
	status=$?
	same "$1" "$(status_of "$1")" "$status"
	[ "$status" = "$(status_of "$1")" ] || cat "$work/.out"
}
shown=
while IFS= read -r line; do
	case $line in
	'    $ '*)
		shown=
		run "${line#    \$ }" && shown=$work/.out
		;;
	'    '*...) [ "${line##* }" = ... ] || fail "$line" ;;
	'    '*)
		if [ "$shown" ]; then
			grep -qxF "$(shape <<<"$line")" <(shape "$shown") && pass "shown: ${line#    }" || { fail "not printed: $line"; cat "$shown"; }
			continue
		fi
		run "${line#    }"
		;;
	'') ;;
	*) shown= ;;
	esac
done < <(sed '/^```/,/^```/d' "$page")
[ "$not_here" = 3 ] || fail "$not_here commands are not run here, for 3"
[ "$ran" -ge 20 ] || fail "only $ran commands"
# What they leave behind.
check "the report's page" test -s report.html
check "what was unpacked" diff -r rootfs out
finish
