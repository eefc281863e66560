/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "dump/ishare.h"
#include "common/json.h"

#define REPORT_VERSION 1

static const char *const keys[] = {
	[EROFS_SHARE_SIZE_CLASH] = "size_clashes",
	[EROFS_SHARE_NO_FINGERPRINT] = "no_fingerprint",
	[EROFS_SHARE_KIND_CLASH] = "kind_clashes",
	[EROFS_SHARE_CONTENT_DIFFERS] = "different_contents",
};

static void add_figures(struct json_object *object, const struct erofs_share_figures *figures)
{
	unsigned int reduction = ishare_reduction(figures);
	char percent[16];

	snprintf(percent, sizeof(percent), "%u.%02u", reduction / 100, reduction % 100);
	json_add_number(object, "files", figures->files);
	json_add_number(object, "bytes", figures->bytes);
	json_add_number(object, "page_bytes", figures->page_bytes);
	json_add_number(object, "shared_page_bytes", figures->shared_page_bytes);
	json_add_number(object, "saved_page_bytes", figures->page_bytes - figures->shared_page_bytes);
	json_object_object_add(object, "reduction_percent", json_object_new_double_s(reduction / 100.0, percent));
}

static void add_algorithms(struct json_object *object, uint32_t algorithms)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < EROFS_DIGEST_COUNT; i++)
		if (ishare_algorithm(algorithms, i))
			json_object_array_add(array, json_object_new_string(i == EROFS_DIGEST_NONE
										    ? "other"
										    : ishare_algorithm(algorithms, i)));
	json_object_object_add(object, "algorithms", array);
}

static struct json_object *new_total(const struct erofs_share_total *total)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "images", total->images);
	json_add_number(object, "mounts", total->mounts);
	add_figures(object, &total->all);
	json_add_number(object, "distinct_contents", total->distinct);
	json_add_number(object, "clash_page_bytes", total->clash_page_bytes);
	add_algorithms(object, total->algorithms);
	return object;
}

static struct json_object *new_image(const struct erofs_share_image *image)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, "image", image->name, strlen(image->name));
	json_add_flag(object, "manifest", image->manifest);
	json_add_bytes(object, "uuid", image->uuid, strlen(image->uuid));
	json_add_number(object, "block_size", image->block_size);
	json_add_flag(object, "fingerprinted", image->fingerprinted);
	json_add_number(object, "damaged", image->damaged);
	json_add_number(object, "copies", image->copies);
	add_algorithms(object, image->algorithms);
	add_figures(object, &image->alone);
	json_add_number(object, "marginal_page_bytes", image->marginal_page_bytes);
	json_add_number(object, "unshareable_files", image->unshareable_files);
	json_add_number(object, "unshareable_page_bytes", image->unshareable_page_bytes);
	json_add_number(object, "packed_page_bytes", image->packed_page_bytes);
	json_add_number(object, "packed_shared_page_bytes", image->packed_shared_page_bytes);
	return object;
}

static struct json_object *new_examples(const struct ishare_report *report, const struct erofs_share_loss *loss)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < 2; i++) {
		const struct erofs_share_example *example = &loss->examples[i];
		const struct erofs_share_image image = ishare_image(report, example->image);
		struct json_object *object = json_object_new_object();

		json_add_bytes(object, "image", image.name, strlen(image.name));
		json_add_bytes(object, "path", example->path, example->path_size);
		json_add_number(object, "size", example->size);
		json_add_text(object, "kind", example->compressed ? "compressed" : "plain");
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *new_loss(const struct ishare_report *report, const struct erofs_share_loss *loss)
{
	struct json_object *object = json_object_new_object();

	json_add_bytes(object, "path", loss->path, loss->path_size);
	json_add_number(object, "page_bytes", loss->page_bytes);
	json_add_number(object, "files", loss->files);
	if (loss->contents)
		json_add_number(object, "contents", loss->contents);
	if (*loss->value) {
		json_add_text(object, "value", loss->value);
		json_add_text(object, "fingerprint", loss->value);
		json_object_object_add(object, "examples", new_examples(report, loss));
	}
	return object;
}

static void put_directories(struct json_writer *json, const char *key, const struct erofs_share_directories *from)
{
	json_begin(json, key, '[');
	for (size_t i = 0; i < from->count; i++) {
		struct json_object *object = json_object_new_object();

		json_add_bytes(object, "path", from->items[i].path, from->items[i].path_size);
		json_add_flag(object, "whole", from->items[i].whole);
		json_add_number(object, "page_bytes", from->items[i].page_bytes);
		json_add_number(object, "shared_page_bytes", from->items[i].shared_page_bytes);
		json_add_number(object, "differing_page_bytes", from->items[i].differing_page_bytes);
		json_put(json, NULL, object);
	}
	json_end(json, ']');
}

static void put_losses(struct json_writer *json, const struct ishare_report *report, enum erofs_share_spoiler spoiler)
{
	const struct erofs_share_losses *losses = &report->losses[spoiler];

	json_begin(json, keys[spoiler], '{');
	json_put(json, "count", json_object_new_uint64(losses->all));
	json_put(json, "page_bytes", json_object_new_uint64(losses->page_bytes));
	json_begin(json, "worst", '[');
	for (size_t i = 0; i < losses->count; i++)
		json_put(json, NULL, new_loss(report, &losses->items[i]));
	json_end(json, ']');
	if (spoiler == EROFS_SHARE_CONTENT_DIFFERS)
		put_directories(json, "directories", &report->differing);
	json_end(json, '}');
}

void ishare_print_json(const struct ishare_report *report)
{
	struct json_writer json = { .out = stdout };
	char *lines[ISHARE_ADVICE_MAX];
	size_t count;

	json_begin_document(&json);
	json_begin(&json, "ishare_report", '{');
	json_put(&json, "version", json_object_new_int(REPORT_VERSION));
	json_put(&json, "page_size", json_object_new_uint64(report->options->page_size));
	json_put(&json, "backend", json_object_new_string(report->options->block_backend ? "block" : "file"));
	json_put(&json, "total", new_total(&report->total));
	json_begin(&json, "advice", '[');
	count = ishare_advise(report, lines);
	for (size_t i = 0; i < count; i++) {
		json_put(&json, NULL, json_object_new_string(lines[i]));
		free(lines[i]);
	}
	json_end(&json, ']');
	json_begin(&json, "images", '[');
	for (size_t i = 0; i < report->total.images; i++) {
		const struct erofs_share_image image = ishare_image(report, i);

		json_put(&json, NULL, new_image(&image));
	}
	json_end(&json, ']');
	for (unsigned int i = 0; i < EROFS_SHARE_SPOILERS; i++)
		put_losses(&json, report, (enum erofs_share_spoiler)i);
	put_directories(&json, "directories", &report->largest);
	json_end(&json, '}');
	json_end(&json, '}');
}
