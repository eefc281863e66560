/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "lib/writer/plan/xattr_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format/format_xattr.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/* ---- long prefixes ---------------------------------------------------------------------------------------------------- */

static int add_prefix(struct erofs_xattr_plan *plan, uint8_t base_index, const char *infix, const char *name,
		      const struct erofs_diag *diag)
{
	size_t infix_len = strlen(infix);

	if (!infix_len)
		return erofs_report(diag, -EINVAL, "xattr prefix '%s' has nothing behind its namespace", name);
	if (infix_len > EROFS_XATTR_INFIX_MAX)
		return erofs_report(diag, -EINVAL, "xattr prefix '%s' is too long", name);
	if (plan->prefix_count == EROFS_XATTR_PREFIXES_MAX)
		return erofs_report(diag, -E2BIG, "more than %u xattr prefixes", EROFS_XATTR_PREFIXES_MAX);
	plan->prefixes[plan->prefix_count++] = (struct xattr_prefix){ base_index, infix, infix_len };
	return 0;
}

/* The fingerprint's whole name is a prefix; a name without namespace has base index 0. */
static int add_fingerprint_prefix(struct erofs_xattr_plan *plan, const struct erofs_build_options *options,
				  const struct erofs_diag *diag)
{
	const char *name = options->fingerprint_name ? options->fingerprint_name : EROFS_FINGERPRINT_DEFAULT_NAME;
	uint8_t base_index;
	size_t rest;

	plan->fingerprint = options->fingerprint;
	plan->fingerprint_prefix = -1;
	if (options->fingerprint == EROFS_DIGEST_NONE)
		return 0;
	plan->fingerprint_prefix = (int)plan->prefix_count;
	erofs_xattr_split_name(&base_index, &rest, name, strlen(name));
	return add_prefix(plan, base_index, name + rest, name, diag);
}

static int add_user_prefixes(struct erofs_xattr_plan *plan, const struct erofs_build_options *options,
			     const struct erofs_diag *diag)
{
	int err = 0;

	for (size_t i = 0; !err && i < options->xattr_prefix_count; i++) {
		const char *name = options->xattr_prefixes[i];
		uint8_t base_index;
		size_t rest;

		if (!erofs_xattr_split_name(&base_index, &rest, name, strlen(name)))
			return erofs_report(diag, -EINVAL,
					    "xattr prefix '%s' has no known namespace, or nothing behind it", name);
		err = add_prefix(plan, base_index, name + rest, name, diag);
	}
	return err;
}

/* The longest of the user's prefixes that fits, -1 if none does. The fingerprint's own record serves nothing else. */
static int best_prefix(const struct erofs_xattr_plan *plan, uint8_t base_index, const char *rest, size_t rest_len)
{
	int best = -1;

	for (int i = 0; i < (int)plan->prefix_count; i++) {
		const struct xattr_prefix *prefix = &plan->prefixes[i];

		if (i == plan->fingerprint_prefix || prefix->base_index != base_index || prefix->infix_len > rest_len ||
		    memcmp(prefix->infix, rest, prefix->infix_len) != 0)
			continue;
		if (best < 0 || prefix->infix_len > plan->prefixes[best].infix_len)
			best = i;
	}
	return best;
}

/* ---- entries --------------------------------------------------------------------------------------------------------------- */

static int append_entry(struct erofs_buffer *out, const struct erofs_xattr_entry *entry, const char *name,
			const uint8_t *value)
{
	uint32_t span = erofs_xattr_entry_span(entry->name_len, entry->value_size);
	size_t at = out->size;
	int err = erofs_buffer_append_zeros(out, span);

	if (err)
		return err;
	erofs_xattr_entry_encode(entry, out->data + at);
	memcpy(out->data + at + EROFS_XATTR_ENTRY_SIZE, name, entry->name_len);
	if (entry->value_size)
		memcpy(out->data + at + EROFS_XATTR_ENTRY_SIZE + entry->name_len, value, entry->value_size);
	return 0;
}

/* Appends an attribute of the tree in the shortest form; sources admit only names and values that have one. */
static int append_xattr(const struct erofs_xattr_plan *plan, struct erofs_buffer *out,
			const struct erofs_tree_xattr *xattr)
{
	struct erofs_xattr_entry entry = { .value_size = (uint16_t)xattr->value_size };
	uint8_t base_index;
	size_t at;
	int prefix;

	erofs_xattr_split_name(&base_index, &at, xattr->name, xattr->name_len);
	entry.name_index = base_index;
	prefix = best_prefix(plan, base_index, xattr->name + at, xattr->name_len - at);
	if (prefix >= 0) {
		entry.name_index = (uint8_t)(EROFS_XATTR_LONG_PREFIX | (unsigned int)prefix);
		at += plan->prefixes[prefix].infix_len;
	}
	entry.name_len = (uint8_t)(xattr->name_len - at);
	return append_entry(out, &entry, xattr->name + at, xattr->value);
}

