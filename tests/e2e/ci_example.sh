#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# doc/ci.md: what it quotes is doc/ci.sh, and its commands do what it says. doc/ci/: the steps of the pipelines do what they should.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}" libbz2
need_tools "$MKFS" "$FSCK" "$DUMP"
page=$top_srcdir/doc/ci.md script=$top_srcdir/doc/ci.sh
# fenced LANGUAGE N: the Nth block of that language
fenced() { awk -v fence="\`\`\`$1" -v wanted="$2" '/^```/ { inside = 0 } inside { print } $0 == fence && ++n == wanted { inside = 1 }' "$page"; }
same "the page quotes the script" "$(cat "$script")" "$(fenced sh 1)"

mkdir "$work/bin" "$work/job" && cd "$work/job" || exit 99
for tool in "$MKFS" "$FSCK" "$DUMP"; do printf '#!/bin/sh\nexec %s "$@"\n' "$tool" >"$work/bin/${tool##*/}"; done
chmod +x "$work"/bin/*
export PATH=$work/bin:$PATH SOURCE_DATE_EPOCH=1700000000
cp "$script" .
mkdir rootfs-1
for i in $(seq 20); do seq "$i" 9000 >"rootfs-1/file-$i"; done
# Two files of twenty are others: 45 % are saved.
cp -a rootfs-1 rootfs-2 && seq 8000 15000 >rootfs-2/file-3 && seq 8001 15000 >rootfs-2/file-4
tar -C rootfs-1 -cf app-1.tar . && tar -C rootfs-2 -czf app-2.tar.gz .
fenced sh 2 >commands
check "the page has commands" grep -q '^./ci.sh' commands
layouts=
if command -v python3 >/dev/null; then
	tar -C rootfs-2 -cf app-2.tar .
	python3 "$top_srcdir/tests/e2e/oci_images.py" layout layout gzip app-1.tar
	python3 "$top_srcdir/tests/e2e/oci_images.py" layout layout-2 gzip app-2.tar
	cp -r layout-2/blobs layout/ && python3 - <<-'END' && layouts=yes
		import json
		both = [json.load(open(name + "/index.json")) for name in ("layout", "layout-2")]
		for name, index in enumerate(both, 1):
		    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": str(name)}
		both[0]["manifests"] += both[1]["manifests"]
		json.dump(both[0], open("layout/index.json", "w"))
	END
	rm -f app-2.tar
fi
[ "$layouts" ] || { skip "no layout without python3"; sed -i '/ref=/d' commands; }
check "the commands of the page" bash -e commands
check "reports" test -s out/sharing.html
views() { "$DUMP" --fingerprints=sha256sum "$1" | sort -k 2; }
wanted=$(views out/rootfs-1.erofs)
same "fingerprints of all files" 20 "$(echo "$wanted" | wc -l)"
same "the archive has the directory's" "$wanted" "$(views out/app-1.erofs)"
same "the pipe has them" "$wanted" "$(views piped.erofs)"
[ ! "$layouts" ] || same "the container image has them" "$wanted" "$(views out/layout-ref-1.erofs)"
same "the manifest that is kept" "$("$DUMP" --fingerprints=json out/rootfs-2.erofs)" "$(cat out/rootfs-2.json)"

# ---- pipelines of services: with a registry that wants a password ------------------------------------------------------------

pipeline() { # NAME MIN-SAVING: runs its steps; prints the status of the last one and its name
	local step status=0 run=$work/run-$1-$2
	rm -rf "$run" && mkdir -p "$run/steps" "$run/home"
	python3 "$top_srcdir/tests/e2e/ci_steps.py" "$top_srcdir/doc/ci/$1.yml" "$run/steps" || return
	for step in $(seq "$(find "$run/steps" -type f | wc -l)"); do
		(cd "$run" && env HOME="$run/home" IMAGE="docker://localhost:$port/app" OPTIONS=,http VERSION=2 BEFORE=1 MIN_SAVING="$2" \
			REGISTRY="localhost:$port" REGISTRY_USER=user REGISTRY_PASSWORD=pass:word CI_REGISTRY="localhost:$port" \
			CI_REGISTRY_USER=user CI_REGISTRY_PASSWORD=pass:word bash "$run/steps/$step") >"$run/log" 2>&1
		status=$?
		[ $status = 0 ] || break
	done
	echo "$status $(head -n 1 "$run/steps/$step")"
}
registry() { # with the images 1 and 2, and nothing else
	[ ! "${server:-}" ] || kill "$server"
	rm -f port
	python3 "$top_srcdir/tests/e2e/oci_push_registry.py" serve basic >port 2>registry.log &
	server=$!
	for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
	port=$(cat port)
	for tag in 1 2; do
		check "image $tag in the registry" skopeo --insecure-policy copy --dest-tls-verify=false --dest-creds user:pass:word \
			"oci:layout:$tag" "docker://localhost:$port/app:$tag"
	done
}
converted() { skopeo --insecure-policy inspect --raw --tls-verify=false --creds user:pass:word "docker://localhost:$port/app:2-erofs"; }
pipelines() {
	local name last
	unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR DOCKER_CONFIG http_proxy https_proxy
	trap 'kill $server 2>/dev/null; cleanup' EXIT
	for name in github gitlab; do
		registry
		case $name in github) last='# Foretell what sharing saves' ;; *) last='# script' ;; esac
		same "$name: too little sharing" "3 $last" "$(pipeline $name 60)"
		check_not "$name: no image then" converted
		[ $name = gitlab ] || last='# Convert'
		same "$name: all steps" "0 $last" "$(pipeline $name 20)"
		tail -n 5 "$work/run-$name-20/log"
		check "$name: the report" test -s "$work/run-$name-20/sharing.html"
		check "$name: the image" converted
		check "$name: its layers" sh -c 'grep -q erofs "$1"' sh <(converted)
	done
}
if [ ! "$layouts" ] || ! command -v skopeo >/dev/null || ! built_with libcurl || ! python3 -c 'import yaml' 2>/dev/null; then
	skip "pipelines: no layout, skopeo, libcurl or yaml of python3"
else
	pipelines
fi

# A job on another day, on another machine.
cp -a rootfs-1 later && find later -exec touch {} + && find rootfs-1 -exec touch -d @1710000000 {} +
check "another day: build" sh -c './ci.sh 0 day1 rootfs-1 && mv later rootfs-1.later && mkdir again && mv rootfs-1.later again/rootfs-1 && ./ci.sh 0 day2 again/rootfs-1'
check "another day: the same bytes" cmp day1/rootfs-1.erofs day2/rootfs-1.erofs

status() { "$@" >"$work/.out" 2>&1; echo $?; }
same "less sharing than asked for" 3 "$(status ./ci.sh 46 out rootfs-1 rootfs-2)"
same "as much as asked for" 0 "$(status ./ci.sh 44 out rootfs-1 rootfs-2)"
same "two sources of one name" 2 "$(status ./ci.sh 0 out rootfs-1 app-1.tar app-1.tar.gz)"
check_not "no source" ./ci.sh 0 out nowhere
check_not "no time" env -u SOURCE_DATE_EPOCH ./ci.sh 0 out rootfs-1
# What a wrong fingerprint would do to others is what the job is for.
printf '#!/bin/sh\n%s -Enosbcrc "$@" && for image; do case $image in *.erofs | *.again) sed -i s/sha256:./sha256:X/g "$image" ;; esac; done\n' "$MKFS" >"$work/bin/mkfs.erofs"
check_not "wrong fingerprints" ./ci.sh 0 wrong rootfs-1
cp "$work/.out" "$work/.said"
check "wrong fingerprints: named" grep -q "file-" "$work/.said"
check_not "wrong fingerprints: no manifest" test -e wrong/rootfs-1.json

if command -v make >/dev/null; then
	rm -rf out && printf '#!/bin/sh\nexec %s "$@"\n' "$MKFS" >"$work/bin/mkfs.erofs"
	fenced make 1 >Makefile
	sed 's/ 30 / 99 /' Makefile >Makefile.99
	for try in once again; do
		check_not "the Makefile, too little sharing, $try" env -u MAKEFLAGS -u MAKELEVEL -u SOURCE_DATE_EPOCH make -f Makefile.99 out/rootfs-2.erofs
	done
	check "too little sharing: the page of the report" test -s out/sharing.html
	check "the Makefile of the page" env -u MAKEFLAGS -u MAKELEVEL -u SOURCE_DATE_EPOCH make out/rootfs-2.erofs
	check "the Makefile: fsck" "$FSCK" --ishare out/rootfs-2.erofs
else
	skip "no make"
fi
finish
