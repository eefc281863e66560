/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/xattr_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <erofs/image.h>

#include "lib/format/format_xattr.h"
#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

struct fixture {
	struct erofs_tree *tree;
	struct erofs_build_options options;
	struct erofs_xattr_plan plan;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){ .tree = tree_make() };
	erofs_build_defaults(&f->options);
}

static struct erofs_tree_inode *add_file(struct fixture *f, const char *name)
{
	return tree_add(f->tree, f->tree->root, name, S_IFREG);
}

static void make_plan(struct fixture *f)
{
	assert_int_equal(erofs_tree_freeze(f->tree, NULL), 0);
	assert_int_equal(erofs_writer_xattr_plan_begin(&f->plan, &f->options, NULL), 0);
	assert_int_equal(erofs_writer_xattr_plan_init(&f->plan, f->tree, &f->options), 0);
}

static void tear_down(struct fixture *f)
{
	erofs_writer_xattr_plan_release(&f->plan);
	erofs_tree_free(f->tree);
}

/* ---- reading an encoded area back ---------------------------------------------------------------------------------------- */

struct decoded {
	uint32_t filter, wanted_filter; /* as stored; as it follows from the names */
	uint32_t shared, count;
	struct {
		char name[300];
		uint8_t value[600];
		uint32_t value_size;
		uint8_t index;
	} items[600];
};

/* The prefix that a long index means, from the encoded table. */
static void find_prefix(const struct erofs_xattr_plan *plan, unsigned int wanted, uint8_t *base, char *infix)
{
	struct erofs_buffer table = { 0 };
	const uint8_t *text;
	size_t at = 0, length = 0;

	assert_int_equal(erofs_writer_xattr_plan_encode_prefixes(plan, &table), 0);
	assert_true(wanted < plan->prefix_count);
	for (unsigned int i = 0; i <= wanted; i++) {
		size_t span = erofs_xattr_prefix_decode(base, &text, &length, table.data + at, table.size - at);

		assert_true(span > 0);
		at += span;
	}
	memcpy(infix, text, length);
	infix[length] = 0;
	erofs_buffer_release(&table);
}

static size_t decode_entry(const struct erofs_xattr_plan *plan, struct decoded *out, const uint8_t *in, size_t avail)
{
	struct erofs_xattr_entry entry;
	char behind_base[300], infix[256] = "";
	uint8_t base;
	uint32_t span;

	assert_true(avail >= EROFS_XATTR_ENTRY_SIZE);
	erofs_xattr_entry_decode(&entry, in);
	span = erofs_xattr_entry_span(entry.name_len, entry.value_size);
	assert_true(span <= avail);
	base = entry.name_index;
	if (base & EROFS_XATTR_LONG_PREFIX)
		find_prefix(plan, base & 0x7fu, &base, infix);
	snprintf(behind_base, sizeof(behind_base), "%s%.*s", infix, entry.name_len,
		 (const char *)in + EROFS_XATTR_ENTRY_SIZE);
	out->wanted_filter &= ~erofs_xattr_filter_bit(base, behind_base, strlen(behind_base));
	snprintf(out->items[out->count].name, sizeof(out->items[0].name), "%s%s", erofs_xattr_base_prefix(base),
		 behind_base);
	out->items[out->count].index = entry.name_index;
	out->items[out->count].value_size = entry.value_size;
	memcpy(out->items[out->count].value, in + EROFS_XATTR_ENTRY_SIZE + entry.name_len, entry.value_size);
	for (uint32_t at = EROFS_XATTR_ENTRY_SIZE + entry.name_len + entry.value_size; at < span; at++)
		assert_int_equal(in[at], 0);
	out->count++;
	return span;
}

