#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later OR MIT
# A file includes only from floors below its own: the picture in doc/architecture.md as a table.
set -u
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd)

# The floors: floor, folder, and the folders that it may include from (besides itself). "public" is include/erofs/. The
# picture in doc/architecture.md is checked against this table.
floors() {
	cat <<-'FLOORS'
		0 public       public
		1 lib/util     public
		2 lib/format   public lib/util
		2 lib/codec    public lib/util
		2 lib/io       public lib/util
		3 lib/tree     public lib/util lib/format lib/codec lib/io
		3 lib/reader   public lib/util lib/format lib/codec lib/io
		4 lib/archive  public lib/util lib/format lib/codec lib/io lib/tree
		4 lib/oci      public lib/util lib/codec lib/io lib/tree lib/archive
		4 lib/writer   public lib/util lib/format lib/codec lib/io lib/tree
		5 lib/source   public lib/util lib/format lib/codec lib/io lib/tree lib/archive lib/oci
		5 lib/extract  public lib/util lib/format lib/codec lib/io lib/reader
		5 lib/check    public lib/util lib/format lib/codec lib/io lib/reader
		5 lib/share    public lib/util lib/format lib/codec lib/io lib/reader
		6 common       public
		6 mkfs         public common
		6 dump         public common
		6 fsck         public common
		6 mount        public common
		6 fuse         public common
		6 examples     public
		7 tests/unit   public lib/util lib/format lib/codec lib/io lib/tree lib/reader lib/archive lib/oci lib/source lib/writer lib/check lib/extract lib/share common fuse tests/fuzz
		7 tests/fuzz   public lib/codec lib/archive lib/oci lib/source tests/tools
		7 tests/tools
	FLOORS
}
# The names that leave a file of the library: erofs_, then the folder's prefix. In the folders of tools on floors 1 and 2 each tool has
# its own. tests/symbols.sh compares what the compiler made with this table. Public names are as include/erofs/ has them.
prefixes() {
	cat <<-'PREFIXES'
		lib/util     ahead arena array base64 buffer data_buffer escape gate hex index message mix pages path pool progress random_seed report sized uuid wants
		lib/format   acl chunk compact configs crc32c device_slot dirent file_type inode kernel lcluster name pack superblock verity_superblock xattr zextent zmap
		lib/codec    chunker decode decoder deflate encode encoder hasher look looks verity
		lib/io       device file output target
		lib/tree     tree
		lib/reader   reader
		lib/archive  archive
		lib/oci      oci
		lib/writer   writer
		lib/source   source
		lib/extract  extract
		lib/check    check
		lib/share    share
	PREFIXES
}
# Only the image source, of all sources, may read images.
exceptions='lib/source/source_image[a-z_]*\.[ch] lib/reader'
# tree and source hold no on-disk records; limits and names of the format they may know.
below_tree='lib/(tree|source|archive|oci)/.* lib/format/(le|format_inode|format_dirent|format_superblock|format_chunk|crc32c)\.h'

# includes DIR: "FILE INCLUDED-FILE" for each #include of the project's own
includes() {
	(cd "$1" && find include lib mkfs dump fsck mount fuse common examples tests -name '*.[ch]' 2>/dev/null | sort | xargs -r awk '
		/^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]+"/ { split($0, parts, "\""); print FILENAME, parts[2] }
		/^[[:space:]]*#[[:space:]]*include[[:space:]]*<erofs\/[^>]+>/ { split($0, parts, "[<>]"); print FILENAME, "include/" parts[2] }')
}

