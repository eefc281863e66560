#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Images from a registry: Debian's docker-registry on this machine, with TLS by a certificate authority of our own, and passwords.
. "$(dirname "$0")/lib.sh"
need_built "${all_codecs[@]}"
need_tools "$MKFS" "$DUMP"
for tool in docker-registry openssl python3 htpasswd skopeo; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
"$MKFS" --version | grep -q libcurl || skip_all "built without libcurl"
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR DOCKER_CONFIG SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy
export HOME=$work/home
servers=()
stop_servers() { for server in "${servers[@]}"; do kill "$server" 2>/dev/null; done; servers=(); }
trap 'stop_servers; cleanup' EXIT
maker=$top_srcdir/tests/e2e/oci_images.py

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# serve PORT DATA HTTP-OPTIONS [LINE]: HTTP-OPTIONS in YAML
serve() {
	cat >"$work/registry-$1.yml" <<-END
		version: 0.1
		log: {level: error}
		storage: {filesystem: {rootdirectory: $2}}
		http: {addr: "127.0.0.1:$1", secret: none$3}
		${4:-}
	END
	docker-registry serve "$work/registry-$1.yml" >"$work/registry-$1.log" 2>&1 &
	servers+=($!)
	for _ in $(seq 100); do
		(: </dev/tcp/127.0.0.1/"$1") 2>/dev/null && return
		sleep 0.1
	done
	cat "$work/registry-$1.log"
	skip_all "docker-registry does not start"
}

mkdir -p "$work/tls/ca" "$work/tls/dest" "$HOME"
for name in ca other; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/tls/$name.key" -out "$work/tls/$name.crt" -days 2 -subj "/CN=$name" 2>/dev/null
done
openssl req -newkey rsa:2048 -nodes -keyout "$work/tls/server.key" -out "$work/tls/server.csr" -subj /CN=localhost 2>/dev/null
openssl x509 -req -in "$work/tls/server.csr" -CA "$work/tls/ca.crt" -CAkey "$work/tls/ca.key" -CAcreateserial -days 2 \
	-out "$work/tls/server.crt" -extfile <(echo 'subjectAltName=DNS:localhost') 2>/dev/null
cp "$work/tls/ca.crt" "$work/tls/dest/"
htpasswd -Bbn user 'pass:word' >"$work/htpasswd" 2>/dev/null

secure=$(free_port)
serve "$secure" "$work/data" ", tls: {certificate: $work/tls/server.crt, key: $work/tls/server.key}" "auth: {htpasswd: {realm: test, path: $work/htpasswd}}"
plain=$(free_port)
serve "$plain" "$work/data" ""

