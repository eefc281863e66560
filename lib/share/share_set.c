/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/share/share_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/share/share_packed.h"
#include "lib/util/cleanup.h"
#include "lib/util/sized.h"

#define PAGE_SIZE_DEFAULT 4096u
#define PAGE_SIZE_MIN	  512u
#define PAGE_SIZE_MAX	  (1u << 20)

int erofs_share_new(struct erofs_share **out, const struct erofs_share_options *options)
{
	struct erofs_share_options known = erofs_share_options_init();
	int err = erofs_sized_take(&known, sizeof(known), options, "erofs_share_options", NULL);
	struct erofs_share *share;
	uint32_t page_size;

	if (err || !out)
		return err ? err : -EINVAL;
	*out = NULL;
	page_size = known.page_size ? known.page_size : PAGE_SIZE_DEFAULT;
	if (page_size < PAGE_SIZE_MIN || page_size > PAGE_SIZE_MAX || page_size & (page_size - 1))
		return -EINVAL;
	share = calloc(1, sizeof(*share));
	if (!share)
		return -ENOMEM;
	share->options = known;
	share->options.page_size = page_size;
	/* Figures do not depend on it; without it, only the time that hostile inputs take does. */
	if (getrandom(&share->contents.seed, sizeof(share->contents.seed), GRND_NONBLOCK) < 0)
		share->contents.seed = 0;
	share->places.seed = share->contents.seed;
	*out = share;
	return 0;
}

void erofs_share_free(struct erofs_share *share)
{
	if (!share)
		return;
	erofs_buffer_release(&share->images);
	erofs_arena_release(&share->names);
	erofs_share_contents_release(&share->contents);
	erofs_share_places_release(&share->places);
	erofs_buffer_release(&share->packed);
	erofs_buffer_release(&share->missing);
	free(share);
}

uint64_t erofs_share_pages(const struct erofs_share *share, uint64_t size)
{
	uint64_t mask = share->options.page_size - 1;

	return erofs_share_sum(size, mask) == UINT64_MAX ? UINT64_MAX : (size + mask) & ~mask;
}

/* ---- adding ---------------------------------------------------------------------------------------------------------- */

static void add_file(struct erofs_share_figures *to, uint64_t size, uint64_t page_bytes, uint32_t copies)
{
	to->files += copies;
	to->bytes = erofs_share_sum(to->bytes, erofs_share_times(size, copies));
	to->page_bytes = erofs_share_sum(to->page_bytes, erofs_share_times(page_bytes, copies));
}

static void add_cost(uint64_t *to, uint64_t page_bytes)
{
	*to = erofs_share_sum(*to, page_bytes);
}

static int merge_unshareable(struct erofs_share *share, struct erofs_share_image *image, uint32_t place,
			     uint64_t page_bytes)
{
	uint64_t all_copies = erofs_share_times(page_bytes, image->copies);
	struct erofs_share_missing missing = { place, image->copies, all_copies };

	image->unshareable_files++;
	add_cost(&image->unshareable_page_bytes, page_bytes);
	add_cost(&image->alone.shared_page_bytes, page_bytes);
	add_cost(&share->all.shared_page_bytes, all_copies);
	add_cost(&erofs_share_folder(&share->places, erofs_share_place(&share->places, place)->folder)
			  ->shared_page_bytes,
		 all_copies);
	return image->fingerprinted ? erofs_buffer_append(&share->missing, &missing, sizeof(missing)) : 0;
}

static int merge_shareable(struct erofs_share *share, struct erofs_share_image *image,
			   struct erofs_share_packed *packed, const struct erofs_share_file *file, uint32_t place,
			   uint64_t page_bytes)
{
	uint32_t folder = erofs_share_place(&share->places, place)->folder;
	uint32_t index = (uint32_t)(image - erofs_share_image_at(share, 0));
	struct erofs_share_content *content;
	uint32_t number, head;
	bool added, is_first_here;
	int err = erofs_share_contents_add(&share->contents, &number, &head, &added, file);

	if (err)
		return err;
	content = erofs_share_content(&share->contents, number);
	if (added) {
		content->first_place = place;
		content->first_image = index;
		add_cost(&share->all.shared_page_bytes, page_bytes);
		add_cost(&erofs_share_folder(&share->places, folder)->shared_page_bytes, page_bytes);
	}
	is_first_here = added || content->last_image != index;
	if (is_first_here)
		add_cost(&image->alone.shared_page_bytes, page_bytes);
	content->last_image = index;
	content->files = content->files < UINT32_MAX - image->copies ? content->files + image->copies : UINT32_MAX;
	err = erofs_share_packed_note(packed, file, added, is_first_here);
	return err ? err : erofs_share_places_note(&share->places, place, head);
}