# set_floor VARIABLE FILE: the folder that the table knows it by
set_floor() {
	local folder=${2%/*} below
	below=${folder#*/}
	case $folder in
	include*) printf -v "$1" public ;;
	lib/* | tests/*) printf -v "$1" '%s' "${folder%%/*}/${below%%/*}" ;;
	*) printf -v "$1" '%s' "${folder%%/*}" ;;
	esac
}

# violations DIR: prints each include that the table does not allow
violations() {
	local file included from to folder below
	local -A allowed
	while read -r _ folder below; do allowed[$folder]=" $below "; done < <(floors)
	includes "$1" | while read -r file included; do
		set_floor from "$file" && set_floor to "$included"
		case $included in
		config.h) continue ;;
		*/*) ;;
		*) echo "$file: \"$included\" is not named from the top of the tree"; continue ;;
		esac
		if [[ "$file $included" =~ ^$below_tree$ ]]; then
			echo "$file: includes $included, on-disk records are not for this floor"
			continue
		fi
		[ "$from" = "$to" ] && continue
		[[ "$file $to" =~ ^$exceptions$ ]] && continue
		if [ -z "${allowed[$from]:-}" ]; then
			echo "$file: $from is not in the table"
		elif [[ ${allowed[$from]} != *" $to "* ]]; then
			echo "$file: $from must not include $included"
		fi
	done
	# The library never prints and never exits.
	(cd "$1" && grep -nE '(^|[^a-z_>.])(printf|puts|putchar|perror|exit|_exit|abort)\(|(^|[^a-z_])fprintf\((stderr|stdout)' \
		-r lib --include='*.c' --include='*.h' 2>/dev/null | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)' |
		sed 's/$/   <- the library never prints and never exits/')
	# Nobody but lib/format touches little-endian types.
	(cd "$1" && grep -nE '\berofs_le(16|32|64)\b|\b(le|htole|be|htobe)(16|32|64)(toh)?\(' -r lib --include='*.c' --include='*.h' 2>/dev/null |
		grep -vE '^lib/format/' | sed 's/$/   <- on-disk types outside of lib\/format/')
	# Nor does anybody else know how the magic number lies in bytes, or what a superblock and chunks span.
	(cd "$1" && grep -niE '0xe2, *0xe1|EROFS_SUPER_MAGIC|& *EROFS_CHUNK_FORMAT_BLKBITS_MASK|\* *[a-z>.-]*sb_extslots' \
		-r lib --include='*.c' --include='*.h' 2>/dev/null | grep -vE '^lib/format/' | sed 's/$/   <- arithmetic of the format outside of lib\/format/')
}

# pictures FILE: each folder stands in the line of its floor.
pictures() {
	local floor folder _
	floors | while read -r floor folder _; do
		case $folder in public | common | examples | tests/*) continue ;; esac
		sed -n "/^$floor  /,/^[0-9]  /p" "$1" | grep -vE "^[^$floor ]" | grep -qF "$folder/" ||
			echo "$1: $folder does not stand on floor $floor"
		[[ $folder != lib/* ]] || prefixes | grep -q "^$folder " || echo "tests/layering.sh: $folder has no prefix"
	done
}

# A test that cannot fail is none: planted violations must be found.
self_test() {
	local dir planted found
	self_dir=$(mktemp -d "${TMPDIR:-/tmp}/layering.XXXXXX")
	dir=$self_dir
	trap 'rm -rf "$self_dir"' EXIT
	mkdir -p "$dir"/lib/{util,reader,writer,tree,source,unknown} "$dir"/{include/erofs,mkfs}
	planted=0
	plant() { printf '%s\n' "$2" >"$dir/$1"; planted=$((planted + 1)); }
	plant lib/util/a.c '#include "lib/format/le.h"'
	plant lib/reader/a.c '#include "lib/writer/a.h"'
	plant lib/writer/a.c ' #  include "lib/reader/a.h"'
	plant lib/source/a.c '#include "lib/reader/a.h"'
	plant lib/tree/a.c '#include "lib/format/le.h"'
	plant mkfs/a.c '#include "lib/util/arena.h"'
	plant lib/util/b.c '#include "arena.h"'
	plant lib/unknown/a.c '#include "lib/util/arena.h"'
	plant lib/writer/b.c '	printf("x");'
	plant lib/reader/b.c '	exit(1);'
	plant lib/reader/c.c 'static erofs_le32 x;'
	plant lib/writer/c.c 'static const uint8_t magic[] = { 0xe2, 0xe1, 0xf5, 0xe0 };'
	plant lib/reader/d.c '	bits = blkszbits + (u & EROFS_CHUNK_FORMAT_BLKBITS_MASK);'
	printf '%s\n' '#include <erofs/image.h>' '#include "lib/format/le.h"' '	snprintf(a, 1, "");' '	x->exit(1);' >"$dir/lib/reader/good.c"
	printf '%s\n' '#include "lib/reader/a.h"' >"$dir/lib/source/source_image.c"
	found=$(violations "$dir" | grep -c .)
	[ "$found" = "$planted" ] && ! violations "$dir" | grep -qE 'good|source_image' && return
	echo "not ok - $found of $planted planted violations found:"
	violations "$dir"
	exit 1
}
# For tests/symbols.sh.
[ "${1:-}" != prefixes ] || { prefixes; exit 0; }
self_test
found=$(violations "$top_srcdir"; pictures "$top_srcdir/doc/architecture.md")
[ -z "$found" ] && { echo "ok - $(includes "$top_srcdir" | wc -l) includes"; exit 0; }
printf '%s\n' "$found"
exit 1