/* Encodes an inode's area, behind something else, and decodes it: shared ones first. */
static void decode(const struct fixture *f, struct decoded *out, const struct erofs_tree_inode *inode,
		   const uint8_t *digest)
{
	const struct erofs_xattr_plan *plan = &f->plan;
	struct erofs_buffer area = { 0 };
	struct erofs_xattr_header header;
	size_t at = 7 + EROFS_XATTR_HEADER_SIZE;

	*out = (struct decoded){ .wanted_filter = UINT32_MAX };
	assert_int_equal(erofs_buffer_append_text(&area, "in front"), 0);
	area.size = 7;
	assert_int_equal(erofs_writer_xattr_plan_encode(plan, &area, inode->xattrs, digest), 0);
	assert_int_equal(area.size - 7, erofs_writer_xattr_plan_area_size(plan, inode->xattrs, digest));
	assert_memory_equal(area.data, "in fron", 7);
	if (area.size > 7) {
		erofs_xattr_header_decode(&header, area.data + 7);
		assert_int_equal(erofs_xattr_header_reserved_byte(area.data + 7), -1);
		out->filter = header.name_filter;
		out->shared = header.shared_count;
		for (uint32_t i = 0; i < header.shared_count; i++, at += EROFS_XATTR_SHARED_ID_SIZE) {
			size_t in_zone = (size_t)erofs_xattr_shared_id_decode(area.data + at) * EROFS_XATTR_ALIGN;

			assert_true(in_zone < plan->shared_zone.size);
			decode_entry(plan, out, plan->shared_zone.data + in_zone, plan->shared_zone.size - in_zone);
		}
		while (at < area.size)
			at += decode_entry(plan, out, area.data + at, area.size - at);
		assert_int_equal(at, area.size);
	}
	assert_int_equal(out->count, (inode->xattrs ? inode->xattrs->count : 0) + !!digest);
	erofs_buffer_release(&area);
}

static uint32_t find_item(const struct decoded *d, const char *name)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (strcmp(d->items[i].name, name) == 0)
			return i;
	fail_msg("no %s", name);
	return 0;
}

static void assert_value(const struct decoded *d, const char *name, const char *value)
{
	uint32_t i = find_item(d, name);

	assert_int_equal(d->items[i].value_size, strlen(value));
	assert_memory_equal(d->items[i].value, value, strlen(value));
}

/* A single large record: not on the stack of a test. */
static struct decoded decoded;

/* ---- tests ----------------------------------------------------------------------------------------------------------------- */

static void without_xattrs_there_is_no_area(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f);
	make_plan(&f);
	assert_false(f.plan.any);
	assert_int_equal(f.plan.prefix_count, 0);
	assert_int_equal(erofs_writer_xattr_plan_area_size(&f.plan, NULL, false), 0);
	decode(&f, &decoded, f.tree->root, NULL);
	tear_down(&f);
}

/* Five inodes have one attribute, one each of the others. */
static void xattrs_are_shared_from_one_user_more_on(void **state)
{
	(void)state;
	for (int users = -1; users <= 6; users++) {
		struct erofs_tree_inode *files[5];
		bool five = users >= 0 && users < 5;
		bool one = users == 0;
		struct fixture f;

		set_up(&f);
		f.options.shared_xattr_users = users;
		for (int i = 0; i < 5; i++) {
			char text[16];

			snprintf(text, sizeof(text), "%d", i);
			files[i] = add_file(&f, text);
			tree_set_xattrs(f.tree, files[i], "user.all", "the same", "user.own", text, NULL);
		}
		make_plan(&f);
		assert_true(f.plan.any);
		assert_int_equal(f.plan.shared_count, (five ? 1 : 0) + (one ? 5 : 0));
		assert_int_equal(!!f.plan.shared_zone.size, five);
		for (int i = 0; i < 5; i++) {
			decode(&f, &decoded, files[i], NULL);
			assert_int_equal(decoded.shared, (five ? 1 : 0) + (one ? 1 : 0));
			assert_value(&decoded, "user.all", "the same");
			assert_value(&decoded, "user.own", files[i]->name);
			assert_int_equal(decoded.filter, decoded.wanted_filter);
		}
		tear_down(&f);
	}
}

/* Which thread found an attribute first must not show. */
static void the_shared_zone_does_not_depend_on_order(void **state)
{
	static const char *const values[] = { "b", "a", "", "ab", "aa", "abc" };
	struct erofs_buffer zones[2] = { { 0 }, { 0 } };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct fixture f;

		set_up(&f);
		f.options.shared_xattr_users = 0;
		for (int i = 0; i < 6; i++) {
			const char *value = values[round ? 5 - i : i];

			tree_set_xattrs(f.tree, add_file(&f, value[0] ? value : "empty"), "user.v", value, "user.w",
					"w", NULL);
		}
		make_plan(&f);
		assert_int_equal(f.plan.shared_count, 7);
		assert_int_equal(erofs_buffer_append(&zones[round], f.plan.shared_zone.data, f.plan.shared_zone.size),
				 0);
		tear_down(&f);
	}
	assert_int_equal(zones[0].size, zones[1].size);
	assert_memory_equal(zones[0].data, zones[1].data, zones[0].size);
	erofs_buffer_release(&zones[0]);
	erofs_buffer_release(&zones[1]);
}

