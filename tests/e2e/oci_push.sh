#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# layers=image into a registry (docker://...): one that fails as it is told (oci_push_registry.py), and Debian's docker-registry.
. "$(dirname "$0")/lib.sh" || exit 99
: "${work:?}"
need_tools "$MKFS" "$FSCK" "$DUMP"
command -v python3 >/dev/null || skip_all "no python3"
need_root
"$MKFS" --version | grep -q libcurl || skip_all "built without libcurl"
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR DOCKER_CONFIG SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy
export PYTHONDONTWRITEBYTECODE=1 HOME=$work/home TMPDIR=$work/tmp
mkdir -p "$HOME" "$TMPDIR"
registry=$top_srcdir/tests/e2e/oci_push_registry.py
rich=$top_srcdir/tests/e2e/oci_image.py
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; cleanup' EXIT

serve() { # VARIABLE [AUTHENTICATION]: its port
	local out=$work/port-$1
	rm -f "$out"
	python3 "$registry" serve "${@:2}" >"$out" 2>"$work/said-$1" &
	servers+=($!)
	for _ in $(seq 100); do [ -s "$out" ] && break; sleep 0.05; done
	printf -v "$1" '%s' "$(cat "$out")"
}

mkdir one two
small_tree one
seq 1 600000 >one/text
echo two >two/file && : >two/.wh.hello
for name in one two; do tar -C $name --sort=name -cf $name.tar .; done
check "image" python3 "$rich" make app one.tar two.tar || finish
check "the same as a layout" "$MKFS" --quiet --oci=app,layers=image layout || finish
serve port
control() { # JSON
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	printf 'POST /control HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' ${#1} "$1" >&3
	sed '1,/^\r$/d' <&3
	exec 3>&-
}
tell() { local IFS=,; control "{\"faults\": [$*]}"; }
asked() { control '{"log": 1}'; }
tags() { control '{"tags": 1}'; }
# is_there WHAT REPOSITORY:TAG
is_there() { same "$1" "" "$(control "{\"compare\": [\"${2%:*}\", \"${2##*:}\", \"$work/$layout\"]}")"; }
# convert NAME KEYS OPTIONS...: said goes to standard output
app=app layout=layout
convert() { "$MKFS" "${@:3}" "--oci=$app,layers=image${2:+,$2}" "docker://localhost:$port/$1"; }
last() { grep '^docker://' "$work/said" | sed 's/.*: //'; }

# It takes its time to give up: beside all else.
givers=()
# gives_up NAME PATTERN FAULT...: tells at_last what to expect
gives_up() {
	serve "$1"
	port=${!1} tell "${@:3}"
	TMPDIR=$work/home "$MKFS" --quiet --oci=app,layers=image "docker://localhost:${!1}/r/app:1" 2>"$1-said" &
	givers+=("$! $1 $2")
}
at_last() {
	local pid name pattern giver
	for giver in "${givers[@]}"; do
		read -r pid name pattern <<<"$giver"
		wait "$pid" && fail "$name: accepted"
		same "$name: one line" 1 "$(wc -l <"$name-said")"
		same "$name: what it says" 1 "$(grep -cE "$pattern" "$name-said")"
		same "$name: no tag" "" "$(port=${!name} tags)"
	done
	same "nothing is left of them" .docker "$(ls -A "$work/home")"
}
mkdir -p "$HOME/.docker"
gives_up lost 'cannot write to the registry' '{"method": "PATCH", "drop": 0, "times": 99}'
gives_up too_many 'status 429' '{"method": "PATCH", "status": 429, "times": 99}'
gives_up both 'cannot write .*before that, it answered with status 429' '{"method": "PATCH", "status": 429}' '{"method": "PATCH", "drop": 0, "times": 99}'
gives_up away 'status 503' '{"method": "PUT", "status": 503, "times": 99}'
gives_up too_long 'status 503' '{"method": "PUT", "status": 503, "headers": {"Retry-After": 86400}}'
gives_up swallowed 'status 404' '{"method": "PUT", "path": "uploads", "swallow": true, "times": 99}'

# ---- it gets there ---------------------------------------------------------------------------------------------------------------

tell
check "push" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image "docker://localhost:$port/a/app:1"
same "what is said" "2 images, 2 layers converted, 1 there already, 3 artifacts copied, 15 blobs sent, 0 mounted" "$(last | sed 's/ ([0-9]* bytes)//')"
is_there "all is there" a/app:1
same "the tag comes last" "PUT /v2/a/app/manifests/1 201" "$(asked | grep -v ^HEAD | tail -n 1 | cut -d' ' -f1-3)"
same "no upload is left" 0 "$(control '{"uploads": 1}')"
tell
check "second run" bash -c '"$@" >said' - "$MKFS" --oci=app,layers=image "docker://localhost:$port/a/app:1"
same "second run: nothing is converted or sent" "2 images, 0 layers converted, 3 there already, 3 artifacts copied, 0 blobs sent (0 bytes), 0 mounted" "$(last)"
same "second run: it only asks" "" "$(asked | grep -vE '^(HEAD|GET) ')"
tell
convert a/app:2 "cache-from=docker://localhost:$port/a/app:1" >said
same "another tag" "0 layers converted, 1 blob sent" "$(last | sed -E 's/.* ([0-9]+ layers? converted),.* ([0-9]+ blobs? sent).*/\1, \2/')"
tell
convert b/app:1 "cache-from=docker://localhost:$port/none:1,cache-from=docker://localhost:$port/a/app:1" >said 2>complaints
same "another repository" "0 layers converted, 3 there already" "$(last | grep -oE '[0-9]+ layers.*already')"
same "another repository: layers are mounted" "2 mounted" "$(last | grep -oE '[0-9]+ mounted')"
same "... and not read" "" "$(asked | grep '^GET' | grep blobs)"
same "... a cache that is not there is no matter" "" "$(cat complaints)"
is_there "... all is there" b/app:1
convert a/app:1k "cache-from=docker://localhost:$port/a/app:1" -b1024 >said
same "other options: others" "2 layers converted" "$(last | grep -oE '[0-9]+ layers converted')"
convert a/app:hints "cache-from=docker://localhost:$port/a/app:1" --ishare-fingerprint=none >said
same "no fingerprints: others" "2 layers converted" "$(last | grep -oE '[0-9]+ layers converted')"
"$MKFS" "--oci=app,layers=image,cache-from=docker://localhost:$port/a/app:1" of-cache >said
grep -q ' 0 layers converted' said && pass "a layout, from that cache" || fail "a layout, from that cache: $(cat said)"
check "... the same" diff -r layout of-cache
"$MKFS" "--oci=app,layers=image,cache-from=layout" "docker://localhost:$port/c/app:1" >said
same "a layout as the cache" "0 layers converted" "$(last | grep -oE '[0-9]+ layers converted')"
is_there "... all is there" c/app:1
cp -a layout damaged
biggest=$(find damaged/blobs -type f -size +1M)
printf Z | dd of="$biggest" bs=1 seek=2000000 conv=notrunc status=none
"$MKFS" "--oci=app,layers=image,cache-from=damaged" "docker://localhost:$port/d/app:1" >said
same "a damaged cache" "1 layer converted" "$(last | grep -oE '[0-9]+ layers? converted')"
is_there "... all is there" d/app:1

# What another registry has cannot be mounted, whatever its repository is called.
first=$port
serve port
tell
convert a/app:1 "cache-from=docker://localhost:$first/b/app:1" >said
same "a cache in another registry" "0 layers converted, 0 mounted" "$(last | sed -E 's/.* ([0-9]+ layers converted),.* ([0-9]+ mounted).*/\1, \2/')"
same "... nothing of it is named here" "" "$(asked | grep -F 'from=')"
is_there "... all is there" a/app:1
port=$first

# ---- a CI job: releases of an image, converted whenever it runs -----------------------------------------------------------------------

echo three >two/three && tar -C two --sort=name -cf three.tar .
release() { PYTHONPATH=$top_srcdir/tests/e2e python3 "$top_srcdir/tests/e2e/oci_images.py" layout "$@"; }
release ci-1 gzip one.tar && release ci-2 gzip one.tar two.tar && release ci-3 gzip one.tar two.tar three.tar
job() { # RELEASE...: what is said of each
	local app
	tell
	for app in "$@"; do
		convert "ci/app:$app-erofs" "cache-from=docker://localhost:$port/ci/app:${before:-ci-1}-erofs" >"$work/said"
		before=$app
		last | sed -E 's/ \([1-9][0-9]* bytes\)//'
	done
}
same "CI: two releases" "1 image, 1 layer converted, 0 there already, 3 blobs sent, 0 mounted
1 image, 1 layer converted, 1 there already, 3 blobs sent, 0 mounted" "$(job ci-1 ci-2)"
same "CI, the next day: nothing is converted or sent" "1 image, 0 layers converted, 1 there already, 0 blobs sent (0 bytes), 0 mounted
1 image, 0 layers converted, 2 there already, 0 blobs sent (0 bytes), 0 mounted" "$(job ci-1 ci-2)"
same "CI, the next day: it only asks" "" "$(asked | grep -vE '^(HEAD|GET) ')"
same "CI, the next release: its layer alone" "1 image, 0 layers converted, 2 there already, 0 blobs sent (0 bytes), 0 mounted
1 image, 1 layer converted, 2 there already, 3 blobs sent, 0 mounted" "$(job ci-2 ci-3)"

# ---- what passes -------------------------------------------------------------------------------------------------------------------

# An image of one layer.
PYTHONPATH=$top_srcdir/tests/e2e python3 "$top_srcdir/tests/e2e/oci_images.py" layout simple plain one.tar
app=simple
check "a simple image as a layout" "$MKFS" --quiet --oci=simple,layers=image simple-layout
layout=simple-layout
number=0
# survives WHAT FAULT...: the image gets there all the same, under a name of its own.
survives() {
	number=$((number + 1))
	tell "${@:2}"
	check "$1" convert "p/app$number:1" "" --quiet
	is_there "$1: all is there" "p/app$number:1"
}
size=$(stat -c %s "$biggest")
for drop in 0 1 1000000 $((size - 1)) "$size"; do
	survives "lost after $drop bytes" "{\"method\": \"PATCH\", \"drop\": $drop}"
done
sent=$(asked | awk '$1 == "PATCH" { sum += $4 } END { print sum }')
[ "$sent" = "$size" ] && pass "... and nothing is sent twice" || fail "... sent $sent bytes of $size"
survives "lost again and again" '{"method": "PATCH", "drop": 300000, "times": 9}'
for method in POST PATCH PUT HEAD; do
	survives "the answer to $method is lost" "{\"method\": \"$method\", \"mute\": true}"
done
survives "the answer for the tag is lost" '{"method": "PUT", "path": "manifests/1", "mute": true}'
survives "a small blob is lost on its way" '{"method": "PUT", "path": "uploads", "drop": 100}'
survives "too many requests" '{"method": "POST", "status": 429, "headers": {"Retry-After": 1}}'
survives "away for a while" '{"status": 503, "times": 3, "headers": {"Retry-After": 0}}'
survives "an error of the server" '{"method": "PATCH", "status": 500}'
survives "a forgotten upload" '{"method": "PATCH", "forget": true}'
survives "an upload forgotten at its end" '{"method": "PUT", "path": "uploads", "forget": true}'
survives "not so much at once" '{"limit": 1500000}'
[ "$(asked | grep -c '^PATCH.* 202')" -ge 3 ] && pass "... in pieces" || fail "... in pieces: $(asked | grep PATCH)"

# ---- what does not -----------------------------------------------------------------------------------------------------------------

# fails WHAT PATTERN FAULT...: one line, no tag, nothing left.
fails() {
	local before
	before=$(tags)
	number=$((number + 1))
	tell "${@:3}"
	refused "$1" "$2" convert "q/app$number:1" "" --quiet
	same "$1: no tag" "$before" "$(tags)"
	same "$1: nothing is left" "" "$(ls -A "$TMPDIR")"
}
fails "401" "wants credentials|asks for nothing known" '{"method": "POST", "status": 401, "times": 9}'
fails "403" "status 403: told so" '{"method": "POST", "status": 403, "times": 9}'
same "403: before anything is converted" "" "$(asked | grep '^PATCH')"
fails "404" "no such repository" '{"method": "POST", "status": 404, "times": 9}'
fails "405" "status 405" '{"method": "POST", "status": 405, "times": 9}'
fails "413 for whatever it is" "so much at once" '{"limit": 1000}'
fails "403 for a piece" "status 403" '{"method": "PATCH", "status": 403}'
same "403 for a piece: the upload is taken back" 1 "$(asked | grep -c '^DELETE.* 204')"
fails "403 for the tag" "status 403" '{"method": "PUT", "path": "manifests/1", "status": 403}'
app=app fails "400 for a manifest" "status 400" '{"method": "PUT", "path": "manifests/sha", "status": 400}'
fails "another digest" "as something else" '{"method": "PUT", "path": "uploads", "lie": true}'
mkdir small && mount -t tmpfs -o size=1m tmpfs small && mounts+=("$work/small")
tell
refused "a full disk" "No space" env TMPDIR="$work/small" "$MKFS" --quiet "--oci=$app,layers=image" "docker://localhost:$port/r/app:1"
same "a full disk: nothing is left" "" "$(ls -A small)"
same "a full disk: no tag" "" "$(tags | grep '^r/')"
refused "a digest" "under a tag" convert "q/app@sha256:$(printf '%064d' 0)"
refused "no name" "is no docker://" convert "q/UPPER:1"
refused "layers=each" "layers=image writes" "$MKFS" --oci=app,layers=each "docker://localhost:$port/r/app:1"
refused "cache-from without an image" "layers=image" "$MKFS" --oci=app,layers=cache,cache-from=layout none
refused "nobody is there" "cannot write to the registry" "$MKFS" "--oci=$app,layers=image" docker://localhost:1/q/app:1
tell '{"method": "PATCH", "drop": 0, "times": 99}'
"$MKFS" --quiet "--oci=$app,layers=image" "docker://localhost:$port/r/app:1" 2>/dev/null &
victim=$!
for _ in $(seq 200); do asked | grep -q ^PATCH && break; sleep 0.02; done
kill -TERM $victim
wait $victim && fail "a signal" || pass "a signal"
same "a signal: no tag" "" "$(tags | grep '^r/')"
same "a signal: nothing is left" "" "$(ls -A "$TMPDIR")"
same "a signal: the upload is taken back" 1 "$(asked | grep -c '^DELETE.* 204')"
tell '{"method": "PATCH", "drop": 0, "times": 99}'
"$MKFS" --quiet "--oci=$app,layers=image" "docker://localhost:$port/r/app:1" 2>/dev/null &
victim=$!
for _ in $(seq 200); do asked | grep -q ^PATCH && break; sleep 0.02; done
kill -KILL $victim
wait $victim 2>/dev/null
same "killed: no tag" "" "$(tags | grep '^r/')"
rm -rf "${work:?}/tmp" && mkdir "$work/tmp"
tell
check "... and after that" convert r/app:1 "" --quiet
is_there "... all is there" r/app:1

at_last

# ---- who may write -----------------------------------------------------------------------------------------------------------------

auth() { mkdir -p "$HOME/.docker" && echo "{\"auths\": {\"localhost:$port\": {\"auth\": \"$(printf '%s' "$1" | base64 -w0)\"}}}" >"$HOME/.docker/config.json"; }
for kind in token basic; do
	serve port $kind
	rm -f "$HOME/.docker/config.json"
	refused "$kind: without credentials" "wants credentials" convert a/app:1
	auth user:wrong
	refused "$kind: with a wrong password" "does not accept" convert a/app:1
	auth user:pass:word
	check "$kind" convert a/app:1 "" --quiet
	is_there "$kind: all is there" a/app:1
	check "$kind: another repository" bash -c '"$@" >said' - "$MKFS" "--oci=$app,layers=image,cache-from=docker://localhost:$port/a/app:1" "docker://localhost:$port/b/app:1"
	same "$kind: mounted" "1 mounted" "$(last | grep -oE '[0-9]+ mounted')"
	same "$kind: nothing else has been seen" "" "$(grep -v 'BrokenPipe' "$work/said-port")"
done

# ---- a real one ---------------------------------------------------------------------------------------------------------------------

command -v docker-registry >/dev/null || { skip "no docker-registry"; finish; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
real=$(free_port)
port=$(free_port)
cat >registry.yml <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/data}}
http: {addr: "127.0.0.1:$real", secret: none}
END
docker-registry serve registry.yml >registry.log 2>&1 &
servers+=($!)
for _ in $(seq 100); do (: </dev/tcp/127.0.0.1/"$real") 2>/dev/null && break; sleep 0.1; done
pushed() { # WHAT NAME
	check "$1: all is there" skopeo copy -q --all --insecure-policy --src-tls-verify=false "docker://localhost:$real/$2" "oci:back-$number:x"
	check "$1: the same" diff -r expected/blobs "back-$number/blobs"
	number=$((number + 1))
}
command -v skopeo >/dev/null || { skip "no skopeo"; finish; }
# It writes an index of its own.
check "skopeo copies the layout" skopeo copy -q --all --insecure-policy "oci:$layout" oci:expected:x
check "docker-registry" "$MKFS" --quiet "--oci=$app,layers=image" "docker://localhost:$real/a/app:1"
pushed "docker-registry" a/app:1
"$MKFS" "--oci=$app,layers=image,cache-from=docker://localhost:$real/a/app:1" "docker://localhost:$real/b/app:1" >said
same "docker-registry: mounted" "1 mounted" "$(last | grep -oE '[0-9]+ mounted')"
pushed "docker-registry: mounted" b/app:1
"$MKFS" "--oci=$app,layers=image" "docker://localhost:$real/b/app:1" >said
same "docker-registry: second run" "0 blobs sent (0 bytes)" "$(last | grep -oE '[0-9]+ blobs sent \(.*\)')"
# Connections that are cut: by what is read first (it tries TLS), then while the layer is on its way.
python3 "$registry" proxy "$port" "$real" 999999 999999 999999 999999 1500000 300000 &
servers+=($!)
for _ in $(seq 100); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.1; done
check "docker-registry, lost again and again" "$MKFS" --quiet "--oci=$app,layers=image" "docker://localhost:$port/c/app:1"
pushed "docker-registry, lost again and again" c/app:1
finish
