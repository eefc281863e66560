/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <stdlib.h>
#include <string.h>

#include "mkfs/option.h"

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

static bool set_fingerprint(struct mkfs_options *options, enum erofs_digest digest, const char *name)
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

static bool leave_out_fingerprints(struct mkfs_parser *parser)
{
	parser->fingerprint_given = true;
	parser->options->build.fingerprint = EROFS_DIGEST_NONE;
	parser->options->build.fingerprint_name = NULL;
	return true;
}

static bool take_fingerprint(struct mkfs_parser *parser, const char *value)
{
	static const char key[] = ",name=";
	size_t length = strcspn(value, ",");
	const char *name = EROFS_FINGERPRINT_DEFAULT_NAME;
	enum erofs_digest digest;
	char alg[32];

	if (length >= sizeof(alg))
		return mkfs_refuse("unknown fingerprint algorithm '%.*s': sha256, sha512, fsverity or none", (int)length, value);
	memcpy(alg, value, length);
	alg[length] = 0;
	if (strcmp(alg, "none") == 0)
		return value[length] ? mkfs_refuse("--ishare-fingerprint '%s': none takes no name", value)
				     : leave_out_fingerprints(parser);
	digest = erofs_digest_by_name(alg);
	if (digest == EROFS_DIGEST_NONE)
		return mkfs_refuse("unknown fingerprint algorithm '%s': sha256, sha512, fsverity or none", alg);
	if (value[length]) {
		if (strncmp(value + length, key, sizeof(key) - 1) != 0)
			return mkfs_refuse("--ishare-fingerprint '%s' is not ALG[,name=NAME]", value);
		name = value + length + sizeof(key) - 1;
	}
	parser->fingerprint_given = true;
	return set_fingerprint(parser->options, digest, name);
}

static bool take_inode_digest(struct mkfs_parser *parser, const char *value)
{
	parser->fingerprint_given = true;
	return set_fingerprint(parser->options, EROFS_DIGEST_SHA256, value ? value : EROFS_FINGERPRINT_DEFAULT_NAME);
}

static bool take_restamp(struct mkfs_parser *parser, const char *value)
{
	(void)value;
	parser->options->input = MKFS_RESTAMP;
	parser->restamp = true;
	return true;
}

bool mkfs_settle_restamp(struct mkfs_parser *parser)
{
	struct mkfs_options *options = parser->options;

	if (!parser->restamp)
		return true;
	if (*parser->unfit)
		return mkfs_refuse("--restamp takes an image over as it is, so %s has no place beside it",
				   parser->unfit);
	options->rules.time_rule = EROFS_TIME_KEEP;
	return mkfs_default_fingerprint(parser);
}

bool mkfs_default_fingerprint(struct mkfs_parser *parser)
{
	return parser->fingerprint_given ||
	       set_fingerprint(parser->options, EROFS_DIGEST_SHA256, EROFS_FINGERPRINT_DEFAULT_NAME);
}

static const struct mkfs_option rows[] = {
	{ "ishare-fingerprint", 0, MUST, take_fingerprint, .fits_restamp = true,
	  .help = "      --ishare-fingerprint=ALG[,name=NAME]\n"
		  "                             give each regular file a fingerprint, ALG sha256, sha512 or fsverity,\n"
		  "                             in the xattr NAME (trusted.erofs.fingerprint); none: leave them out\n" },
	{ "xattr-inode-digest", 0, MAY, take_inode_digest, .fits_restamp = true,
	  .help = "      --xattr-inode-digest[=NAME]  the same with sha256\n" },
	{ "restamp", 0, NO, take_restamp, .fits_restamp = true,
	  .help = "      --restamp              take a SOURCE-IMAGE over as it is, but for its fingerprints: nothing\n"
		  "                             is compressed again\n" },
};

const struct mkfs_option_group mkfs_fingerprint_options =
	MKFS_OPTION_GROUP("Fingerprints (inode page sharing, Linux >= 7.0)", rows);