static void what_the_count_cannot_hold_is_inline(void **state)
{
	(void)state;
	for (uint32_t count = 254; count <= 258; count++) {
		struct erofs_xattr_found found[300];
		char names[300][16];
		struct erofs_tree_inode *a, *b;
		struct fixture f;

		set_up(&f);
		f.options.shared_xattr_users = 1;
		a = add_file(&f, "a");
		b = add_file(&f, "b");
		for (uint32_t i = 0; i < count; i++) {
			snprintf(names[i], sizeof(names[i]), "user.%03u", i);
			found[i] = (struct erofs_xattr_found){ names[i], names[i], (uint32_t)strlen(names[i]) };
		}
		assert_int_equal(erofs_tree_set_xattrs(f.tree, a, found, count), 0);
		assert_int_equal(erofs_tree_set_xattrs(f.tree, b, found, count), 0);
		make_plan(&f);
		decode(&f, &decoded, a, NULL);
		assert_int_equal(decoded.shared, count < 255 ? count : 255);
		assert_int_equal(decoded.filter, decoded.wanted_filter);
		for (uint32_t i = 0; i < count; i++)
			assert_value(&decoded, names[i], names[i]);
		tear_down(&f);
	}
}

static void the_longest_prefix_is_used(void **state)
{
	static const char *const prefixes[] = {
		"trusted.overlay.", "trusted.over",	     "user.a.", "security.s", "trusted.erofs.",
		"user.a.b.",	    "trusted.overlay.opaque"
	};
	struct erofs_tree_inode *file;
	struct fixture f;

	(void)state;
	set_up(&f);
	f.options.xattr_prefixes = prefixes;
	f.options.xattr_prefix_count = 7;
	file = add_file(&f, "file");
	tree_set_xattrs(f.tree, file, "trusted.overlay.opaque", "1", "trusted.overlay.origin", "2", "trusted.overt",
			"3", "trusted.other", "4", "user.a.b.c", "5", "user.overlay.x", "6", "user.a.", "7", "user.a",
			"8", "security.s", "9", NULL);
	make_plan(&f);
	decode(&f, &decoded, file, NULL);
	assert_int_equal(decoded.items[find_item(&decoded, "trusted.overlay.opaque")].index, 0x86);
	assert_int_equal(decoded.items[find_item(&decoded, "trusted.overlay.origin")].index, 0x80);
	assert_int_equal(decoded.items[find_item(&decoded, "trusted.overt")].index, 0x81);
	assert_int_equal(decoded.items[find_item(&decoded, "trusted.other")].index, 4);
	assert_int_equal(decoded.items[find_item(&decoded, "user.a.b.c")].index, 0x85);
	assert_int_equal(decoded.items[find_item(&decoded, "user.overlay.x")].index, 1);
	assert_int_equal(decoded.items[find_item(&decoded, "user.a.")].index, 0x82);
	assert_int_equal(decoded.items[find_item(&decoded, "user.a")].index, 1);
	assert_int_equal(decoded.items[find_item(&decoded, "security.s")].index, 0x83);
	assert_value(&decoded, "trusted.overlay.origin", "2");
	assert_value(&decoded, "security.s", "9");
	assert_int_equal(decoded.filter, decoded.wanted_filter);
	tear_down(&f);
}

/* Linux takes what has the record of the fingerprint for one. */
static void the_fingerprints_record_serves_nothing_else(void **state)
{
	struct erofs_tree_inode *file;
	struct fixture f;

	(void)state;
	set_up(&f);
	f.options.fingerprint = EROFS_DIGEST_SHA256;
	file = add_file(&f, "file");
	tree_set_xattrs(f.tree, file, "trusted.erofs.fingerprint.old", "1", NULL);
	make_plan(&f);
	assert_int_equal(f.plan.fingerprint_prefix, 0);
	assert_int_equal(f.plan.prefix_count, 1);
	decode(&f, &decoded, file, NULL);
	assert_int_equal(decoded.items[0].index, 4);
	assert_string_equal(decoded.items[0].name, "trusted.erofs.fingerprint.old");
	tear_down(&f);
}

static void acls_have_whole_names(void **state)
{
	struct erofs_tree_inode *file;
	struct fixture f;

	(void)state;
	set_up(&f);
	file = add_file(&f, "file");
	tree_set_xattrs(f.tree, file, "system.posix_acl_access", "a", "system.posix_acl_default", "d", NULL);
	make_plan(&f);
	decode(&f, &decoded, file, NULL);
	assert_int_equal(decoded.items[0].index, 2);
	assert_int_equal(decoded.items[1].index, 3);
	assert_value(&decoded, "system.posix_acl_access", "a");
	assert_value(&decoded, "system.posix_acl_default", "d");
	assert_int_equal(decoded.filter, decoded.wanted_filter);
	tear_down(&f);
}