static uint32_t filter_bit(const struct erofs_tree_xattr *xattr)
{
	uint8_t base_index;
	size_t at;

	erofs_xattr_split_name(&base_index, &at, xattr->name, xattr->name_len);
	return erofs_xattr_filter_bit(base_index, xattr->name + at, xattr->name_len - at);
}

/* ---- the shared zone ----------------------------------------------------------------------------------------------------- */

#define NOT_SHARED UINT32_MAX

static int compare_xattrs(const void *a, const void *b)
{
	const struct erofs_tree_xattr *x = *(const struct erofs_tree_xattr *const *)a;
	const struct erofs_tree_xattr *y = *(const struct erofs_tree_xattr *const *)b;
	uint32_t common = x->value_size < y->value_size ? x->value_size : y->value_size;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = memcmp(x->value, y->value, common);
	return order ? order : (x->value_size > y->value_size) - (x->value_size < y->value_size);
}

/* Lays the zone out in an order of content, because ids depend on which thread came first. `ids` is by xattr id. */
static int fill_shared_zone(struct erofs_xattr_plan *plan, uint32_t *ids, const struct erofs_tree *tree, int users)
{
	erofs_auto_free const struct erofs_tree_xattr **sorted = calloc(tree->xattr_count + 1, sizeof(*sorted));
	uint32_t count = 0;
	int err = 0;

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->xattr_count; i++) {
		ids[i] = NOT_SHARED;
		if (users >= 0 && tree->xattrs[i]->users > (uint32_t)users)
			sorted[count++] = tree->xattrs[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_xattrs);
	for (uint32_t i = 0; !err && i < count; i++) {
		ids[sorted[i]->id] = (uint32_t)(plan->shared_zone.size / EROFS_XATTR_ALIGN);
		err = append_xattr(plan, &plan->shared_zone, sorted[i]);
	}
	plan->shared_count = count;
	return err;
}

/* ---- sets ------------------------------------------------------------------------------------------------------------------ */

static int plan_set(struct erofs_xattr_plan *plan, const struct erofs_xattr_set *set, const uint32_t *ids)
{
	struct xattr_area *area = &plan->areas[set->id];
	int err = 0;

	*area = (struct xattr_area){
		.shared_at = (uint32_t)(plan->shared_ids.size / sizeof(*ids)),
		.inline_at = (uint32_t)plan->inline_entries.size,
		.name_filter = EROFS_XATTR_FILTER_EMPTY,
	};
	for (uint32_t i = 0; !err && i < set->count; i++) {
		const struct erofs_tree_xattr *xattr = set->items[i];

		area->name_filter &= ~filter_bit(xattr);
		/* What does not fit into the 8-bit count stays inline. */
		if (ids[xattr->id] == NOT_SHARED || area->shared_count == EROFS_XATTR_SHARED_MAX) {
			err = append_xattr(plan, &plan->inline_entries, xattr);
			continue;
		}
		err = erofs_buffer_append(&plan->shared_ids, &ids[xattr->id], sizeof(*ids));
		area->shared_count++;
	}
	area->inline_size = (uint32_t)plan->inline_entries.size - area->inline_at;
	return err;
}

int erofs_writer_xattr_plan_begin(struct erofs_xattr_plan *plan, const struct erofs_build_options *options,
				  const struct erofs_diag *diag)
{
	int err = add_fingerprint_prefix(plan, options, diag);

	return err ? err : add_user_prefixes(plan, options, diag);
}

int erofs_writer_xattr_plan_init(struct erofs_xattr_plan *plan, const struct erofs_tree *tree,
				 const struct erofs_build_options *options)
{
	erofs_auto_free uint32_t *ids = calloc(tree->xattr_count + 1, sizeof(*ids));
	int err;

	plan->areas = calloc(tree->xattr_set_count + 1, sizeof(*plan->areas));
	if (!ids || !plan->areas)
		return -ENOMEM;
	plan->name_filter = options->xattr_name_filter;
	plan->any = tree->xattr_set_count || options->fingerprint != EROFS_DIGEST_NONE;
	err = fill_shared_zone(plan, ids, tree, options->shared_xattr_users);
	for (uint32_t i = 0; !err && i < tree->xattr_set_count; i++)
		err = plan_set(plan, tree->xattr_sets[i], ids);
	return err;
}

