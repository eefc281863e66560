/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "common/tool.h"
#include "mkfs/option.h"

bool mkfs_take_all_root(struct mkfs_parser *parser, const char *value)
{
	struct erofs_tree_rules *rules = &parser->options->rules;

	(void)value;
	rules->force_uid = rules->force_gid = true;
	rules->uid = rules->gid = 0;
	return true;
}

static bool parse_id(const struct mkfs_parser *parser, uint32_t *id, bool *forced, const char *value)
{
	uint64_t number;

	if (!tool_parse_number(&number, value, UINT32_MAX))
		return mkfs_refuse("--%s '%s' is no 32-bit id", parser->option->name, value);
	*id = (uint32_t)number;
	*forced = true;
	return true;
}

bool mkfs_take_force_uid(struct mkfs_parser *parser, const char *value)
{
	struct erofs_tree_rules *rules = &parser->options->rules;

	return parse_id(parser, &rules->uid, &rules->force_uid, value);
}

bool mkfs_take_force_gid(struct mkfs_parser *parser, const char *value)
{
	struct erofs_tree_rules *rules = &parser->options->rules;

	return parse_id(parser, &rules->gid, &rules->force_gid, value);
}

static bool parse_offset(const struct mkfs_parser *parser, int64_t *offset, const char *value)
{
	if (!tool_parse_signed(offset, value, -(int64_t)UINT32_MAX, UINT32_MAX))
		return mkfs_refuse("--%s '%s' is no difference of 32-bit ids", parser->option->name, value);
	return true;
}

bool mkfs_take_uid_offset(struct mkfs_parser *parser, const char *value)
{
	return parse_offset(parser, &parser->options->rules.uid_offset, value);
}

bool mkfs_take_gid_offset(struct mkfs_parser *parser, const char *value)
{
	return parse_offset(parser, &parser->options->rules.gid_offset, value);
}
