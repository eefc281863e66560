/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "lib/io/file.h"
#include "lib/oci/member.h"
#include "lib/archive/tar_member.h"
#include "lib/util/arena.h"
#include "lib/util/array.h"
#include "lib/util/cleanup.h"
#include "lib/util/index.h"
#include "lib/util/path.h"
#include "lib/util/report.h"
#include "lib/util/seed.h"

/*
 * A tar of an OCI layout, or what `docker save` writes, compressed or not. Where its members are is found out once; blobs are read
 * from there.
 */

#define MEMBERS_MAX 100000u /* an image has some hundred files */
#define LINKS_MAX   8	    /* that may lead from one to the next */

/* Documents are mostly small: so many bytes of such members of a compressed archive are kept, for it to be unpacked less often. */
#define KEPT_MEMBER ((uint64_t)64 * 1024)
#define KEPT_MAX    ((uint64_t)4 * 1024 * 1024)

struct place {
	const char *path; /* without leading or doubled slashes and dots */
	const char *link; /* of a symbolic link, else NULL */
	bool is_file;
	struct oci_member data;
};

struct archive_store {
	struct oci_store store;
	struct erofs_tar_input tar;
	struct oci_members members;
	uint64_t kept;
	struct erofs_arena arena;
	struct place **places;
	uint32_t count;
	size_t room;
	struct erofs_index index;
	uint64_t seed;	 /* of its hashes */
	int unpacked_fd; /* -1: none */
};

/* ---- names ------------------------------------------------------------------------------------------------------------ */

static bool same_path(const void *ctx, uint32_t number, const void *key)
{
	return strcmp(((const struct archive_store *)ctx)->places[number]->path, key) == 0;
}

static uint64_t hash_path(const struct archive_store *archive, const char *path)
{
	return XXH3_64bits_withSeed(path, strlen(path), archive->seed);
}

static uint32_t find_number(const struct archive_store *archive, const char *path)
{
	return erofs_index_find(&archive->index, hash_path(archive, path), same_path, archive, path);
}

/* The file at a path, through the links that Docker makes for equal layers; NULL if there is none. */
static const struct place *find_file(const struct archive_store *archive, const char *path)
{
	erofs_auto_free char *name = erofs_path_resolve("", 0, path);

	for (int links = 0; name && links < LINKS_MAX; links++) {
		uint32_t number = find_number(archive, name);
		const struct place *place;
		const char *slash;
		char *next;

		if (number == EROFS_INDEX_NONE)
			return NULL;
		place = archive->places[number];
		if (!place->link)
			return place->is_file ? place : NULL;
		slash = strrchr(name, '/');
		next = erofs_path_resolve(name, slash ? (size_t)(slash - name) : 0, place->link);
		free(name);
		name = next;
	}
	return NULL;
}

/* ---- the table of members --------------------------------------------------------------------------------------------- */

/* The last member of a name counts. */
static int note_place(struct archive_store *archive, const char *path, const struct place *found)
{
	uint32_t number = find_number(archive, path);
	struct place *place;
	int err = erofs_array_reserve(&archive->places, &archive->room, (size_t)archive->count + 1);

	if (err)
		return err;
	place = number == EROFS_INDEX_NONE ? erofs_arena_alloc(&archive->arena, sizeof(*place))
					   : archive->places[number];
	if (!place)
		return -ENOMEM;
	*place = *found;
	place->path = erofs_arena_copy(&archive->arena, path, strlen(path));
	if (found->link)
		place->link = erofs_arena_copy(&archive->arena, found->link, strlen(found->link));
	if (!place->path || (found->link && !place->link))
		return -ENOMEM;
	if (number != EROFS_INDEX_NONE)
		return 0;
	archive->places[archive->count] = place;
	return erofs_index_add(&archive->index, hash_path(archive, path), archive->count++);
}

