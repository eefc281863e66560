/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/oci/registry.h"

#define LOWER	       "abcdefghijklmnopqrstuvwxyz"
#define LETTERS	       LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	       "0123456789"
#define REPOSITORY_MAX 255u
#define TAG_MAX	       128u

/* What Docker's own registry is called, and where it is. */
#define HUB	 "docker.io"
#define HUB_HOST "registry-1.docker.io"

bool erofs_oci_registry_is_local(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (strncmp(host, names[i], length) == 0 && (!host[length] || host[length] == ':'))
			return true;
	}
	return false;
}

/* Nothing but what may stand in a URL as it is. */
static bool is_host(const char *host)
{
	return *host && strspn(host, LETTERS DIGITS ".-:[]") == strlen(host);
}

/* Components of lower case, none of them empty, and never two dots together. */
static bool is_repository(const char *name)
{
	if (strlen(name) > REPOSITORY_MAX || strspn(name, LOWER DIGITS "._-/") != strlen(name) || strstr(name, ".."))
		return false;
	for (;;) {
		size_t length = strcspn(name, "/");

		if (!length || !strchr(LOWER DIGITS, name[0]))
			return false;
		if (!name[length])
			return true;
		name += length + 1;
	}
}

static bool is_tag(const char *tag)
{
	return *tag && *tag != '.' && *tag != '-' && strlen(tag) <= TAG_MAX &&
	       strspn(tag, LETTERS DIGITS "._-") == strlen(tag);
}

/* Cuts the reference off the end of `rest`. */
static int take_reference(struct registry_name *name, char *rest)
{
	char *at = strchr(rest, '@'), *colon = NULL;

	if (at) {
		*at++ = 0;
		if (erofs_oci_digest_parse(&name->digest, at))
			return -EINVAL;
	}
	colon = strrchr(rest, ':');
	if (colon)
		*colon++ = 0;
	if (colon && !is_tag(colon))
		return -EINVAL;
	/* With both, the digest counts. */
	name->reference = strdup(at ? at : colon ? colon : "latest");
	return name->reference ? 0 : -ENOMEM;
}

/* The host, unless the first component is part of a name at Docker's own registry. */
static char *take_host(char **rest)
{
	char *slash = strchr(*rest, '/'), *host = *rest;

	if (!slash)
		return strdup(HUB);
	*slash = 0;
	if (strpbrk(host, ".:") || strcmp(host, "localhost") == 0) {
		*rest = slash + 1;
		return strdup(host);
	}
	*slash = '/';
	return strdup(HUB);
}

static int set_repository(struct registry_name *name, const char *rest)
{
	bool is_hub = strcmp(name->host, HUB) == 0;
	const char *prefix = is_hub && !strchr(rest, '/') ? "library/" : "";

	if (is_hub) {
		free(name->host);
		name->host = strdup(HUB_HOST);
	}
	name->repository = malloc(strlen(prefix) + strlen(rest) + 1);
	if (!name->repository || !name->host)
		return -ENOMEM;
	strcat(strcpy(name->repository, prefix), rest);
	return is_host(name->host) && is_repository(name->repository) ? 0 : -EINVAL;
}

static int parse(struct registry_name *name, char *rest)
{
	int err;

	name->host = take_host(&rest);
	if (!name->host)
		return -ENOMEM;
	err = take_reference(name, rest);
	return err ? err : set_repository(name, rest);
}

int erofs_oci_registry_name_parse(struct registry_name *out, const char *text)
{
	struct registry_name name = { 0 };
	char *copy;
	int err;

	*out = name;
	if (!erofs_oci_is_in_registry(text))
		return -EINVAL;
	copy = strdup(text + strlen(OCI_REGISTRY_PREFIX));
	if (!copy)
		return -ENOMEM;
	err = parse(&name, copy);
	free(copy);
	if (err)
		erofs_oci_registry_name_release(&name);
	*out = name;
	return err;
}

void erofs_oci_registry_name_release(struct registry_name *name)
{
	free(name->host);
	free(name->repository);
	free(name->reference);
	*name = (struct registry_name){ 0 };
}