static void assert_fingerprint(enum erofs_digest algorithm, const char *name, uint8_t base, const char *shown,
			       const char *head, size_t raw_size)
{
	struct erofs_tree_inode *bare, *file;
	uint8_t digest[64], found_base;
	char infix[256];
	struct fixture f;

	set_up(&f);
	f.options.fingerprint = algorithm;
	f.options.fingerprint_name = name;
	bare = add_file(&f, "bare");
	file = add_file(&f, "file");
	tree_set_xattrs(f.tree, file, "user.a", "1", "user.b", "2", NULL);
	for (size_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(i + 100);
	make_plan(&f);
	assert_true(f.plan.any);
	find_prefix(&f.plan, (unsigned int)f.plan.fingerprint_prefix, &found_base, infix);
	assert_int_equal(found_base, base);
	for (int i = 0; i < 2; i++) {
		uint32_t at;

		decode(&f, &decoded, i ? file : bare, digest);
		at = find_item(&decoded, shown);
		assert_int_equal(decoded.items[at].index, 0x80);
		assert_int_equal(decoded.items[at].value_size, strlen(head) + raw_size);
		assert_memory_equal(decoded.items[at].value, head, strlen(head));
		assert_memory_equal(decoded.items[at].value + strlen(head), digest, raw_size);
		assert_int_equal(decoded.filter, decoded.wanted_filter);
		assert_true(decoded.filter != UINT32_MAX);
	}
	/* A file without one, say an empty file, has the rest all the same. */
	decode(&f, &decoded, file, NULL);
	assert_int_equal(decoded.count, 2);
	tear_down(&f);
}

static void fingerprints_have_many_names(void **state)
{
	(void)state;
	assert_fingerprint(EROFS_DIGEST_SHA256, NULL, 4, "trusted.erofs.fingerprint", "sha256:", 32);
	assert_fingerprint(EROFS_DIGEST_SHA512, NULL, 4, "trusted.erofs.fingerprint", "sha512:", 64);
	assert_fingerprint(EROFS_DIGEST_SHA256, "user.fp", 1, "user.fp", "sha256:", 32);
	assert_fingerprint(EROFS_DIGEST_SHA256, "security.fp.x", 6, "security.fp.x", "sha256:", 32);
	assert_fingerprint(EROFS_DIGEST_SHA256, "erofs.fingerprint.v1", 0, "erofs.fingerprint.v1", "sha256:", 32);
}

static void without_the_filter_its_word_is_zero(void **state)
{
	static const uint8_t digest[32];
	struct erofs_tree_inode *file;
	struct fixture f;

	(void)state;
	set_up(&f);
	f.options.xattr_name_filter = false;
	f.options.fingerprint = EROFS_DIGEST_SHA256;
	file = add_file(&f, "file");
	tree_set_xattrs(f.tree, file, "user.a", "1", NULL);
	make_plan(&f);
	decode(&f, &decoded, file, digest);
	assert_int_equal(decoded.filter, 0);
	tear_down(&f);
}

static void random_areas(void **state)
{
	static const char *const spaces[] = { "user.", "trusted.", "security.", "trusted.overlay." };
	static const char *const prefixes[] = { "trusted.overlay.", "user.x" };
	static const uint8_t digest[64] = { 1 };
	uint64_t random = 11;

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct fixture f;

		set_up(&f);
		f.options.shared_xattr_users = (int)(random_next(&random) % 5) - 1;
		f.options.fingerprint = (enum erofs_digest)(round % 2 ? EROFS_DIGEST_SHA512 : EROFS_DIGEST_NONE);
		f.options.xattr_prefixes = prefixes;
		f.options.xattr_prefix_count = (size_t)round % 3;
		for (int i = 0; i < 20; i++) {
			uint32_t count = (uint32_t)(random_next(&random) % 12), kept = 0;
			struct erofs_xattr_found found[12];
			char names[12][80], file[16];
			uint8_t values[12][300];

			snprintf(file, sizeof(file), "%d", i);
			for (; kept < count; kept++) {
				snprintf(names[kept], sizeof(names[0]), "%sx%u%.*s", spaces[random_next(&random) % 4],
					 kept, (int)(random_next(&random) % 5), "-tail");
				memset(values[kept], (int)(random_next(&random) % 3), sizeof(values[0]));
				found[kept] = (struct erofs_xattr_found){ names[kept], values[kept],
									  (uint32_t)(random_next(&random) % 300) };
			}
			assert_int_equal(erofs_tree_set_xattrs(f.tree, add_file(&f, file), found, count), 0);
		}
		make_plan(&f);
		for (uint32_t i = 0; i < f.tree->inode_count; i++) {
			const struct erofs_tree_inode *inode = f.tree->inodes[i];

			decode(&f, &decoded, inode, f.options.fingerprint && i % 3 ? digest : NULL);
			assert_int_equal(decoded.filter, decoded.count ? decoded.wanted_filter : 0);
			for (uint32_t k = 0; inode->xattrs && k < inode->xattrs->count; k++) {
				const struct erofs_tree_xattr *xattr = inode->xattrs->items[k];
				uint32_t at = find_item(&decoded, xattr->name);

				assert_int_equal(decoded.items[at].value_size, xattr->value_size);
				assert_memory_equal(decoded.items[at].value, xattr->value, xattr->value_size);
			}
		}
		tear_down(&f);
	}
}

