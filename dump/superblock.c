/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dump/dump.h"
#include "dump/features.h"
#include "dump/text.h"

static const char *checksum_state(const struct dump *dump)
{
	if (!erofs_has_compat(erofs_image_superblock(dump->image), EROFS_FEATURE_COMPAT_SB_CHKSUM))
		return "none";
	return erofs_image_checksum_ok(dump->image) ? "correct" : "wrong";
}

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void row(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *label, const char *format, ...)
{
	va_list args;

	printf("%-46s", label);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void row_names(const char *label, const char *const names[], size_t count, uint32_t unknown)
{
	printf("%-45s", label);
	for (size_t i = 0; i < count; i++)
		printf(" %s", names[i]);
	if (unknown)
		printf(" 0x%" PRIx32, unknown);
	putchar('\n');
}

static void row_limit(const char *label, uint32_t bytes)
{
	if (bytes)
		row(label, "%" PRIu32, bytes);
}

static void rows_compression(const struct dump *dump)
{
	const struct erofs_superblock *sb = erofs_image_superblock(dump->image);
	struct erofs_compression_info limits;
	const char *names[FEATURE_NAMES_MAX];
	const char *reason;

	if (!erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_COMPR_CFGS)) {
		row("Filesystem lz4_max_distance:", "%u", sb->available_compr_algs);
		return;
	}
	row_names("Filesystem compr_algs:", names, features_algorithms(names, sb), 0);
	if (erofs_image_compression(dump->image, &limits, &reason)) {
		row("Filesystem compression limits:", "%s", reason);
		return;
	}
	row_limit("Filesystem lz4_max_distance:", limits.lz4_max_distance);
	row_limit("Filesystem lz4 largest physical cluster:", limits.lz4_max_pcluster);
	row_limit("Filesystem lzma dictionary:", limits.lzma_dict_size);
	row_limit("Filesystem deflate window:", limits.deflate_window_size);
	row_limit("Filesystem zstd window:", limits.zstd_window_size);
}

static void rows_time(const struct erofs_superblock *sb)
{
	char when[64];

	text_time(when, (int64_t)((uint64_t)sb->epoch + sb->build_time), "%a %b %e %H:%M:%S %Y %z");
	row("Filesystem created:", "%s", when);
	row("Filesystem epoch:", "%" PRId64 ".%09" PRIu32, sb->epoch, sb->fixed_nsec);
	if (sb->build_time)
		row("Filesystem build time:", "%" PRId64 " (%s)", (int64_t)((uint64_t)sb->epoch + sb->build_time),
		    when);
	else
		row("Filesystem build time:", "not recorded");
}

static void rows_features(const struct erofs_superblock *sb)
{
	const char *names[FEATURE_NAMES_MAX];
	uint32_t unknown;
	size_t count = features_compat(names, sb, &unknown);

	row_names("Filesystem compatible features:", names, count, unknown);
	count = features_incompat(names, sb, &unknown);
	row_names("Filesystem incompatible features:", names, count, unknown);
}

static void rows_devices(const struct dump *dump)
{
	struct erofs_device_slot slot;

	for (unsigned int i = 0; !erofs_image_device_slot(dump->image, &slot, i); i++) {
		printf("Device %u:%*s", i + 1, i < 9 ? 36 : 35, "");
		printf("%" PRIu64 " blocks at %" PRIu64 "%s, tag \"", slot.blocks, slot.uniaddr,
		       slot.present ? "" : " (file not given)");
		text_print(slot.tag, strlen(slot.tag));
		puts("\"");
	}
}

static void rows_xattrs(const struct dump *dump)
{
	const struct erofs_superblock *sb = erofs_image_superblock(dump->image);
	char name[300];
	int err;

	row("Filesystem xattr prefixes:", "%u at byte %" PRIu64, sb->xattr_prefix_count,
	    4 * (uint64_t)sb->xattr_prefix_start);
	row("Filesystem xattr filter reserved:", "%u", sb->xattr_filter_reserved);
	for (unsigned int i = 0; i < sb->xattr_prefix_count; i++) {
		struct erofs_xattr_prefix prefix;

		err = erofs_image_xattr_prefix(dump->image, &prefix, i);
		if (err) {
			row("Filesystem xattr prefix:", "%u: %s", i, dump_reason(err));
			break;
		}
		printf("%-46s%u: %s", "Filesystem xattr prefix:", i, erofs_xattr_base_prefix(prefix.base_index));
		text_print(prefix.infix, prefix.infix_len);
		putchar('\n');
	}
	row("Filesystem ishare xattr prefix:", "%u", sb->ishare_xattr_prefix_id);
	err = erofs_image_fingerprint_name(dump->image, name, sizeof(name));
	printf("%-46s", "Filesystem fingerprint xattr:");
	if (!err)
		text_print(name, strlen(name));
	else
		fputs(err == -ENODATA ? "none" : dump_reason(err), stdout);
	putchar('\n');
}

