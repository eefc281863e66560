/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/source/source_oci_record.h"

#include <errno.h>
#include <string.h>

static void *copy_bytes(struct erofs_arena *arena, const void *bytes, size_t size)
{
	void *copy = erofs_arena_alloc(arena, size);

	if (copy)
		memcpy(copy, bytes, size);
	return copy;
}

static bool says_something(const struct tar_extended *extended)
{
	const struct tar_left_out *left_out = &extended->left_out;

	return extended->xattrs.size || left_out->xattrs || left_out->acl_entries || left_out->nfs4_acl ||
	       left_out->file_flags;
}

/* What the tree wants of it: the rest is in the member. */
static int copy_extended(struct tar_member *member, struct erofs_arena *arena)
{
	const struct tar_extended *from = member->extended;
	struct tar_extended *copy;

	member->extended = NULL;
	if (!from || !says_something(from))
		return 0;
	copy = erofs_arena_alloc(arena, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	copy->left_out = from->left_out;
	copy->xattrs.size = from->xattrs.size;
	copy->texts.size = from->xattrs.size ? from->texts.size : 0;
	member->extended = copy;
	if (!from->xattrs.size)
		return 0;
	copy->xattrs.data = copy_bytes(arena, from->xattrs.data, from->xattrs.size);
	copy->texts.data = copy_bytes(arena, from->texts.data, from->texts.size);
	return copy->xattrs.data && copy->texts.data ? 0 : -ENOMEM;
}

static int copy_texts(struct tar_member *member, struct erofs_arena *arena)
{
	member->path = erofs_arena_copy(arena, member->path, strlen(member->path));
	if (member->link)
		member->link = erofs_arena_copy(arena, member->link, strlen(member->link));
	return member->path ? 0 : -ENOMEM;
}

int erofs_source_oci_record(struct oci_records *records, struct erofs_arena *arena, const struct tar_member *member,
			    struct erofs_tree_inode *inode)
{
	struct oci_record *record = erofs_arena_alloc(arena, sizeof(*record));
	int err;

	if (!record)
		return -ENOMEM;
	record->member = *member;
	record->inode = inode;
	err = copy_texts(&record->member, arena);
	if (!err)
		err = copy_extended(&record->member, arena);
	if (!err && member->range_count) {
		record->member.ranges =
			copy_bytes(arena, member->ranges, member->range_count * sizeof(*member->ranges));
		err = record->member.ranges ? 0 : -ENOMEM;
	}
	if (err || (member->link && !record->member.link))
		return -ENOMEM;
	if (records->last)
		records->last->next = record;
	else
		records->first = record;
	records->last = record;
	return 0;
}
