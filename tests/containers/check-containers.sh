#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# check-containers.sh: a real containerd (Debian sid's) with its EROFS snapshotter and differ, and our mkfs.erofs in its PATH, pulls
# an image of several layers from a registry on this machine and runs containers from it with runc. What they see must be what
# umoci unpacks. Nothing is installed; all mounts are in a mount namespace of their own. Prints "ok - ", "not ok - " and
# "skip - " lines; exits 1 if anything is off, 77 if nothing could be tested.
# Environment: MKFS DUMP FSCK, LOGS (a directory for what containerd wrote), TMPDIR.
here=$(cd "$(dirname "$0")" && pwd)
top_srcdir=${top_srcdir:-$here/../..}
caller=$PWD
# shellcheck source=tests/e2e/lib.sh
. "$top_srcdir/tests/e2e/lib.sh"
case ${LOGS:=} in /* | '') ;; *) LOGS=$caller/$LOGS ;; esac
need_root
MOUNT=${MOUNT:-$(find_tool mount.erofs)}
need_tools "$MKFS" "$DUMP" "$FSCK" "$MOUNT"
can_mount || skip_all "cannot mount EROFS here"
for tool in umoci skopeo docker-registry busybox python3; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
case $(file -L "$(command -v busybox)" 2>/dev/null || ldd "$(command -v busybox)" 2>&1) in
*static* | *"not a dynamic"*) ;;
*) skip_all "busybox is not linked statically (package busybox-static)" ;;
esac
unshare -m true 2>/dev/null || skip_all "no mount namespaces here"
root=$("$here/fetch-containerd.sh") || skip_all "no containerd of Debian sid"
fingerprints='"-T0", "--mkfs-time", "--ishare-fingerprint=sha256"'

# ---- the image -------------------------------------------------------------------------------------------------------------

# Layers in the way of OCI: the files are in /files, and the program that looks at them in /bin.
mkdir -p layers/0/{bin,proc,sys,dev,run,tmp,etc} layers/0/files/{gone/below,opaque/sub,replaced,kept/deep,becomes-file}
mkdir -p layers/1/files/{opaque,kept/deep,only-whiteouts,replaced} layers/2/files/opaque
cp "$(command -v busybox)" layers/0/bin/busybox
for applet in sh ls awk find sort stat readlink md5sum grep; do ln -s busybox "layers/0/bin/$applet"; done
cd layers/0/files || exit 99
for name in gone/below/f opaque/lower opaque/sub/f replaced/lower kept/a kept/b kept/deep/c becomes-file/f lost again; do
	seq 1 3000 | sed "s,^,$name ," >"$name"
done
ln kept/a kept/linked && ln -s ../kept/a kept/symbolic && mkfifo pipe && mknod null c 1 3
head -c 3000000 /dev/zero >sparse && head -c 300000 /dev/urandom >>sparse && chmod 4755 lost && chown 12:34 kept/b
cd ../../1/files || exit 99
: | tee .wh.gone .wh.lost .wh.never opaque/.wh..wh..opq kept/.wh.b kept/deep/.wh.c only-whiteouts/.wh.none .wh.becomes-file >/dev/null
echo upper >opaque/upper && echo new >replaced/new && echo again >again && chmod 700 replaced
cd ../../2/files || exit 99
: | tee opaque/.wh.upper .wh.replaced >/dev/null
echo top >opaque/top && echo file >becomes-file
cd "$work" || exit 99
for n in 0 1 2; do
	find layers/$n -exec touch -h -d "@160000000$n" {} +
	tar --format=posix --numeric-owner --sort=name -C layers/$n -cf $n.tar .
done
check "layout" python3 "$top_srcdir/tests/e2e/oci_images.py" layout "$work/layout" gzip 0.tar 1.tar 2.tar || finish
check "a layout with a tag" skopeo --insecure-policy copy --quiet oci:layout oci:tagged:1 || finish
check "umoci unpacks it" umoci --log=error unpack --image tagged:1 unpacked || finish
looked=$(chroot unpacked/rootfs /bin/busybox sh -c "$(cat "$here/look.sh")")
check "flattened" "$MKFS" --quiet "$FP_OPT" --oci=tagged flat.img || finish
check "the image as an archive" skopeo --insecure-policy copy --quiet oci:tagged:1 oci-archive:image.tar:local/image:1 || finish

# ---- a registry ------------------------------------------------------------------------------------------------------------

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >registry.yml <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve registry.yml >registry.log 2>&1 &
registry=$!
at_end() { kill "$registry" 2>/dev/null; }
trap 'at_end; cleanup' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
	! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	sleep 0.5
done
remote=127.0.0.1:$port/ours/image:1
check "pushed" skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:tagged:1 "docker://$remote" || finish

# ---- containerd ------------------------------------------------------------------------------------------------------------

# Our mkfs.erofs with the libraries of this machine, behind a name that containerd finds and that notes how it is called.
mkdir ours
cp "$MKFS" "$MOUNT" "$(command -v busybox)" "$here"/{daemon,inside,look,native}.sh ours/
ldd "$MKFS" "$MOUNT" | grep -o '/[^ ]*' | while read -r library; do cp -L "$library" ours/; done
loader=$(basename "$(ldd "$MKFS" | grep -o '/[^ ]*/ld-[^ ]*' | head -n 1)")
mkdir ours/bin
cat >ours/bin/mkfs.erofs <<END
#!/ours/busybox sh
echo "mkfs.erofs \$*" >>/tmp/calls
exec /ours/$loader --library-path /ours /ours/$(basename "$MKFS") "\$@"
END
printf '#!/ours/busybox sh\nexec /ours/%s --library-path /ours /ours/%s "$@"\n' "$loader" "$(basename "$MOUNT")" >ours/bin/mount.erofs
chmod +x ours/bin/mkfs.erofs ours/bin/mount.erofs
for applet in sh ls rm sed awk sort sleep cat timeout mkdir cp mv mount umount kill head cut sha256sum; do ln -s ../busybox ours/bin/$applet; done

