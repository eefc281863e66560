/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/oci/member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/unpack.h"
#include "lib/util/report.h"

/* ---- the archive from its beginning ----------------------------------------------------------------------------------- */

struct oci_pass {
	const struct oci_members *members;
	struct erofs_unpack *unpack;
	uint64_t file_at;  /* of the file */
	uint64_t position; /* of what is in it */
};

/* Up to `size` bytes of the file; reported. */
static int64_t read_file(const struct oci_members *members, void *buf, size_t size, uint64_t offset)
{
	const struct oci_store *store = members->store;
	ssize_t count;

	if (erofs_cancel_requested(store->cancel))
		return -ECANCELED;
	do
		count = pread(members->fd, buf, size, (off_t)offset);
	while (count < 0 && errno == EINTR);
	return count < 0 ? erofs_report(store->diag, -errno, "cannot read '%s': %s", store->name, strerror(errno))
			 : count;
}

static int64_t read_packed(void *ctx, void *buf, size_t size)
{
	struct oci_pass *pass = ctx;
	int64_t count = read_file(pass->members, buf, size, pass->file_at);

	pass->file_at += count > 0 ? (uint64_t)count : 0;
	return count;
}

static void free_pass(struct oci_pass *pass)
{
	if (pass)
		erofs_archive_unpack_free(pass->unpack);
	free(pass);
}

static struct oci_pass *new_pass(const struct oci_members *members)
{
	struct oci_pass *pass = calloc(1, sizeof(*pass));

	if (!pass)
		return NULL;
	pass->members = members;
	pass->unpack = erofs_archive_unpack_new(&(struct erofs_unpack_input){ read_packed, pass });
	if (pass->unpack)
		return pass;
	free(pass);
	return NULL;
}

static int64_t read_pass(struct oci_pass *pass, void *buf, size_t size)
{
	const struct oci_store *store = pass->members->store;
	int64_t count = erofs_archive_unpack_read(pass->unpack, buf, size);
	const char *text = erofs_archive_unpack_failure(pass->unpack);

	if (count < 0 && text)
		return erofs_report(store->diag, (int)count, "cannot decompress '%s': %s", store->name, text);
	pass->position += count > 0 ? (uint64_t)count : 0;
	return count;
}

/* At a place that was not passed yet; at the end if there is no such place. */
static int go_to(struct oci_pass *pass, uint64_t position)
{
	uint8_t scrap[65536];
	int64_t count = 1;

	while (count > 0 && pass->position < position) {
		uint64_t left = position - pass->position;

		count = read_pass(pass, scrap, left < sizeof(scrap) ? (size_t)left : sizeof(scrap));
	}
	return count < 0 ? (int)count : 0;
}

void erofs_oci_members_release(struct oci_members *members)
{
	free_pass(members->idle);
	members->idle = NULL;
}

/* ---- a member ---------------------------------------------------------------------------------------------------------- */

struct member_input {
	struct oci_input input;
	struct oci_members *members;
	struct oci_member member;
	struct oci_pass *pass; /* packed */
	uint64_t at;	       /* of the member */
	uint64_t stored_at;    /* in the archive */
	size_t range;	       /* sparse: the one where `at` is, or that comes next */
};

static int64_t read_stored(struct member_input *file, void *buf, size_t size)
{
	int64_t count;
	int err;

	if (file->member.bytes) {
		memcpy(buf, file->member.bytes + file->at, size);
		return (int64_t)size;
	}
	if (!file->pass) {
		count = read_file(file->members, buf, size, file->stored_at);
	} else {
		err = go_to(file->pass, file->stored_at);
		count = err ? err : read_pass(file->pass, buf, size);
	}
	file->stored_at += count > 0 ? (uint64_t)count : 0;
	return count;
}

/* Cuts `size` to the hole or the piece of data that `at` is in; whether that is data. */
static bool cut_to_piece(struct member_input *file, size_t *size)
{
	const struct oci_member *member = &file->member;
	const struct erofs_data_range *range;
	uint64_t until = member->size;
	bool is_data = !member->is_sparse;

	while (file->range < member->range_count && member->ranges[file->range].end <= file->at)
		file->range++;
	range = file->range < member->range_count ? &member->ranges[file->range] : NULL;
	if (range) {
		is_data = range->start <= file->at;
		until = is_data ? range->end : range->start;
	}
	if (*size > until - file->at)
		*size = (size_t)(until - file->at);
	return is_data;
}

static int64_t read_member(struct oci_input *input, void *buf, size_t size)
{
	struct member_input *file = (struct member_input *)input;
	bool is_data = cut_to_piece(file, &size);
	int64_t count = (int64_t)size;

	if (is_data && size)
		count = read_stored(file, buf, size);
	else
		memset(buf, 0, size);
	file->at += count > 0 ? (uint64_t)count : 0;
	return count;
}

static void close_member(struct oci_input *input)
{
	struct member_input *file = (struct member_input *)input;

	/* The next reader may go on from here. */
	if (file->pass) {
		free_pass(file->members->idle);
		file->members->idle = file->pass;
	}
	free(file);
}

static struct oci_pass *take_pass(struct oci_members *members, uint64_t offset)
{
	struct oci_pass *pass = members->idle;

	members->idle = NULL;
	if (pass && pass->position <= offset && !erofs_archive_unpack_failure(pass->unpack))
		return pass;
	free_pass(pass);
	return new_pass(members);
}

int erofs_oci_member_open(struct oci_input **out, struct oci_members *members, const struct oci_member *member)
{
	struct member_input *file = malloc(sizeof(*file));

	if (!file)
		return -ENOMEM;
	*file = (struct member_input){
		.input = { .read = read_member, .close = close_member },
		.members = members,
		.member = *member,
		.stored_at = member->offset,
	};
	if (members->is_packed && !member->bytes && !(file->pass = take_pass(members, member->offset))) {
		free(file);
		return -ENOMEM;
	}
	*out = &file->input;
	return 0;
}