static int new_image(struct erofs_share *share, const struct erofs_share_batch *batch)
{
	struct erofs_share_image image = { .manifest = batch->manifest,
					   .fingerprinted = batch->fingerprinted,
					   .copies = batch->copies,
					   .algorithms = batch->fingerprinted ? batch->algorithms : 0,
					   .block_size = batch->block_size,
					   .damaged = batch->damaged };

	if (erofs_share_image_count(share) >= UINT32_MAX)
		return -EFBIG;
	memcpy(image.uuid, batch->uuid, sizeof(image.uuid));
	image.name = erofs_arena_copy(&share->names, batch->name, strlen(batch->name));
	return image.name ? erofs_buffer_append(&share->images, &image, sizeof(image)) : -ENOMEM;
}

static int merge_packed(struct erofs_share *share, struct erofs_share_image *image, struct erofs_share_packed *packed,
			uint64_t size)
{
	struct erofs_share_packed_pages pages;

	erofs_share_packed_count(&pages, packed, erofs_share_pages(share, size), share->options.page_size);
	image->packed_page_bytes = pages.all;
	image->packed_shared_page_bytes = pages.first;
	add_cost(&image->unshareable_page_bytes, pages.again);
	add_cost(&image->alone.page_bytes, pages.all);
	add_cost(&image->alone.shared_page_bytes, pages.alone);
	add_cost(&share->all.page_bytes, erofs_share_times(pages.all, image->copies));
	add_cost(&share->all.shared_page_bytes, pages.first);
	if (image->copies)
		add_cost(&share->all.shared_page_bytes, erofs_share_times(pages.again, image->copies - 1));
	return erofs_buffer_append(&share->packed, &pages.again, sizeof(pages.again));
}

int erofs_share_merge(struct erofs_share *share, const struct erofs_share_batch *batch)
{
	erofs_auto(erofs_share_packed_release) struct erofs_share_packed packed = { .is_known = false };
	const struct erofs_share_file *files = (const void *)batch->files.data;
	size_t count = batch->files.size / sizeof(*files);
	const uint8_t *text = batch->text.data;
	struct erofs_share_image *image;
	int err = new_image(share, batch);

	if (err)
		return err;
	image = erofs_share_image_at(share, erofs_share_image_count(share) - 1);
	share->mounts += image->copies;
	share->algorithms |= image->algorithms;
	for (size_t i = 0; !err && i < count; i++) {
		uint64_t page_bytes = erofs_share_pages(share, files[i].size);
		uint32_t place;

		err = erofs_share_places_add(&share->places, &place, files[i].kept, text, files[i].added);
		if (err)
			return err;
		text += files[i].added;
		add_file(&share->all, files[i].size, page_bytes, image->copies);
		add_file(&image->alone, files[i].size, page_bytes, 1);
		add_cost(&erofs_share_folder(&share->places, erofs_share_place(&share->places, place)->folder)
				  ->page_bytes,
			 erofs_share_times(page_bytes, image->copies));
		err = files[i].value_size ? merge_shareable(share, image, &packed, &files[i], place, page_bytes)
					  : merge_unshareable(share, image, place, page_bytes);
		if (!err && !files[i].value_size)
			err = erofs_share_packed_note(&packed, &files[i], true, true);
	}
	return err ? err : merge_packed(share, image, &packed, batch->packed_size);
}