static void print_text(const struct dump *dump)
{
	const struct erofs_superblock *sb = erofs_image_superblock(dump->image);
	char uuid[EROFS_UUID_TEXT_SIZE];

	erofs_uuid_encode(uuid, sb->uuid);
	row("Filesystem magic number:", "0x%08" PRIX32, sb->magic);
	row("Filesystem blocksize:", "%" PRIu32, erofs_block_size(sb));
	row("Filesystem blocks:", "%" PRIu64, sb->blocks);
	row("Filesystem inode metadata start block:", "%" PRIu32, sb->meta_blkaddr);
	row("Filesystem shared xattr metadata start block:", "%" PRIu32, sb->xattr_blkaddr);
	row("Filesystem root nid:", "%" PRIu64, sb->root_nid);
	row("Filesystem packed nid:", "%" PRIu64, sb->packed_nid);
	if (erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_METABOX)) {
		row("Filesystem metabox nid:", "%" PRIu64, sb->metabox_nid);
		dump_metabox_row(dump);
	}
	rows_compression(dump);
	row("Filesystem sb_size:", "%u", EROFS_SUPERBLOCK_SIZE + 16u * sb->sb_extslots);
	row("Filesystem inode count:", "%" PRIu64, sb->inos);
	rows_time(sb);
	rows_features(sb);
	row("Filesystem checksum:", "0x%08" PRIx32 " (%s)", sb->checksum, checksum_state(dump));
	printf("%-46s", "Filesystem volume name:");
	text_print(sb->volume_name, strlen(sb->volume_name));
	putchar('\n');
	row("Filesystem UUID:", "%s", uuid);
	row("Filesystem extra devices:", "%u, table at byte %u", sb->extra_devices, 128u * sb->devt_slotoff);
	rows_devices(dump);
	rows_xattrs(dump);
	row("Required upstream Linux kernel version:", "%s", features_oldest_kernel(sb).text);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void add_names(struct json_object *object, const char *key, const char *const names[], size_t count,
		      uint32_t unknown)
{
	struct json_object *array = json_object_new_array();
	char bits[16];

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_string(names[i]));
	if (unknown) {
		snprintf(bits, sizeof(bits), "0x%" PRIx32, unknown);
		json_object_array_add(array, json_object_new_string(bits));
	}
	json_object_object_add(object, key, array);
}

static void add_features(struct json_object *object, const struct erofs_superblock *sb)
{
	const char *names[FEATURE_NAMES_MAX];
	uint32_t unknown;
	size_t count = features_compat(names, sb, &unknown);

	add_names(object, "compatible_features", names, count, unknown);
	count = features_incompat(names, sb, &unknown);
	add_names(object, "incompatible_features", names, count, unknown);
	add_names(object, "compression_algorithms", names, features_algorithms(names, sb), 0);
	json_add_text(object, "oldest_kernel", features_oldest_kernel(sb).text);
}

static void add_compression(struct json_object *object, const struct dump *dump)
{
	struct json_object *limits = json_object_new_object();
	struct erofs_compression_info values;

	if (!erofs_image_compression(dump->image, &values, NULL) && values.algorithms) {
		json_add_number(limits, "lz4_max_distance", values.lz4_max_distance);
		json_add_number(limits, "lz4_max_pcluster", values.lz4_max_pcluster);
		json_add_number(limits, "lzma_dict_size", values.lzma_dict_size);
		json_add_number(limits, "deflate_window_size", values.deflate_window_size);
		json_add_number(limits, "zstd_window_size", values.zstd_window_size);
	}
	json_object_object_add(object, "compression_limits", limits);
}