# configured DIFFER-LINES...: what containerd reads.
configured() {
	cat <<-END
		version = 3
		[plugins."io.containerd.differ.v1.erofs"]
		$(printf '%s\n' "$@")
		[plugins."io.containerd.service.v1.diff-service"]
		  default = ["erofs", "walking"]
		[plugins."io.containerd.transfer.v1.local"]
		  [[plugins."io.containerd.transfer.v1.local".unpack_config]]
		    platform = "linux/$(sed -n 's/.*"architecture": *"\([^"]*\)".*/\1/p' tagged/blobs/sha256/* 2>/dev/null | head -n 1)"
		    snapshotter = "erofs"
		    differ = "erofs"
	END
}

# in_containerd SCRIPT ARGUMENTS...: inside.sh or native.sh, in a mount namespace whose root is containerd's.
in_containerd() {
	unshare -m --propagation private bash -c '
		set -eu
		root=$1 work=$2
		shift 2
		mount --bind "$root" "$root"
		cd "$root"
		for folder in proc sys dev; do mount --rbind /$folder ./$folder; done
		mount --bind "$work/ours" ours && mount --bind "$work/etc" etc/containerd && mount --bind "$work/seen" tmp
		mount -t tmpfs none run && mount -t tmpfs none var/lib/containerd
		pivot_root . old
		exec /ours/busybox sh -c "umount -l /old; export TMPDIR=/tmp PATH=/ours/bin:/usr/sbin:/usr/bin:/sbin:/bin; exec sh \"/ours/\$@\"" sh "$@"
	' bash "$root" "$work" "$@"
}

# with WHAT REF DIFFER-LINES...: two containers of the image, one after the other, one whose root is the flattened image, and two
# with an index over containerd's layers, as the root and bound into one.
with() {
	local what=$1 ref=$2 name
	shift 2
	rm -rf seen etc && mkdir seen etc
	configured "$@" >etc/config.toml
	cp image.tar flat.img seen/
	check "$what: containers run" in_containerd inside.sh "$ref" first second
	same "$what: snapshotter and differ" "ok ok" "$(awk '{ printf "%s%s", sep, $NF; sep = " " }' seen/plugins)"
	for name in first second rootfs thin bound; do
		same "$what: $name: what it sees is what umoci unpacks" "$looked" "$(cat seen/$name.seen)"
		same "$what: $name: tar has no complaint" "" "$(cat seen/$name.tar-said)"
	done
	[ ! "$LOGS" ] || { mkdir -p "$LOGS/${what// /-}" && cp seen/calls seen/containerd.log seen/got "$LOGS/${what// /-}/"; }
	same "$what: each layer was made by ours" 3 "$(grep -c '^mkfs.erofs --tar=f' seen/calls)"
}

with "converted" "$remote" "mkfs_options = [$fingerprints]"
for layer in seen/layers/*.erofs; do
	check "converted: ${layer##*/}: fingerprints" "$FSCK" --ishare "$layer"
done
if built_with Zstandard; then
	with "compressed" local/image:1 "mkfs_options = [$fingerprints, \"-zzstd,3\", \"-E48bit\"]"
fi
with "without options" "$remote"

# ---- images whose layers are EROFS ------------------------------------------------------------------------------------------

# What 2.1.9 says to layers of a type that it does not know.
unknown='mismatched image rootfs and manifest layers'
native=127.0.0.1:$port/native
rm -rf seen etc && mkdir seen etc && configured >etc/config.toml
for type in oci containerd draft; do
	check "native: $type: pushed" bash -c '"$@" >said' - "$MKFS" "--oci=docker://$remote,layers=image,type=$type,cache-from=docker://$native/oci:1" "docker://$native/$type:1"
	same "native: $type: layers are converted once for all types" "$([ $type = oci ] && echo 3 || echo 0) layers converted" "$(grep -o '[0-9]* layers converted' said)"
	check "native: $type: an archive" "$MKFS" --quiet "--oci=tagged,layers=image,type=$type" "seen/$type.tar"
done
# The same below an index, as images of several platforms are.
check "native: an index" python3 - tagged/index.json tagged/blobs/sha256 <<'END'
import hashlib, json, sys
name, blobs = sys.argv[1:]
index = json.load(open(name))
image, = index["manifests"]
config = json.load(open(blobs + "/" + json.load(open(blobs + image["digest"].replace("sha256:", "/")))["config"]["digest"][7:]))
image["platform"] = {key: config[key] for key in ("os", "architecture")}
inner = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [image]}).encode()
digest = hashlib.sha256(inner).hexdigest()
open(blobs + "/" + digest, "wb").write(inner)
index["manifests"] = [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + digest, "size": len(inner)}]
json.dump(index, open(name, "w"))
END
check "native: an index: pushed" "$MKFS" --quiet "--oci=tagged,layers=image,type=oci,cache-from=docker://$native/oci:1" "docker://$native/oci-index:1"
check "native: an index: an archive" "$MKFS" --quiet --oci=tagged,layers=image,type=oci seen/oci-index.tar
check "native: ctr has had all" in_containerd native.sh "$native" oci oci-index containerd draft
for got in {oci,oci-index,containerd,draft}.{pull,local-pull,import}; do
	if [[ $got != oci* ]] && said=$(cat "seen/$got".{got,all} 2>/dev/null | grep "$unknown"); then
		skip "native: $got: this containerd knows no such layers: $said"
		continue
	fi
	same "native: $got: what a container sees is what umoci unpacks" "$looked" "$(cat "seen/$got.seen")"
	same "native: $got: tar has no complaint" "" "$(cat "seen/$got.tar-said")"
	same "native: $got: the snapshotter has our three layers" 3 "$(tar -tf "seen/${got%.*}.tar" | grep -cxFf <(find "seen/$got" -type f -printf 'blobs/sha256/%f\n'))"
done
same "native: nothing was converted" "" "$(cat seen/calls 2>/dev/null)"
[ ! "$LOGS" ] || { mkdir -p "$LOGS/native" && cp seen/*.got seen/containerd.log "$LOGS/native/"; }
finish