static int keep_bytes(struct archive_store *archive, struct oci_member *data, struct tar_members *members)
{
	void *bytes;

	if (!archive->members.is_packed || data->is_sparse || data->size > KEPT_MEMBER ||
	    data->size > KEPT_MAX - archive->kept)
		return 0;
	bytes = erofs_arena_alloc(&archive->arena, (size_t)data->size + 1);
	if (!bytes)
		return -ENOMEM;
	archive->kept += data->size;
	data->bytes = bytes;
	return erofs_archive_tar_member_read(members, bytes, (size_t)data->size);
}

static int set_file(struct archive_store *archive, struct place *place, struct tar_members *members,
		    const struct tar_member *member)
{
	struct oci_member *data = &place->data;
	size_t ranges_size = member->range_count * sizeof(*member->ranges);
	void *ranges = NULL;

	if (ranges_size) {
		ranges = erofs_arena_alloc(&archive->arena, ranges_size);
		if (!ranges)
			return -ENOMEM;
		memcpy(ranges, member->ranges, ranges_size);
	}
	place->is_file = true;
	*data = (struct oci_member){
		.offset = member->data_at,
		.size = member->size,
		.is_sparse = member->is_sparse,
		.ranges = ranges,
		.range_count = member->range_count,
	};
	return keep_bytes(archive, data, members);
}

static int note_member(struct archive_store *archive, struct tar_members *members, const struct tar_member *member)
{
	erofs_auto_free char *path = erofs_path_resolve("", 0, member->path);
	struct place place = { 0 };
	int err = 0;

	/* What leads out of the archive is nothing that could be asked for. */
	if (!path)
		return 0;
	if (archive->count >= MEMBERS_MAX)
		return erofs_report(archive->store.diag, -E2BIG, "'%s' has more than %u members: that is no image",
				    archive->store.name, MEMBERS_MAX);
	if (S_ISREG(member->mode))
		err = set_file(archive, &place, members, member);
	else if (S_ISLNK(member->mode))
		place.link = member->link;
	if (!member->mode) {
		const struct place *target = find_file(archive, member->link);

		if (!target)
			return 0;
		place = *target;
	}
	return err ? err : note_place(archive, path, &place);
}

static int read_members(struct archive_store *archive)
{
	erofs_auto(erofs_archive_tar_members_release) struct tar_members members = { .input = &archive->tar,
										     .diag = archive->store.diag };
	struct tar_member member;
	int more;

	while ((more = erofs_archive_tar_member_next(&members, &member)) > 0) {
		int err = note_member(archive, &members, &member);

		if (err)
			return err;
	}
	/* To the end, where a compressed one has its checksums. */
	return more ? more : erofs_archive_tar_input_drain(&archive->tar);
}

/* ---- the store -------------------------------------------------------------------------------------------------------- */

static int open_path(struct archive_store *archive, struct oci_input **out, const char *path)
{
	const struct oci_store *store = &archive->store;
	const struct place *place = find_file(archive, path);

	if (!place)
		return erofs_report(store->diag, -ENOENT, "'%s' has no member %s", store->name, path);
	return erofs_oci_member_open(out, &archive->members, &place->data);
}

static int open_blob(struct oci_store *store, struct oci_input **out, const struct oci_descriptor *blob,
		     const struct erofs_cancel *stop)
{
	erofs_auto_free char *path = erofs_oci_blob_path(blob);

	(void)stop;
	return path ? open_path((struct archive_store *)store, out, path) : -ENOMEM;
}

static bool has_blob(struct oci_store *store, const struct oci_descriptor *blob)
{
	erofs_auto_free char *path = erofs_oci_blob_path(blob);

	return path && find_file((struct archive_store *)store, path);
}

static int read_path(struct archive_store *archive, struct erofs_buffer *out, const char *path)
{
	struct oci_input *input;
	int err = open_path(archive, &input, path);

	if (err)
		return err;
	err = erofs_oci_read_all(out, input, path, archive->store.diag);
	input->close(input);
	return err;
}

