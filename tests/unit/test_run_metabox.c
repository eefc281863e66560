/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_source.h"
#include "tests/unit/unit.h"

/* Metadata of whole builds, in a metabox and without: they count for the UUID, and old bytes in their place do not show. */

#define UUID_AT	  1072u
#define UUID_SIZE 16u
#define OFFSET	  8192u /* of the image in its file */
#define FILES	  200u

static char names[FILES][12];

static void make_files(struct fake_source *source)
{
	fake_begin(source, false, 1 << 20);
	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "file-%u", 1000 + i);
		fake_add(source, names[i], i * 37 % 9001, i % 50);
	}
	fake_prepare(source);
}

static uint8_t *build(const struct fake_way *way, void (*change)(struct fake_source *source), uint64_t offset,
		      size_t *size)
{
	struct erofs_build_options options = way->options;
	struct fake_source source;

	make_files(&source);
	if (change)
		change(&source);
	options.workers = 2;
	options.offset = offset;
	options.force = true;
	assert_int_equal(fake_build_prepared(&source, fake_target(), &options, NULL), 0);
	fake_end(&source);
	return fake_load(fake_target(), size);
}

/* In a metabox, and not. */
static bool choose_way(struct fake_way *way, unsigned int number)
{
	const struct fake_way *from = fake_way(number / 2);

	if (!from)
		return false;
	*way = *from;
	if (number % 2) {
		way->options.metabox = EROFS_METABOX_ALWAYS;
		way->options.metabox_compression_set = true;
		way->options.metabox_compression = (struct erofs_compression){ .compressor = EROFS_COMPRESSOR_LZ4 };
	}
	return true;
}

/* ---- the UUID ---------------------------------------------------------------------------------------------------------------- */

static void change_mode(struct fake_source *source)
{
	source->files[FILES / 2].inode->mode ^= 0111;
}

static void change_owner(struct fake_source *source)
{
	source->files[FILES / 2].inode->uid = 7;
}

static void change_time(struct fake_source *source)
{
	source->files[FILES / 2].inode->mtime += 5;
}

static void change_last(struct fake_source *source)
{
	source->tree->inodes[source->tree->inode_count - 1]->gid = 3;
}

static void the_uuid_follows_metadata(void **state)
{
	void (*const changes[])(struct fake_source * source) = { change_mode, change_owner, change_time, change_last };
	struct fake_way way;

	(void)state;
	for (unsigned int i = 0; choose_way(&way, i); i++) {
		size_t size;
		uint8_t *first = build(&way, NULL, 0, &size), *again = build(&way, NULL, 0, &size);

		assert_memory_equal(first + UUID_AT, again + UUID_AT, UUID_SIZE);
		free(again);
		for (size_t k = 0; k < sizeof(changes) / sizeof(changes[0]); k++) {
			uint8_t *other = build(&way, changes[k], 0, &size);

			if (memcmp(first + UUID_AT, other + UUID_AT, UUID_SIZE) == 0)
				fail_msg("%s%s: change %zu has the same UUID", way.name, i % 2 ? ", metabox" : "", k);
			free(other);
		}
		free(first);
	}
}

/* ---- old bytes --------------------------------------------------------------------------------------------------------------- */

static void fill_target(size_t size)
{
	FILE *file = fopen(fake_target(), "w");

	assert_non_null(file);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(putc(0xa5, file), 0xa5);
	assert_int_equal(fclose(file), 0);
}

static void old_bytes_do_not_show(void **state)
{
	struct fake_way way;

	(void)state;
	for (unsigned int i = 0; choose_way(&way, i); i++) {
		size_t size, other_size;
		uint8_t *fresh, *over;

		fake_target_remove();
		fresh = build(&way, NULL, OFFSET, &size);
		fill_target(size + 100000);
		over = build(&way, NULL, OFFSET, &other_size);
		assert_true(other_size >= size);
		for (size_t at = OFFSET; at < size; at++)
			if (fresh[at] != over[at])
				fail_msg("%s%s: byte %zu is an old one", way.name, i % 2 ? ", metabox" : "", at);
		free(fresh);
		free(over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_uuid_follows_metadata, fake_target_teardown),
		cmocka_unit_test_teardown(old_bytes_do_not_show, fake_target_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
