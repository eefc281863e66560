/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "mkfs/options.h"

/* ---- -E ----------------------------------------------------------------------------------------------------------------- */

static bool set_feature(struct mkfs_options *options, const char *name, size_t length, bool on)
{
	struct erofs_build_options *build = &options->build;
	static const char *const unbuilt[] = {
		"all-fragments",	"dedupe",     "dot-omitted", "force-chunk-indexes",
		"force-inode-blockmap", "fragdedupe", "fragments",   "ztailpacking"
	};
	size_t bare = strcspn(name, "=,");

#define IS(text) (length == strlen(text) && memcmp(name, text, length) == 0)
	if (IS("inline_data"))
		build->inline_data = on;
	else if (IS("noinline_data"))
		build->inline_data = !on;
	else if (IS("force-inode-compact"))
		build->inode_form = on ? EROFS_INODE_FORM_COMPACT : EROFS_INODE_FORM_AUTO;
	else if (IS("force-inode-extended"))
		build->inode_form = on ? EROFS_INODE_FORM_EXTENDED : EROFS_INODE_FORM_AUTO;
	else if (IS("xattr-name-filter"))
		build->xattr_name_filter = on;
	else if (IS("nosbcrc"))
		build->sb_checksum = !on;
	else if (IS("48bit"))
		mkfs_set_encoded_extents(options, on);
	else if (IS("full-index"))
		build->full_index = on;
	else if (IS("legacy-compress"))
		return !on || mkfs_refuse("-E legacy-compress is refused: only kernels before 5.4 need data without "
					  "zero padding; full indexes alone are -E full-index");
	else {
		for (size_t i = 0; i < sizeof(unbuilt) / sizeof(unbuilt[0]); i++)
			if (bare == strlen(unbuilt[i]) && memcmp(name, unbuilt[i], bare) == 0)
				return mkfs_refuse("-E %s is not built yet", unbuilt[i]);
		return mkfs_refuse("unknown feature '%.*s' in -E", (int)length, name);
	}
#undef IS
	return true;
}

bool mkfs_parse_extended(struct mkfs_options *options, const char *features)
{
	if (!*features)
		return mkfs_refuse("-E needs a feature");
	while (*features) {
		bool on = *features != '^';
		const char *name = features + !on;
		size_t length = strcspn(name, ",");

		if (!set_feature(options, name, length, on))
			return false;
		features = name + length;
		features += *features == ',';
	}
	return true;
}

/* ---- fingerprints --------------------------------------------------------------------------------------------------------- */

/* A name that some inode could carry: in a namespace with something behind it, or in none. */
static bool is_fingerprint_name(const char *name)
{
	static const char *const empty[] = { "user.", "trusted.", "security." };
	size_t length = strlen(name);

	if (!length || length > 255 || strncmp(name, "system.", 7) == 0)
		return false;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		if (strcmp(name, empty[i]) == 0)
			return false;
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '/' || *at == ',')
			return false;
	return true;
}

bool mkfs_set_fingerprint(struct mkfs_options *options, enum erofs_digest digest, const char *name)
{
	if (!is_fingerprint_name(name))
		return mkfs_refuse("'%s' cannot be the name of a fingerprint xattr", name);
	free(options->fingerprint_name);
	options->fingerprint_name = strdup(name);
	if (!options->fingerprint_name)
		return mkfs_refuse("out of memory");
	options->build.fingerprint = digest;
	options->build.fingerprint_name = options->fingerprint_name;
	return true;
}

bool mkfs_parse_fingerprint(struct mkfs_options *options, const char *value)
{
	static const char key[] = ",name=";
	size_t length = strcspn(value, ",");
	const char *name = EROFS_FINGERPRINT_DEFAULT_NAME;
	enum erofs_digest digest;
	char alg[16];

	if (length >= sizeof(alg))
		return mkfs_refuse("unknown fingerprint algorithm '%.*s': sha256 or sha512", (int)length, value);
	memcpy(alg, value, length);
	alg[length] = 0;
	digest = erofs_digest_by_name(alg);
	if (digest == EROFS_DIGEST_NONE)
		return mkfs_refuse("unknown fingerprint algorithm '%s': sha256 or sha512", alg);
	if (value[length]) {
		if (strncmp(value + length, key, sizeof(key) - 1) != 0)
			return mkfs_refuse("--ishare-fingerprint '%s' is not ALG[,name=NAME]", value);
		name = value + length + sizeof(key) - 1;
	}
	return mkfs_set_fingerprint(options, digest, name);
}