/* ---- errors ---------------------------------------------------------------------------------------------------------------- */

static void assert_refused(const char *fingerprint, const char *const *prefixes, size_t count, int err,
			   const char *message)
{
	struct messages messages;
	struct fixture f;

	messages_init(&messages);
	set_up(&f);
	f.options.fingerprint = fingerprint ? EROFS_DIGEST_SHA256 : EROFS_DIGEST_NONE;
	f.options.fingerprint_name = fingerprint;
	f.options.xattr_prefixes = prefixes;
	f.options.xattr_prefix_count = count;
	assert_int_equal(erofs_tree_freeze(f.tree, NULL), 0);
	assert_int_equal(erofs_writer_xattr_plan_begin(&f.plan, &f.options, &messages.diag), err);
	assert_int_equal(messages.count, err ? 1 : 0);
	if (err)
		assert_non_null(strstr(messages.last, message));
	tear_down(&f);
}

static void bad_prefixes_are_refused(void **state)
{
	static const char *const unknown = "nonsense.", *const bare = "trusted.",
				 *const acl = "system.posix_acl_access", *const empty = "";
	char *longest = test_malloc(300), *const names[1] = { longest };

	(void)state;
	assert_refused(NULL, &unknown, 1, -EINVAL, "'nonsense.'");
	assert_refused(NULL, &bare, 1, -EINVAL, "'trusted.'");
	assert_refused(NULL, &acl, 1, -EINVAL, "'system.posix_acl_access'");
	assert_refused(NULL, &empty, 1, -EINVAL, "''");
	assert_refused("", NULL, 0, -EINVAL, "''");
	memset(longest, 'x', 300);
	memcpy(longest, "user.", 5);
	longest[5 + EROFS_XATTR_INFIX_MAX] = 0;
	assert_refused(NULL, (const char *const *)names, 1, 0, NULL);
	assert_refused(longest, NULL, 0, 0, NULL);
	longest[5 + EROFS_XATTR_INFIX_MAX] = 'x';
	longest[6 + EROFS_XATTR_INFIX_MAX] = 0;
	assert_refused(NULL, (const char *const *)names, 1, -EINVAL, "too long");
	assert_refused(longest, NULL, 0, -EINVAL, "too long");
	test_free(longest);
}

static void there_are_128_prefixes_at_most(void **state)
{
	char names[129][32];
	const char *pointers[129];

	(void)state;
	for (int i = 0; i < 129; i++) {
		snprintf(names[i], sizeof(names[i]), "user.%d.", i);
		pointers[i] = names[i];
	}
	assert_refused(NULL, pointers, 128, 0, NULL);
	assert_refused(NULL, pointers, 129, -E2BIG, "128");
	/* The fingerprint's name is one of them. */
	assert_refused("trusted.f", pointers, 127, 0, NULL);
	assert_refused("trusted.f", pointers, 128, -E2BIG, "128");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_xattrs_there_is_no_area),
		cmocka_unit_test(xattrs_are_shared_from_one_user_more_on),
		cmocka_unit_test(the_shared_zone_does_not_depend_on_order),
		cmocka_unit_test(what_the_count_cannot_hold_is_inline),
		cmocka_unit_test(the_longest_prefix_is_used),
		cmocka_unit_test(the_fingerprints_record_serves_nothing_else),
		cmocka_unit_test(acls_have_whole_names),
		cmocka_unit_test(fingerprints_have_many_names),
		cmocka_unit_test(without_the_filter_its_word_is_zero),
		cmocka_unit_test(random_areas),
		cmocka_unit_test(bad_prefixes_are_refused),
		cmocka_unit_test(there_are_128_prefixes_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
