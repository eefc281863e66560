/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/archive/tar_member.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/inode.h>
#include <erofs/text.h>

#include "lib/archive/unpack.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* Far more than any record that makes sense: an inode's xattrs have 256 KiB at most. */
#define EXTENDED_MAX ((int64_t)16 * 1024 * 1024)
#define GLOBAL_MAX   ((size_t)64 * 1024) /* copied for each member */
#define PATH_MOST    ((size_t)64 * 1024)

static uint64_t round_up(uint64_t size)
{
	return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/* ---- what is wrong --------------------------------------------------------------------------------------------------- */

int erofs_archive_tar_report(const struct tar_members *members, int err, const char *path, const char *format, ...)
{
	erofs_auto_free char *shown = erofs_escape(path, strlen(path));
	erofs_auto_free char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return erofs_report(members->diag, err, "%s: member '%s': %s", members->input->name, shown ? shown : path,
			    text ? text : format);
}

static int report_at(const struct tar_members *members, const char *what)
{
	return erofs_report(members->diag, -EINVAL, "%s: header at byte %" PRIu64 " %s", members->input->name,
			    members->header_at, what);
}

static int report_truncated(const struct tar_members *members)
{
	return erofs_report(members->diag, -EINVAL, "%s: archive is cut off at byte %" PRIu64, members->input->name,
			    members->input->position);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------------------ */

/* Exactly so much. */
static int read_all(struct tar_members *members, void *buf, size_t length)
{
	int64_t count = erofs_archive_tar_input_read(members->input, buf, length);

	if (count < 0)
		return (int)count;
	return (size_t)count == length ? 0 : report_truncated(members);
}

static int skip_all(struct tar_members *members, uint64_t length)
{
	int64_t count = length ? erofs_archive_tar_input_skip(members->input, length) : 0;

	if (count < 0)
		return (int)count;
	return (uint64_t)count == length ? 0 : report_truncated(members);
}

/* As far as there is anything. */
static int skip_some(struct tar_members *members, uint64_t length)
{
	int64_t count = length ? erofs_archive_tar_input_skip(members->input, length) : 0;

	return count < 0 ? (int)count : 0;
}

static int finish_member(struct tar_members *members)
{
	int err = skip_all(members, members->left);

	if (!err && members->is_vouched_for)
		err = skip_some(members, members->padding);
	else if (!err)
		err = skip_all(members, members->padding);
	members->left = members->padding = 0;
	return err;
}

/* ---- the end ----------------------------------------------------------------------------------------------------------------- */

/*
 * Many writers leave out the mark at the end, and every reader takes that. Where nothing else says that the archive is whole, it
 * is worth a word: one that was cut off there looks the same.
 */
static int end_without_mark(const struct tar_members *members)
{
	if (members->is_vouched_for)
		return 0;
	if (!members->started)
		erofs_message(members->diag, EROFS_SEV_WARNING, "%s is empty: an archive without members",
			      members->input->name);
	else
		erofs_message(members->diag, EROFS_SEV_WARNING,
			      "%s ends without the mark of an archive's end; if it was cut off, members are missing",
			      members->input->name);
	return 0;
}

/* The mark at the end is two blocks of zeros; one is enough for every reader, and what is behind them counts for none. */
static int read_end(struct tar_members *members)
{
	uint8_t block[TAR_BLOCK];
	int64_t count = erofs_archive_tar_input_read(members->input, block, sizeof(block));

	if (count < 0)
		return (int)count;
	if (count == sizeof(block) && !erofs_archive_tar_is_zero(block))
		erofs_message(members->diag, EROFS_SEV_WARNING,
			      "%s: a lone block of zeros at byte %" PRIu64
			      " ends the archive; what is behind it is left out",
			      members->input->name, members->header_at);
	return 0;
}

static int report_no_archive(const struct tar_members *members, const uint8_t *block, size_t size)
{
	const char *stranger = erofs_archive_unpack_name_stranger(block, size);

	return erofs_report(members->diag, -EINVAL, "%s is no tar archive%s%s", members->input->name,
			    stranger ? ": it is " : "", stranger ? stranger : "");
}

/* ---- headers ----------------------------------------------------------------------------------------------------------------- */

/* The next block that is not empty: 1; 0 at the end. */
static int read_header_block(struct tar_members *members, uint8_t block[TAR_BLOCK])
{
	size_t size;
	int64_t count;

	members->header_at = members->input->position;
	count = erofs_archive_tar_input_read(members->input, block, TAR_BLOCK);
	if (count < 0)
		return (int)count;
	if (!count)
		return end_without_mark(members);
	size = (size_t)count;
	memset(block + size, 0, TAR_BLOCK - size);
	if (!members->started &&
	    (size < TAR_BLOCK || (!erofs_archive_tar_is_zero(block) && !erofs_archive_tar_checksum_fits(block))))
		return report_no_archive(members, block, size);
	members->started = true;
	if (!erofs_archive_tar_is_zero(block))
		return size == TAR_BLOCK ? 1 : report_truncated(members);
	return size == TAR_BLOCK ? read_end(members) : 0;
}

/* The next block that is a header: 1; 0 at the end. */
static int read_header(struct tar_members *members, uint8_t block[TAR_BLOCK])
{
	int more = read_header_block(members, block);
	const char *why;

	if (more <= 0)
		return more;
	if (!erofs_archive_tar_checksum_fits(block))
		return report_at(members, "is damaged: its checksum is wrong");
	if (erofs_archive_tar_header_decode(&members->header, block, &why))
		return erofs_archive_tar_report(members, -EINVAL, members->header.name, "its %s is no number that fits",
						why);
	return 1;
}

/* ---- records in front of a member -------------------------------------------------------------------------------------------- */

static int read_body(struct tar_members *members, int64_t most)
{
	size_t size = (size_t)members->header.size;
	int err;

	if (members->header.size > most)
		return report_at(members, "has an absurd size");
	/* By pieces, so that a size alone takes no memory. */
	members->body.size = 0;
	while (members->body.size < size) {
		size_t part = size - members->body.size < 65536 ? size - members->body.size : 65536;

		if (erofs_buffer_reserve(&members->body, members->body.size + part))
			return -ENOMEM;
		err = read_all(members, members->body.data + members->body.size, part);
		if (err)
			return err;
		members->body.size += part;
	}
	return skip_all(members, round_up(size) - size);
}

static int read_extended(struct tar_members *members, struct tar_extended *extended)
{
	const char *why;
	int err = read_body(members, EXTENDED_MAX);

	if (!err && members->body.size) {
		err = erofs_archive_tar_extended_parse(extended, (const char *)members->body.data, members->body.size,
						       &why);
		if (err && err != -ENOMEM)
			report_at(members, why);
	}
	return err;
}

/* Of several headers for one member the last one counts alone, as for GNU tar and Go. */
static int read_local(struct tar_members *members)
{
	int err = members->has_local ? erofs_archive_tar_extended_copy(&members->local, &members->global) : 0;

	members->has_local = true;
	return err ? err : read_extended(members, &members->local);
}

static int read_global(struct tar_members *members)
{
	int err = read_extended(members, &members->global);

	if (!err && members->global.texts.size > GLOBAL_MAX)
		err = report_at(members, "makes for absurdly many global attributes");
	return err ? err : erofs_archive_tar_extended_copy(&members->local, &members->global);
}

static int read_long_name(struct tar_members *members, bool is_link)
{
	const char *text;
	size_t length;
	int err = read_body(members, (int64_t)PATH_MOST);

	if (err)
		return err;
	text = (const char *)members->body.data;
	length = members->body.size ? strnlen(text, members->body.size) : 0;
	if (!length)
		return report_at(members, "is a long name that is empty");
	return is_link ? erofs_archive_tar_extended_set_link(&members->local, text, length)
		       : erofs_archive_tar_extended_set_path(&members->local, text, length);
}

/* Takes a record that is no member: 1 if it was one of those. */
static int take_record(struct tar_members *members)
{
	int err;

	switch (members->header.type) {
	case 'x':
	case 'X': /* Solaris' name for it */
		err = read_local(members);
		break;
	case 'g':
		err = read_global(members);
		break;
	case 'L':
	case 'K':
		err = read_long_name(members, members->header.type == 'K');
		break;
	case 'V': /* the name of the whole archive */
		err = skip_all(members, round_up((uint64_t)members->header.size));
		break;
	default:
		return 0;
	}
	return err ? err : 1;
}

/* ---- sparse files ------------------------------------------------------------------------------------------------------------ */

static int report_sparse(const struct tar_members *members, const struct tar_member *member, int err)
{
	return err == -ENOMEM ? err
			      : erofs_archive_tar_report(members, err, member->path,
							 err == -E2BIG ? "sparse file with too many ranges"
								       : "its map of a sparse file makes no sense");
}

static int read_old_map(struct tar_members *members, struct tar_member *member, const uint8_t *block)
{
	struct erofs_buffer *ranges = &members->local.ranges;
	uint8_t more_block[TAR_BLOCK];
	size_t before;
	bool more;
	int err = erofs_archive_tar_sparse_header(ranges, &member->size, &more, block);

	while (!err && more) {
		err = read_all(members, more_block, TAR_BLOCK);
		if (err)
			return err;
		before = ranges->size;
		err = erofs_archive_tar_sparse_block(ranges, &more, more_block);
		/* Blocks that say nothing must come to an end, too. */
		if (!err && more && ranges->size == before)
			err = -EINVAL;
	}
	return err ? report_sparse(members, member, err) : 0;
}

/* Reads one more block of the map in front of the data, into members->body. */
static int read_map_block(struct tar_members *members, struct tar_member *member)
{
	struct erofs_buffer *body = &members->body;

	if (member->stored < TAR_BLOCK)
		return report_sparse(members, member, -EINVAL);
	if (body->size > (size_t)EXTENDED_MAX)
		return report_sparse(members, member, -E2BIG);
	if (erofs_buffer_reserve(body, body->size + TAR_BLOCK))
		return -ENOMEM;
	body->size += TAR_BLOCK;
	member->stored -= TAR_BLOCK;
	return read_all(members, body->data + body->size - TAR_BLOCK, TAR_BLOCK);
}

/* A number and its newline from members->body; the next block is read when it is needed. */
static int take_map_number(struct tar_members *members, struct tar_member *member, size_t *at, uint64_t *out)
{
	bool any = false;

	*out = 0;
	for (;; ++*at) {
		int err = *at == members->body.size ? read_map_block(members, member) : 0;
		uint8_t byte;

		if (err)
			return err;
		byte = members->body.data[*at];
		if (byte == '\n' && any) {
			++*at;
			return 0;
		}
		if (byte < '0' || byte > '9' || __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, byte - '0', out))
			return report_sparse(members, member, -EINVAL);
		any = true;
	}
}

/* The map of GNU's format 1.0: how many ranges, then their numbers, a line each, in whole blocks. */
static int read_map_in_data(struct tar_members *members, struct tar_member *member)
{
	uint64_t count, offset, length;
	size_t at = 0;
	int err;

	members->body.size = 0;
	err = take_map_number(members, member, &at, &count);
	for (; !err && count; count--) {
		err = take_map_number(members, member, &at, &offset);
		if (!err)
			err = take_map_number(members, member, &at, &length);
		if (err)
			return err;
		err = erofs_archive_tar_sparse_add(&members->local.ranges, offset, length);
		if (err)
			report_sparse(members, member, err);
	}
	return err;
}

static int read_map(struct tar_members *members, struct tar_member *member, const uint8_t *block)
{
	const struct tar_extended *extended = member->extended;

	if (members->header.type == 'S')
		return read_old_map(members, member, block);
	if (!extended->is_sparse)
		return 0;
	if (!extended->has_real_size)
		return report_sparse(members, member, -EINVAL);
	member->size = extended->real_size;
	return extended->map_in_data ? read_map_in_data(members, member) : 0;
}

/* Whether the ranges add up to what is stored, and end where the file does. */
static int check_map(struct tar_members *members, struct tar_member *member)
{
	const struct erofs_data_range *ranges = (const void *)member->extended->ranges.data;
	size_t count = member->extended->ranges.size / sizeof(*ranges);
	uint64_t bytes = 0;

	if (members->header.type != 'S' && !member->extended->is_sparse)
		return 0;
	for (size_t i = 0; i < count; i++)
		bytes += ranges[i].end - ranges[i].start;
	if (bytes != member->stored || (count && ranges[count - 1].end > member->size) || member->size > INT64_MAX)
		return report_sparse(members, member, -EINVAL);
	member->is_sparse = true;
	member->ranges = ranges;
	member->range_count = count;
	return 0;
}

/* ---- members ----------------------------------------------------------------------------------------------------------------- */

static int report_number(const struct tar_members *members, const struct tar_member *member, const char *what)
{
	return erofs_archive_tar_report(members, -ERANGE, member->path, "its %s does not fit", what);
}

static int set_numbers(struct tar_members *members, struct tar_member *member)
{
	const struct tar_header *header = &members->header;
	const struct tar_extended *extended = member->extended;
	int64_t uid = extended->has_uid ? extended->uid : header->uid;
	int64_t gid = extended->has_gid ? extended->gid : header->gid;
	int64_t major = extended->has_major ? extended->major : header->major;
	int64_t minor = extended->has_minor ? extended->minor : header->minor;
	int64_t size = extended->has_size ? extended->size : header->size;

	if (uid < 0 || uid > UINT32_MAX)
		return report_number(members, member, "uid");
	if (gid < 0 || gid > UINT32_MAX)
		return report_number(members, member, "gid");
	if (size < 0)
		return report_number(members, member, "size");
	if ((S_ISCHR(member->mode) || S_ISBLK(member->mode)) &&
	    (major < 0 || major > EROFS_RDEV_MAJOR_MAX || minor < 0 || minor > EROFS_RDEV_MINOR_MAX))
		return report_number(members, member, "device number");
	member->uid = (uint32_t)uid;
	member->gid = (uint32_t)gid;
	member->major = (uint32_t)major;
	member->minor = (uint32_t)minor;
	member->mtime = extended->has_mtime ? extended->mtime : header->mtime;
	member->mtime_nsec = extended->has_mtime ? extended->mtime_nsec : 0;
	member->stored = member->size = (uint64_t)size;
	return 0;
}

static int set_type(struct tar_members *members, struct tar_member *member)
{
	char type = members->header.type;
	size_t length = strlen(member->path);

	switch (type) {
	case '\0':
	case '0':
	case '7': /* in one piece on the disk */
	case 'S':
		/* In the oldest archives only the name tells a directory. */
		member->mode = length && member->path[length - 1] == '/' ? S_IFDIR : S_IFREG;
		return 0;
	case '1':
		member->mode = 0;
		return 0;
	case '2':
		member->mode = S_IFLNK;
		return 0;
	case '3':
		member->mode = S_IFCHR;
		return 0;
	case '4':
		member->mode = S_IFBLK;
		return 0;
	case '5':
	case 'D': /* with a list of its names, for incremental backups */
		member->mode = S_IFDIR;
		return 0;
	case '6':
		member->mode = S_IFIFO;
		return 0;
	case 'M':
		return erofs_archive_tar_report(members, -EOPNOTSUPP, member->path, "is continued from another volume");
	default:
		return erofs_archive_tar_report(members, -EOPNOTSUPP, member->path,
						"has the unknown type '%c' (0x%02x)",
						type >= ' ' && type <= '~' ? type : '?', (unsigned char)type);
	}
}

/* Kinds whose size says nothing about data behind the header. */
static bool has_no_data(char type)
{
	return type >= '1' && type <= '6';
}

static int set_member(struct tar_members *members, struct tar_member *member, const uint8_t *block)
{
	const struct tar_extended *extended = &members->local;
	uint64_t padding;
	int err;

	*member = (struct tar_member){ .extended = extended };
	member->path = extended->has_path ? (const char *)extended->path.data : members->header.name;
	member->link = extended->has_link ? (const char *)extended->link.data : members->header.link;
	if (strlen(member->path) > PATH_MOST || strlen(member->link) > PATH_MOST)
		return report_at(members, "has an absurdly long name");
	err = set_type(members, member);
	if (!err)
		err = set_numbers(members, member);
	if (err)
		return err;
	/* As Linux has it when the ACL is set. */
	if (extended->has_acl_mode)
		members->header.mode = (uint16_t)((members->header.mode & 07000) | extended->acl_mode);
	/* Linux knows no other permissions of symbolic links. */
	member->mode |= S_ISLNK(member->mode) ? 0777 : member->mode ? members->header.mode : 0;
	/* Nor does that of an old directory, which is one by its name; GNU tar's lists of names are data. */
	if (has_no_data(members->header.type) || (S_ISDIR(member->mode) && members->header.type != 'D'))
		member->stored = member->size = 0;
	padding = round_up(member->stored) - member->stored;
	if (S_ISREG(member->mode))
		err = read_map(members, member, block);
	if (!err && S_ISREG(member->mode))
		err = check_map(members, member);
	member->data_at = members->input->position;
	members->left = member->stored;
	members->padding = padding;
	return err;
}

int erofs_archive_tar_member_next(struct tar_members *members, struct tar_member *out)
{
	uint8_t block[TAR_BLOCK];
	bool has_records = false;
	int more = finish_member(members);

	members->has_local = false;
	if (!more)
		more = erofs_archive_tar_extended_copy(&members->local, &members->global);
	if (more)
		return more;
	while ((more = read_header(members, block)) > 0) {
		int record = take_record(members);

		if (record < 0)
			return record;
		if (!record) {
			int err = set_member(members, out, block);

			return err ? err : 1;
		}
		has_records |= members->header.type != 'g' && members->header.type != 'V';
	}
	return !more && has_records ? report_at(members, "ends the archive where a member was announced") : more;
}

int erofs_archive_tar_member_read(struct tar_members *members, void *buf, size_t length)
{
	if (length > members->left)
		return -EINVAL;
	members->left -= length;
	return read_all(members, buf, length);
}

void erofs_archive_tar_members_release(struct tar_members *members)
{
	erofs_archive_tar_extended_release(&members->global);
	erofs_archive_tar_extended_release(&members->local);
	erofs_buffer_release(&members->body);
}