static void add_devices(struct json_object *object, const struct dump *dump)
{
	struct json_object *array = json_object_new_array();
	struct erofs_device_slot slot;

	for (unsigned int i = 0; !erofs_image_device_slot(dump->image, &slot, i); i++) {
		struct json_object *device = json_object_new_object();

		json_add_number(device, "blocks", slot.blocks);
		json_add_number(device, "unified_address", slot.uniaddr);
		json_add_bytes(device, "tag", slot.tag, strlen(slot.tag));
		json_add_flag(device, "present", slot.present);
		json_object_array_add(array, device);
	}
	json_object_object_add(object, "devices", array);
}

static void add_xattrs(struct json_object *object, const struct dump *dump)
{
	struct json_object *array = json_object_new_array();
	struct erofs_xattr_prefix prefix;
	char name[300];

	for (unsigned int i = 0; !erofs_image_xattr_prefix(dump->image, &prefix, i); i++) {
		struct json_object *record = json_object_new_object();

		json_add_text(record, "base", erofs_xattr_base_prefix(prefix.base_index));
		json_add_bytes(record, "infix", prefix.infix, prefix.infix_len);
		json_object_array_add(array, record);
	}
	json_object_object_add(object, "xattr_prefixes", array);
	if (erofs_image_fingerprint_name(dump->image, name, sizeof(name)))
		json_add_text(object, "fingerprint_xattr", NULL);
	else
		json_add_bytes(object, "fingerprint_xattr", name, strlen(name));
}

static void add_places(struct json_object *object, const struct erofs_superblock *sb)
{
	json_add_number(object, "meta_blkaddr", sb->meta_blkaddr);
	json_add_number(object, "xattr_blkaddr", sb->xattr_blkaddr);
	json_add_number(object, "root_nid", sb->root_nid);
	json_add_number(object, "packed_nid", sb->packed_nid);
	json_add_number(object, "metabox_nid", sb->metabox_nid);
	json_add_number(object, "available_compr_algs", sb->available_compr_algs);
	json_add_number(object, "extra_devices", sb->extra_devices);
	json_add_number(object, "devt_slotoff", sb->devt_slotoff);
	json_add_number(object, "xattr_prefix_count", sb->xattr_prefix_count);
	json_add_number(object, "xattr_prefix_start", sb->xattr_prefix_start);
	json_add_number(object, "xattr_filter_reserved", sb->xattr_filter_reserved);
	json_add_number(object, "ishare_xattr_prefix_id", sb->ishare_xattr_prefix_id);
}

static void print_json(const struct dump *dump)
{
	const struct erofs_superblock *sb = erofs_image_superblock(dump->image);
	struct json_object *object = json_object_new_object();
	char uuid[EROFS_UUID_TEXT_SIZE];

	erofs_uuid_encode(uuid, sb->uuid);
	json_add_number(object, "magic", sb->magic);
	json_add_number(object, "checksum", sb->checksum);
	json_add_text(object, "checksum_state", checksum_state(dump));
	json_add_number(object, "feature_compat", sb->feature_compat);
	json_add_number(object, "feature_incompat", sb->feature_incompat);
	json_add_number(object, "block_size", erofs_block_size(sb));
	json_add_number(object, "blocks", sb->blocks);
	json_add_number(object, "device_size", erofs_image_device_size(dump->image));
	json_add_number(object, "superblock_size", EROFS_SUPERBLOCK_SIZE + 16u * sb->sb_extslots);
	json_add_number(object, "inodes", sb->inos);
	json_add_signed(object, "epoch", sb->epoch);
	json_add_number(object, "fixed_nsec", sb->fixed_nsec);
	json_add_number(object, "build_time", sb->build_time);
	json_add_signed(object, "created", (int64_t)((uint64_t)sb->epoch + sb->build_time));
	json_add_text(object, "uuid", uuid);
	json_add_bytes(object, "volume_name", sb->volume_name, strlen(sb->volume_name));
	add_places(object, sb);
	add_features(object, sb);
	if (sb->available_compr_algs)
		add_compression(object, dump);
	if (erofs_has_incompat(sb, EROFS_FEATURE_INCOMPAT_METABOX))
		dump_metabox_add(dump, object);
	add_devices(object, dump);
	add_xattrs(object, dump);
	json_put(dump->json, "superblock", object);
}

int dump_superblock(const struct dump *dump)
{
	if (dump->json)
		print_json(dump);
	else
		print_text(dump);
	return 0;
}