static int read_root(struct oci_store *store, struct erofs_buffer *out)
{
	return read_path((struct archive_store *)store, out, store->is_saved ? "manifest.json" : "index.json");
}

static void release(struct oci_store *store)
{
	struct archive_store *archive = (struct archive_store *)store;

	erofs_oci_members_release(&archive->members);
	erofs_archive_tar_input_close(&archive->tar);
	if (archive->unpacked_fd >= 0)
		close(archive->unpacked_fd);
	erofs_arena_release(&archive->arena);
	erofs_index_release(&archive->index);
	free(archive->places);
	free(archive);
}

static const struct oci_store_ops archive_ops = {
	.root = read_root,
	.open = open_blob,
	.has = has_blob,
	.release = release,
};

/* Of an archive that is both, the layout says more: it has digests for everything. */
static int find_layout(struct archive_store *archive)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer text = { 0 };
	struct oci_store *store = &archive->store;
	int err;

	if (!find_file(archive, "oci-layout") || !find_file(archive, "index.json")) {
		store->is_saved = true;
		if (find_file(archive, "manifest.json"))
			return 0;
		return erofs_report(store->diag, -EINVAL,
				    "'%s' is no image: it has neither oci-layout and index.json nor manifest.json",
				    store->name);
	}
	err = read_path(archive, &text, "oci-layout");
	if (!err && !erofs_oci_layout_is_known(text.data, text.size))
		err = erofs_report(store->diag, -EOPNOTSUPP, "'%s': oci-layout is of no version that is known here",
				   store->name);
	return err;
}

/*
 * Layers are read from the top down, and most archives have them the other way round, so that each would have the archive unpacked
 * from its beginning. What was unpacked once is kept in a file without a name; where there is no room for it, time has to do.
 */
static void keep_unpacked(struct archive_store *archive)
{
	archive->unpacked_fd = erofs_open_nameless(NULL);
	archive->tar.copy_fd = archive->unpacked_fd;
	archive->tar.is_copied = archive->unpacked_fd >= 0;
}

static int open_archive(struct archive_store *archive, const char *path)
{
	const struct erofs_diag *diag = archive->store.diag;
	int err;

	if (!archive->store.name)
		return -ENOMEM;
	err = erofs_archive_tar_input_open(&archive->tar, path, archive->store.cancel, diag);
	if (err)
		return err;
	if (!S_ISREG(archive->tar.found.st_mode))
		return erofs_report(diag, -ESPIPE,
				    "'%s' has to be a regular file: what is in it is read in another order", path);
	archive->members = (struct oci_members){
		.store = &archive->store,
		.fd = archive->tar.fd,
		.is_packed = !archive->tar.is_random,
	};
	if (archive->members.is_packed)
		keep_unpacked(archive);
	err = read_members(archive);
	if (archive->tar.is_copied) {
		archive->members.fd = archive->unpacked_fd;
		archive->members.is_packed = false;
	}
	/* What is unpacked once more for each blob has one place in hand. */
	archive->store.layers_ahead = !archive->members.is_packed;
	return err ? err : find_layout(archive);
}

int erofs_oci_store_open_archive(struct oci_store **out, const char *path, const struct erofs_cancel *cancel,
				 const struct erofs_diag *diag)
{
	struct archive_store *archive = calloc(1, sizeof(*archive));
	int err;

	if (!archive)
		return -ENOMEM;
	archive->store =
		(struct oci_store){ .ops = &archive_ops, .diag = diag, .cancel = cancel, .name = strdup(path) };
	archive->tar.fd = -1;
	archive->unpacked_fd = -1;
	archive->seed = erofs_random_seed();
	err = open_archive(archive, path);
	if (err)
		erofs_oci_store_close(&archive->store);
	else
		*out = &archive->store;
	return err;
}