void erofs_writer_xattr_plan_release(struct erofs_xattr_plan *plan)
{
	erofs_buffer_release(&plan->shared_zone);
	erofs_buffer_release(&plan->shared_ids);
	erofs_buffer_release(&plan->inline_entries);
	free(plan->areas);
}

uint32_t erofs_writer_xattr_plan_area_size(const struct erofs_xattr_plan *plan, const struct erofs_xattr_set *set,
					   bool fingerprinted)
{
	uint32_t shared = set ? plan->areas[set->id].shared_count : 0;
	uint32_t entries = set ? plan->areas[set->id].inline_size : 0;

	if (fingerprinted)
		entries += erofs_xattr_entry_span(0, (uint32_t)erofs_fingerprint_value_size(plan->fingerprint));
	return shared || entries ? erofs_xattr_shared_id_at(shared) + entries : 0;
}

uint32_t erofs_writer_xattr_plan_area_bound(const struct erofs_xattr_plan *plan, const struct erofs_xattr_set *set,
					    bool fingerprinted)
{
	uint32_t size = EROFS_XATTR_HEADER_SIZE;

	for (uint32_t i = 0; set && i < set->count; i++)
		size += (uint32_t)erofs_xattr_entry_span(set->items[i]->name_len, set->items[i]->value_size);
	if (fingerprinted)
		size += (uint32_t)erofs_xattr_entry_span(0, (uint32_t)erofs_fingerprint_value_size(plan->fingerprint));
	return size;
}

static int append_header(const struct erofs_xattr_plan *plan, struct erofs_buffer *out, const struct xattr_area *area,
			 bool fingerprinted)
{
	struct erofs_xattr_header header = { .name_filter = area->name_filter,
					     .shared_count = (uint8_t)area->shared_count };
	uint8_t encoded[EROFS_XATTR_HEADER_SIZE];

	if (fingerprinted) {
		const struct xattr_prefix *prefix = &plan->prefixes[plan->fingerprint_prefix];

		header.name_filter &= ~erofs_xattr_filter_bit(prefix->base_index, prefix->infix, prefix->infix_len);
	}
	if (!plan->name_filter)
		header.name_filter = 0;
	erofs_xattr_header_encode(&header, encoded);
	return erofs_buffer_append(out, encoded, sizeof(encoded));
}

static int append_fingerprint(const struct erofs_xattr_plan *plan, struct erofs_buffer *out, const uint8_t *digest)
{
	uint8_t value[EROFS_FINGERPRINT_VALUE_MAX];
	struct erofs_xattr_entry entry = {
		.name_index = (uint8_t)(EROFS_XATTR_LONG_PREFIX | (unsigned int)plan->fingerprint_prefix),
		.value_size = (uint16_t)erofs_fingerprint_compose(value, plan->fingerprint, digest),
	};

	return append_entry(out, &entry, "", value);
}

int erofs_writer_xattr_plan_encode(const struct erofs_xattr_plan *plan, struct erofs_buffer *out,
				   const struct erofs_xattr_set *set, const uint8_t *digest)
{
	static const struct xattr_area nothing = { .name_filter = EROFS_XATTR_FILTER_EMPTY };
	const struct xattr_area *area = set ? &plan->areas[set->id] : &nothing;
	const uint32_t *ids = (const uint32_t *)(const void *)plan->shared_ids.data;
	int err;

	if (!erofs_writer_xattr_plan_area_size(plan, set, digest))
		return 0;
	err = append_header(plan, out, area, digest);
	for (uint32_t i = 0; !err && i < area->shared_count; i++) {
		uint8_t id[EROFS_XATTR_SHARED_ID_SIZE];

		erofs_xattr_shared_id_encode(ids[area->shared_at + i], id);
		err = erofs_buffer_append(out, id, sizeof(id));
	}
	if (!err && digest)
		err = append_fingerprint(plan, out, digest);
	if (err || !area->inline_size)
		return err;
	return erofs_buffer_append(out, plan->inline_entries.data + area->inline_at, area->inline_size);
}

int erofs_writer_xattr_plan_encode_prefixes(const struct erofs_xattr_plan *plan, struct erofs_buffer *out)
{
	for (uint32_t i = 0; i < plan->prefix_count; i++) {
		const struct xattr_prefix *prefix = &plan->prefixes[i];
		uint8_t record[2 + 1 + EROFS_XATTR_INFIX_MAX + EROFS_XATTR_ALIGN];
		size_t span = erofs_xattr_prefix_encode(record, prefix->base_index, prefix->infix, prefix->infix_len);
		int err = erofs_buffer_append(out, record, span);

		if (err)
			return err;
	}
	return 0;
}