python3 "$maker" layers "$work/layers"
python3 "$maker" layout "$work/gzip" gzip "$work"/layers/*.tar
python3 "$maker" platforms "$work/platforms" "$work"/layers/*.tar
image=localhost:$secure/some/image
push() { skopeo copy -q --insecure-policy --dest-cert-dir="$work/tls/dest" --dest-creds=user:pass:word "$@"; }
check "push" push "oci:$work/gzip" "docker://$image:one" || finish
check "push all platforms" push --all "oci:$work/platforms:several" "docker://$image:several"
check "reference" "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=$work/gzip" "$work/reference"

pull() { SSL_CERT_FILE=$work/tls/ca.crt "$MKFS" --quiet "$FP_OPT" -T1 --mkfs-time "--oci=docker://$1" "$work/image"; }
pulled() { # WHAT NAME
	rm -f "$work/image"
	check "$1" pull "$2" && check "$1: same bytes as from the layout" cmp "$work/reference" "$work/image"
}

# ---- credentials --------------------------------------------------------------------------------------------------------

auth() { printf '%s' "$1" | base64 -w0; }
config() { mkdir -p "${1%/*}" && cat >"$1"; } # FILE
rm -f "$work/image"
refused "without credentials" 'wants credentials, and none' pull "$image:one"
config "$HOME/.docker/config.json" <<<"{\"auths\": {\"localhost:$secure\": {\"auth\": \"$(auth user:wrong)\"}}}"
refused "with a wrong password" 'does not accept the credentials' pull "$image:one"
config "$HOME/.docker/config.json" <<<'{"credsStore": "desktop"}'
refused "with a helper that is not there" 'docker-credential-desktop may have, but there is no such program' pull "$image:one"
config "$HOME/.docker/config.json" <<<'{"auths": {'
refused "with a damaged file" 'no file of credentials' pull "$image:one"
[ ! -e "$work/image" ] && pass "nothing was left" || fail "an image was left"
config "$HOME/.docker/config.json" <<<"{\"auths\": {\"localhost:$secure\": {\"auth\": \"$(auth user:pass:word)\"}}}"
pulled "the config.json of the home directory" "$image:one"
rm "$HOME/.docker/config.json"
config "$work/docker/config.json" <<<"{\"auths\": {\"https://localhost:$secure/v2/\": {\"auth\": \"$(auth user:pass:word)\"}}}"
DOCKER_CONFIG=$work/docker pulled "DOCKER_CONFIG" "$image:one"
config "$work/auth.json" <<<"{\"auths\": {\"localhost:$secure\": {\"auth\": \"$(auth user:wrong)\"}, \"localhost:$secure/some\": {\"auth\": \"$(auth user:pass:word)\"}}}"
export REGISTRY_AUTH_FILE=$work/auth.json
pulled "REGISTRY_AUTH_FILE, by path" "$image:one"

# ---- credential helpers ---------------------------------------------------------------------------------------------------

unset REGISTRY_AUTH_FILE
mkdir -p "$work/bin"
cat >"$work/bin/docker-credential-fake" <<END
#!/bin/sh
# Says what is in a file called as it was asked.
[ "\$1" = get ] || exit 3
server=\$(cat)
echo "\$server" >>"$work/asked"
case \$server in
localhost:$secure) cat "$work/answer" ;;
*) echo 'credentials not found in native keychain'; exit 1 ;;
esac
END
printf '#!/bin/sh\necho "the keychain is locked\033[0m" && exit 1\n' >"$work/bin/docker-credential-locked"
printf '#!/bin/sh\nexec yes\n' >"$work/bin/docker-credential-endless"
printf '#!/bin/sh\nexec sleep 60\n' >"$work/bin/docker-credential-slow"
printf 'no program' >"$work/bin/docker-credential-data"
chmod +x "$work"/bin/docker-credential-{fake,locked,endless,slow}
PATH=$work/bin:$PATH
good='{"ServerURL": "x", "Username": "user", "Secret": "pass:word"}'
wrong="\"auths\": {\"localhost:$secure\": {\"auth\": \"$(auth user:wrong)\"}}"
right="\"auths\": {\"localhost:$secure\": {\"auth\": \"$(auth user:pass:word)\"}}"
helped() { config "$HOME/.docker/config.json" <<<"$1"; } # CONFIG
echo "$good" >"$work/answer"
helped "{\"credHelpers\": {\"localhost:$secure\": \"fake\"}, \"credsStore\": \"locked\", $wrong}"
pulled "a helper for this host" "$image:one"
helped "{\"credHelpers\": {\"other\": \"locked\"}, \"credsStore\": \"fake\", $wrong}"
pulled "a helper for all" "$image:one"
same "helpers are asked for the host" "localhost:$secure" "$(sort -u "$work/asked")"
helped '{"credsStore": "fake"}'
pulled "a helper that has none, where none are needed" "localhost:$plain/some/image:one"
config "$work/auth-helper.json" <<<"{\"credHelpers\": {\"localhost:$secure\": \"fake\"}}"
REGISTRY_AUTH_FILE=$work/auth-helper.json pulled "a helper in auth.json" "$image:one"
helped "{\"credsStore\": \"missing\", $right}"
pulled "the file itself, without the helper" "$image:one"
rm -f "$work/image"
for answer in '{"Username": "user"}' '[]' 'words' '' '{"Username": 1, "Secret": 2}'; do
	helped '{"credsStore": "fake"}'
	echo "$answer" >"$work/answer"
	refused "a helper that says '$answer'" "'docker-credential-fake get' gives no credentials" pull "$image:one"
done
echo '{"Username": "user", "Secret": "wrong"}' >"$work/answer"
refused "a helper with a wrong password" 'does not accept the credentials' pull "$image:one"
echo '{"Username": "", "Secret": ""}' >"$work/answer"
refused "a helper with empty credentials" 'wants credentials, and none' pull "$image:one"
helped '{"credsStore": "locked"}'
refused "a helper that fails" "'docker-credential-locked get' fails for localhost:$secure: the keychain is locked" pull "$image:one"
grep -q $'\033' "$work/.err" && fail "escapes of a terminal" || pass "no escapes of a terminal"
helped '{"credsStore": "endless"}'
refused "a helper that never ends" 'says too much' pull "$image:one"
helped '{"credsStore": "data"}'
refused "a helper that is no program" 'cannot be run|may have, but' pull "$image:one"
for name in ../x /bin/true ''; do
	helped "{\"credsStore\": \"$name\"}"
	refused "the helper '$name'" 'is no program that can be run|and none are kept' pull "$image:one"
done
helped '{"credsStore": "slow"}'
start=${EPOCHREALTIME/./}
SSL_CERT_FILE=$work/tls/ca.crt timeout -s TERM 0.4 "$MKFS" --quiet "--oci=docker://$image:one" "$work/image" >/dev/null 2>&1
same "told to stop while a helper runs" 124 $?
[ $((${EPOCHREALTIME/./} - start)) -lt 10000000 ] && pass "it stops soon" || fail "it goes on waiting"
[ ! -e "$work/image" ] && pass "helpers: nothing was left" || fail "helpers: an image was left"
rm "$HOME/.docker/config.json"
export REGISTRY_AUTH_FILE=$work/auth.json

# ---- names ----------------------------------------------------------------------------------------------------------------

digest=$(skopeo inspect --cert-dir "$work/tls/dest" --creds=user:pass:word --format '{{.Digest}}' "docker://$image:one")
pulled "by digest" "$image@$digest"
refused "a digest that is not there" 'has no manifest' pull "$image@sha256:$(printf '%064d' 0)"
refused "a tag that is not there" 'has no manifest two' pull "$image:two"
refused "an image that is not there" 'has no manifest' pull "localhost:$secure/some/none:one"
check "this machine's platform" pull "$image:several"
check "another platform" pull "$image:several,platform=linux/arm/v7"
refused "a platform that is not there" 'linux/mips' pull "$image:several,platform=linux/mips"
for name in "localhost:$secure/../x" "localhost:$secure/UPPER" "localhost:$secure/a b" "localhost:$secure/a:" "localhost:$secure/a@sha256:12" "localhost:$secure/"; do
	refused "the name $name" 'is no docker://' pull "$name"
done
refused "ref= beside a tag" 'name itself has the tag' pull "$image:one,ref=one"

# ---- TLS ------------------------------------------------------------------------------------------------------------------

untrusted() { SSL_CERT_FILE=$1 SSL_CERT_DIR=/nonexistent "$MKFS" --quiet "--oci=docker://$2" "$work/no"; }
refused "a certificate by an authority that is not trusted" 'certificate' untrusted "$work/tls/other.crt" "$image:one"
refused "a certificate for another name" 'certificate|name' untrusted "$work/tls/ca.crt" "127.0.0.1:$secure/some/image:one"
refused "http where https is spoken" 'status|cannot read' pull "$image:one,http"
unset REGISTRY_AUTH_FILE
pulled "no TLS on this machine" "localhost:$plain/some/image:one"
pulled "no TLS, asked for" "127.0.0.1:$plain/some/image:one,http"
if name=$(hostname) && getent hosts "$name" | grep -q '^127\.'; then
	refused "no TLS elsewhere" 'cannot read https' pull "$name.:$plain/some/image:one"
fi

# ---- tokens, and blobs that are elsewhere ------------------------------------------------------------------------------------

python3 "$top_srcdir/tests/e2e/oci_token_registry.py" "$work/gzip" >"$work/token-port" 2>"$work/token-log" &
servers+=($!)
for _ in $(seq 100); do [ -s "$work/token-port" ] && break; sleep 0.1; done
tokens=127.0.0.1:$(cat "$work/token-port")
refused "no credentials for a token" 'wants credentials, and none' pull "$tokens/a/b:good"
config "$work/auth.json" <<<"{\"auths\": {\"$tokens\": {\"auth\": \"$(auth user:pass:word)\"}}}"
export REGISTRY_AUTH_FILE=$work/auth.json
pulled "a token, and blobs on another host" "$tokens/a/b:good"
refused "a token that is not enough" 'does not accept' pull "$tokens/a/b:denied"
same "no errors in the registry" "" "$(cat "$work/token-log")"
unset REGISTRY_AUTH_FILE

# An identity token, which a helper gives by a name of its own, or the file: exchanged for one that the registry takes.
identity() { # SECRET: a helper that has it
	printf '#!/bin/sh\ncat >/dev/null\necho %s\n' "'{\"ServerURL\": \"x\", \"Username\": \"<token>\", \"Secret\": \"$1\"}'" \
		>"$work/bin/docker-credential-identity"
	chmod +x "$work/bin/docker-credential-identity"
}
helped "{\"credHelpers\": {\"$tokens\": \"identity\"}}"
identity "an identity & a=b+c"
pulled "an identity token of a helper" "$tokens/a/b:good"
identity "another identity"
refused "an identity token that is not known" 'does not accept' pull "$tokens/a/b:good"
helped "{\"auths\": {\"$tokens\": {\"identitytoken\": \"an identity & a=b+c\"}}}"
pulled "an identity token of the file" "$tokens/a/b:good"
same "identity tokens are exchanged" "exchanged exchanged" "$(xargs <"$work/token-log")"
rm -f "$HOME/.docker/config.json"

# ---- from TLS to none --------------------------------------------------------------------------------------------------------

# What begins with TLS stays with it: nothing is asked in the clear, where all of it would be had.
python3 "$top_srcdir/tests/e2e/oci_token_registry.py" "$work/gzip" "$work/tls/server.crt" "$work/tls/server.key" >"$work/secure-port" 2>"$work/secure-log" &
servers+=($!)
for _ in $(seq 100); do [ -s "$work/secure-port" ] && break; sleep 0.1; done
downgrades=localhost:$(cat "$work/secure-port")
config "$work/auth.json" <<<"{\"auths\": {\"$downgrades\": {\"auth\": \"$(auth user:pass:word)\"}}}"
rm -f "$work/image"
refused "blobs without TLS" 'cannot read.*protocol' pull "$downgrades/a/b:blobs"
refused "a manifest without TLS" 'cannot read.*protocol' pull "$downgrades/a/b:manifest"
refused "a token without TLS" 'does not say where one is to be had safely' pull "$downgrades/a/b:realm"
export REGISTRY_AUTH_FILE=$work/auth.json
refused "a password for a token without TLS" 'does not say where one is to be had safely' pull "$downgrades/a/b:realm"
unset REGISTRY_AUTH_FILE
refused "a manifest of another digest" 'manifest does not have the digest sha256:0' pull "$downgrades/a/b@sha256:$(printf '%064d' 0)"
refused "a manifest of another digest than is said" 'manifest does not have the digest sha256:0' pull "$downgrades/a/b:liar"
[ ! -e "$work/image" ] && pass "no image without TLS" || fail "an image from a host without TLS"
same "nothing is asked in the clear" "" "$(grep 'in the clear' "$work/secure-log")"

# ---- images made of images ------------------------------------------------------------------------------------------------------

# Out of a registry and back into it; the layers that link into each other are left out.
python3 "$maker" layout "$work/some" gzip "$work"/layers/{0,1,3}.tar
check "push some layers" push "oci:$work/some" "docker://$image:some"
convert() { "$MKFS" "--oci=$1,layers=image" "$2"; }
digest_of_some=$(skopeo inspect --cert-dir "$work/tls/dest" --creds=user:pass:word --format '{{.Digest}}' "docker://$image:some")
check "layers=image" convert "docker://localhost:$plain/some/image:some" "$work/converted"
check "layers=image of the layout" convert "$work/some" "$work/converted-here"
check "layers=image: the same blobs" diff -r "$work/converted/blobs" "$work/converted-here/blobs"
convert "docker://localhost:$plain/some/image:some" "$work/converted" >"$work/said"
grep -q ' 0 layers converted, 3 there' "$work/said" && pass "layers=image: nothing is converted twice" || fail "layers=image: $(tail -n 1 "$work/said")"
check "layers=image: push" push "oci:$work/converted:some" "docker://$image:erofs"
check "layers=image: pull" skopeo copy -q --insecure-policy --src-cert-dir="$work/tls/dest" --src-creds=user:pass:word "docker://$image:erofs" "oci:$work/back"
check "layers=image: it comes back" diff -r "$work/converted/blobs" "$work/back/blobs"
check "layers=image: by digest" convert "docker://localhost:$plain/some/image@$digest_of_some" "$work/unnamed"
refused "layers=image of what is no tar" 'an EROFS image already \(application/vnd.erofs.layer.v1\)' convert "docker://localhost:$plain/some/image:erofs" "$work/no"

# ---- blobs that are not what they should be ----------------------------------------------------------------------------------

layer=$(python3 -c 'import gzip, hashlib, sys; print(hashlib.sha256(gzip.compress(open(sys.argv[1], "rb").read(), mtime=0)).hexdigest())' "$work/layers/0.tar")
blob=$work/data/docker/registry/v2/blobs/sha256/${layer:0:2}/$layer/data
cp "$blob" "$work/kept"
printf 'x' | dd of="$blob" bs=1 seek=9000 conv=notrunc status=none
rm -f "$work/image"
refused "a blob that changed" 'does not have this digest|damaged|checksum' pull "localhost:$plain/some/image:one"
head -c 9000 "$work/kept" >"$blob"
refused "a blob that is cut off" 'bytes, not the|cannot read|data are cut off' pull "localhost:$plain/some/image:one"
rm "$blob"
refused "a blob that is missing" 'has no blob|status' pull "localhost:$plain/some/image:one"
[ ! -e "$work/image" ] && pass "nothing was left, again" || fail "an image was left"
stop_servers
refused "nobody is there" 'cannot read' pull "$image:one"
finish
