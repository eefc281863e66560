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
	if (!member->path || !member->link)
		return member->path ? 0 : -ENOMEM;
	member->link = erofs_arena_copy(arena, member->link, strlen(member->link));
	return member->link ? 0 : -ENOMEM;
}

/* Of most files the inode says as much, and there are many. */
static bool is_said_by_inode(const struct tar_member *member, const struct erofs_tree_inode *inode)
{
	return inode && !member->is_sparse && !(member->extended && says_something(member->extended));
}

static int copy_member(struct oci_record *record, struct erofs_arena *arena, const struct tar_member *from)
{
	struct tar_member *member = copy_bytes(arena, from, sizeof(*from));
	int err = member ? copy_texts(member, arena) : -ENOMEM;

	if (!err)
		err = copy_extended(member, arena);
	if (!err && from->range_count) {
		member->ranges = copy_bytes(arena, from->ranges, from->range_count * sizeof(*from->ranges));
		err = member->ranges ? 0 : -ENOMEM;
	}
	record->member = member;
	return err;
}

int erofs_source_oci_record(struct oci_records *records, const struct tar_member *member,
			    struct erofs_tree_inode *inode)
{
	struct oci_record *record = erofs_arena_alloc(&records->arena, sizeof(*record));
	int err = record ? 0 : -ENOMEM;

	if (!err && !is_said_by_inode(member, inode))
		err = copy_member(record, &records->arena, member);
	if (err)
		return err;
	record->inode = inode;
	if (records->last)
		records->last->next = record;
	else
		records->first = record;
	records->last = record;
	return 0;
}

void erofs_source_oci_recorded(struct tar_member *out, const struct oci_record *record)
{
	const struct erofs_tree_inode *inode = record->inode;

	if (record->member) {
		*out = *record->member;
		return;
	}
	*out = (struct tar_member){
		.path = inode->name,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.mtime = inode->mtime,
		.mtime_nsec = inode->mtime_nsec,
		.size = inode->size,
		.stored = inode->size,
	};
}

void erofs_source_oci_records_release(struct oci_records *records)
{
	erofs_arena_release(&records->arena);
	*records = (struct oci_records){ 0 };
}
