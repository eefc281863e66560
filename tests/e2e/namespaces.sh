#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# Builds in a user namespace, where root is not root: containers and image builders do nothing else.
. "$(dirname "$0")/lib.sh"
need_tools "$MKFS" "$FSCK"
unshare -r true 2>/dev/null || skip_all "no user namespaces"
"$tools/treegen" --no-privileged odd "$work/odd"
# ACLs name users that the namespace does not have: Linux shows them as -1, and would not take that back.
if [ -d "$work/odd/acls" ]; then
	refused "an ACL with an unmapped id" "/acls/.*xattr 'system.posix_acl_[a-z]*' names an id that this user namespace" \
		unshare -r "$MKFS" --quiet "$work/acl" "$work/odd"
	rm -rf "$work/odd/acls"
fi
touch -d @1700000000 "$work/odd"
T=(-T1700000000 --mkfs-time)

# Inside, the user is root.
owner=()
is_root || owner=(--all-root)
check "outside" "$MKFS" --quiet "${T[@]}" "${owner[@]}" "$FP_OPT" "$work/outside" "$work/odd"
check "inside" unshare -r "$MKFS" --quiet "${T[@]}" "$FP_OPT" "$work/inside" "$work/odd"
check "both alike" cmp "$work/outside" "$work/inside"
check "fsck inside" unshare -r "$FSCK" --ishare "$work/inside"
check "extract inside" unshare -r "$FSCK" "--extract=$work/x" --no-xattrs "$work/inside"
check "extracted tree" "$tools/treecmp" --no-xattrs "$work/odd" "$work/x"
rm -rf "$work/x"

if is_root; then
	small_tree "$work/s"
	setfattr -n user.seen -v "by all" "$work/s/dir/ten-thousand"
	check "as root" "$MKFS" --quiet "${T[@]}" "$FP_OPT" "$work/as-root" "$work/s"
	if as_nobody "$MKFS" --version >/dev/null 2>&1; then
		mkdir -m 777 "$work/o"
		check "as nobody" as_nobody "$MKFS" --quiet "${T[@]}" "$FP_OPT" "$work/o/nobody" "$work/s"
		check "as nobody: same bytes" cmp "$work/as-root" "$work/o/nobody"
		check "as nobody in a namespace" as_nobody unshare -r "$MKFS" --quiet "${T[@]}" --all-root "$FP_OPT" "$work/o/nobody2" "$work/s"
		check "as nobody in a namespace: same bytes" cmp "$work/as-root" "$work/o/nobody2"
		check "as nobody: extract" as_nobody "$FSCK" --no-preserve-owner "--extract=$work/o/x" "$work/as-root"
		check "as nobody: extracted tree" "$tools/treecmp" --ignore-owner --no-xattrs "$work/s" "$work/o/x"

		# Owners are wanted that nobody but root can give: a set-id bit must not come to be somebody else's.
		mkdir "$work/ids"
		for mode in 4755 2755 6711 1644 0644; do
			echo "$mode" >"$work/ids/$mode"
			chown 12:34 "$work/ids/$mode"
			chmod "$mode" "$work/ids/$mode"
		done
		echo own >"$work/ids/own"
		chown 65534:65534 "$work/ids/own"
		chmod 4755 "$work/ids/own"
		check "owners: image" "$MKFS" --quiet "${T[@]}" "$work/ids.img" "$work/ids"
		as_nobody "$FSCK" --preserve "--extract=$work/o/ids" "$work/ids.img" >"$work/ids.log" 2>&1
		status=$?
		same "as nobody, owners wanted: it is told" 1 "$(grep -c '/4755: .*owner 12:34: Operation not permitted' "$work/ids.log")"
		check_not "as nobody, owners wanted: it is no success" test "$status" = 0
		same "as nobody, owners wanted: no set-id bits" "644 0644|644 1644|755 2755|755 4755|711 6711|4755 own|" \
			"$(cd "$work/o/ids" && stat -c '%a %n' -- * | tr '\n' '|')"
		same "as nobody, owners wanted: all contents" "" "$(diff -r "$work/ids" "$work/o/ids" 2>&1)"
		# Those that a namespace does not have are left out, as all that privilege is wanting for, unless they were asked for.
		check "owners from outside of the namespace" unshare -r "$FSCK" "--extract=$work/o/outside" "$work/ids.img"
		cp "$work/.out" "$work/ids.log"
		check "... are counted" grep -q 'cannot set owner 12:34: Invalid argument (owners not set: [0-9]*)' "$work/ids.log"
		check_not "... and wanted, an error" unshare -r "$FSCK" --preserve-owner "--extract=$work/o/wanted" "$work/ids.img"
	else
		skip "the build directory is closed to others"
	fi

	setfattr -n trusted.hidden -v 1 "$work/s/hello"
	setfattr -n security.shown -v 2 "$work/s/hello"
	# trusted.* is invisible without the real CAP_SYS_ADMIN, which is no reason to fail.
	check "trusted xattrs inside" unshare -r "$MKFS" --quiet "${T[@]}" "$work/t" "$work/s"
	check "fsck" "$FSCK" "$work/t"
	if can_mount && mount_image "$work/t" "$work/mnt"; then
		same "security xattr is kept" 2 "$(getfattr --only-values --absolute-names -n security.shown "$work/mnt/hello" 2>/dev/null)"
		unmount "$work/mnt"
	fi
fi
finish