/* ---- what only the whole set tells ------------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;

	return (first > second) - (first < second);
}

int erofs_share_difference(const struct erofs_share *share, uint64_t *page_bytes, size_t *count, uint32_t place,
			   struct erofs_buffer *room)
{
	uint32_t at = erofs_share_place(&share->places, place)->versions;
	uint64_t largest = 0, all = 0;
	const uint32_t *values;

	*count = 0;
	*page_bytes = 0;
	if (at == EROFS_PLACE_NONE || erofs_share_version(&share->places, at)->next == EROFS_PLACE_NONE)
		return 0;
	for (room->size = 0; at != EROFS_PLACE_NONE; at = erofs_share_version(&share->places, at)->next)
		if (erofs_buffer_append(room, &erofs_share_version(&share->places, at)->value, sizeof(uint32_t)))
			return -ENOMEM;
	values = (const uint32_t *)(void *)room->data;
	qsort(room->data, room->size / sizeof(*values), sizeof(*values), compare_numbers);
	for (size_t i = 0; i < room->size / sizeof(*values); i++) {
		uint64_t pages;

		if (i && values[i] == values[i - 1])
			continue;
		pages = erofs_share_pages(share, erofs_share_content(&share->contents, values[i])->size);
		largest = pages > largest ? pages : largest;
		all = erofs_share_sum(all, pages);
		++*count;
	}
	*page_bytes = all - largest;
	return 0;
}

static int settle_folders(struct erofs_share *share)
{
	struct erofs_buffer room = { 0 };
	int err = 0;

	for (uint32_t i = 0; i < share->places.folder_count; i++)
		erofs_share_folder(&share->places, i)->differing_page_bytes = 0;
	for (uint32_t i = 0; !err && i < share->places.place_count; i++) {
		uint32_t folder = erofs_share_place(&share->places, i)->folder;
		uint64_t page_bytes;
		size_t count;

		err = erofs_share_difference(share, &page_bytes, &count, i, &room);
		if (!err)
			add_cost(&erofs_share_folder(&share->places, folder)->differing_page_bytes, page_bytes);
	}
	erofs_buffer_release(&room);
	return err;
}

/* Of all kinds and sizes of a value, only one is shared, if the worst of them came first. */
static uint64_t clash_cost(const struct erofs_share *share, const struct erofs_share_content *content)
{
	uint64_t all = 0, least = UINT64_MAX;

	for (;;) {
		uint64_t copies = erofs_share_times(erofs_share_pages(share, content->size), content->files - 1);

		all = erofs_share_sum(all, copies);
		least = copies < least ? copies : least;
		if (content->next == EROFS_SHARE_CONTENT_NONE)
			return all - least;
		content = erofs_share_content(&share->contents, content->next);
	}
}

static void settle_contents(struct erofs_share *share)
{
	share->clash_page_bytes = 0;
	for (size_t i = 0; i < erofs_share_image_count(share); i++) {
		struct erofs_share_image *image = erofs_share_image_at(share, i);

		image->marginal_page_bytes = erofs_share_times(image->unshareable_page_bytes, image->copies);
		add_cost(&image->marginal_page_bytes,
			 image->packed_shared_page_bytes - ((const uint64_t *)(void *)share->packed.data)[i]);
	}
	for (uint32_t i = 0; i < share->contents.count; i++) {
		const struct erofs_share_content *content = erofs_share_content(&share->contents, i);

		if (content->first_image == content->last_image)
			add_cost(&erofs_share_image_at(share, content->first_image)->marginal_page_bytes,
				 erofs_share_pages(share, content->size));
		if (content->head && content->next != EROFS_SHARE_CONTENT_NONE)
			add_cost(&share->clash_page_bytes, clash_cost(share, content));
	}
}

static int compare_missing(const void *a, const void *b)
{
	const struct erofs_share_missing *first = a, *second = b;

	return (first->place > second->place) - (first->place < second->place);
}

int erofs_share_settle(struct erofs_share *share)
{
	settle_contents(share);
	if (share->missing.size)
		qsort(share->missing.data, share->missing.size / sizeof(struct erofs_share_missing),
		      sizeof(struct erofs_share_missing), compare_missing);
	return settle_folders(share);
}

/* ---- figures --------------------------------------------------------------------------------------------------------- */

void erofs_share_get_total(const struct erofs_share *share, struct erofs_share_total *out)
{
	if (!out)
		return;
	*out = (struct erofs_share_total){ 0 };
	if (!share)
		return;
	*out = (struct erofs_share_total){ .images = erofs_share_image_count(share),
					   .mounts = share->mounts,
					   .algorithms = share->algorithms,
					   .all = share->all,
					   .distinct = share->contents.count,
					   .clash_page_bytes = share->clash_page_bytes };
}

int erofs_share_get_image(const struct erofs_share *share, struct erofs_share_image *out, size_t index)
{
	if (!share || !out)
		return -EINVAL;
	if (index >= erofs_share_image_count(share))
		return -ERANGE;
	*out = *erofs_share_image_at(share, index);
	return 0;
}
