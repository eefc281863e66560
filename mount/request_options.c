/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* What stands behind -o. */
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/tool.h"
#include "mount/request.h"
#include "mount/say.h"

/* Flags of the mount, not of the file system. `mask` is what they replace. */
static const struct {
	const char *name;
	uint64_t set, mask;
} attributes[] = {
	{ "nosuid", MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID },
	{ "suid", 0, MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV },
	{ "dev", 0, MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "norelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	/* All that these three imply. */
	{ "user", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "users", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "owner", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
	{ "group", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
};

/*
 * What mount(8) and fstab(5) know and no kernel: who may mount, when, and how; and what a file system that is never
 * written to cannot do. mount(8) hands "rw" to its helpers where nothing was asked for.
 */
static const char *const no_matter[] = {
	"ro",	   "rw",       "defaults",   "auto",   "noauto",  "nofail",   "nouser",	    "noowner",
	"nogroup", "_netdev",  "sync",	     "async",  "dirsync", "lazytime", "nolazytime", "mand",
	"nomand",  "iversion", "noiversion", "silent", "loud",	  "bg",	      "fg",
};

static bool take_attribute(struct mount_request *request, const char *key)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (!strcmp(key, attributes[i].name)) {
			request->attr_set = (request->attr_set & ~attributes[i].mask) | attributes[i].set;
			request->attr_clear |= attributes[i].mask;
			return true;
		}
	return false;
}

static bool is_no_matter(const char *key)
{
	for (size_t i = 0; i < sizeof(no_matter) / sizeof(no_matter[0]); i++)
		if (!strcmp(key, no_matter[i]))
			return true;
	return !strncmp(key, "x-", 2) || !strncmp(key, "X-", 2) || !strcmp(key, "comment") || !strcmp(key, "uhelper") ||
	       !strcmp(key, "helper");
}

static bool take_flag(struct mount_request *request, const char *key)
{
	bool *flag = !strcmp(key, "inode_share")     ? &request->inode_share
		     : !strcmp(key, "require_share") ? &request->require_share
		     : !strcmp(key, "verify")	     ? &request->verify
		     : !strcmp(key, "remount")	     ? &request->remount
						     : NULL;

	if (flag)
		*flag = true;
	else if (!strcmp(key, "loop"))
		request->backing = BACKING_LOOP;
	return flag || !strcmp(key, "loop");
}

static int take_backing(struct mount_request *request, const char *value)
{
	if (strcmp(value, "file") && strcmp(value, "loop"))
		return say_usage("backing= takes file or loop, not '%s'", value);
	request->backing = *value == 'f' ? BACKING_FILE : BACKING_LOOP;
	return -1;
}

static int take_size(uint64_t *out, const char *key, const char *value)
{
	return tool_parse_size(out, value, INT64_MAX) ? -1 : say_usage("%s= takes a size, not '%s'", key, value);
}

static int pass_on(struct mount_request *request, const char *key, const char *value)
{
	struct mount_option *more =
		reallocarray(request->options, request->option_count + 1, sizeof(*request->options));

	if (!more)
		return say_no_memory();
	request->options = more;
	more[request->option_count++] = (struct mount_option){ .key = key, .value = value };
	return -1;
}

static int add_device(struct mount_request *request, const char *path)
{
	const char **more = reallocarray(request->devices, request->device_count + 1, sizeof(*request->devices));

	if (!more)
		return say_no_memory();
	request->devices = more;
	more[request->device_count++] = path;
	return -1;
}

static int take_value(struct mount_request *request, const char *key, const char *value)
{
	int status;

	if (!strcmp(key, "domain_id")) {
		request->domain = value;
		return -1;
	}
	if (!strcmp(key, "device"))
		return add_device(request, value);
	if (!strcmp(key, "device-dir")) {
		request->device_dir = value;
		return -1;
	}
	if (!strcmp(key, "backing"))
		return take_backing(request, value);
	if (!strcmp(key, "offset"))
		return take_size(&request->offset, key, value);
	if (!strcmp(key, "sizelimit"))
		return take_size(&request->size_limit, key, value);
	if (!strcmp(key, "fsoffset")) {
		status = take_size(&request->fs_offset, key, value);
		if (status >= 0)
			return status;
	}
	return pass_on(request, key, value);
}

/* One option, which is the request's own and may be cut apart. */
static int take_one(struct mount_request *request, char *text)
{
	char *value = strchr(text, '=');
	size_t length;

	if (!*text)
		return -1;
	if (value)
		*value++ = 0;
	if (is_no_matter(text))
		return -1;
	if (!value)
		return take_attribute(request, text) || take_flag(request, text) ? -1 : pass_on(request, text, NULL);
	length = strlen(value);
	if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
		value[length - 1] = 0;
		value++;
	}
	/* mount(8) has made the device, and says which. */
	if (!strcmp(text, "loop"))
		return -1;
	return take_value(request, text, value);
}

const char *request_option_hint(char *out, const char *key)
{
	static const char *const names[] = {
		"inode_share", "require_share",	 "verify", "remount",	"loop",	    "domain_id", "device",
		"device-dir",  "backing",	 "offset", "sizelimit", "fsoffset", "acl",	 "noacl",
		"user_xattr",  "nouser_xattr",	 "dax",	   "directio",	"context",  "fscontext", "defcontext",
		"rootcontext", "cache_strategy",
	};
	struct tool_nearest nearest = tool_nearest_to(key, strlen(key));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tool_nearest_offer(&nearest, names[i]);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		tool_nearest_offer(&nearest, attributes[i].name);
	for (size_t i = 0; i < sizeof(no_matter) / sizeof(no_matter[0]); i++)
		tool_nearest_offer(&nearest, no_matter[i]);
	return nearest.mistakes ? tool_nearest_hint(&nearest, out, "") : "";
}

static char *next_comma(char *text)
{
	bool quoted = false;

	for (; *text; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (*text == ',' && !quoted)
			return text;
	}
	return NULL;
}

int request_add_options(struct mount_request *request, const char *list)
{
	char **more = reallocarray(request->texts, request->text_count + 1, sizeof(*request->texts));
	char *text, *comma;
	int status = -1;

	if (!more)
		return say_no_memory();
	request->texts = more;
	text = more[request->text_count] = strdup(list);
	if (!text)
		return say_no_memory();
	request->text_count++;
	for (; text && status < 0; text = comma) {
		comma = next_comma(text);
		if (comma)
			*comma++ = 0;
		status = take_one(request, text);
	}
	return status;
}
