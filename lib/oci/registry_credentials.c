/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io/file.h"
#include "lib/oci/registry.h"
#include "lib/util/cleanup.h"
#include "lib/util/digits.h"
#include "lib/util/report.h"

#define CONFIG_MAX (1u << 20)

/* What Docker writes for its own registry. */
#define HUB_KEY	   "index.docker.io"
#define HUB_SERVER "https://index.docker.io/v1/"

void erofs_oci_registry_credentials_release(struct registry_credentials *credentials)
{
	/* Nobody needs to find it in freed memory. */
	if (credentials->password)
		explicit_bzero(credentials->password, strlen(credentials->password));
	if (credentials->identity_token)
		explicit_bzero(credentials->identity_token, strlen(credentials->identity_token));
	free(credentials->user);
	free(credentials->password);
	free(credentials->identity_token);
	free(credentials->helper);
	*credentials = (struct registry_credentials){ 0 };
}

/* ---- one file ----------------------------------------------------------------------------------------------------------- */

/* Whether a key of "auths" is for this place, "host" or "host/part/of/the/name"; old ones are URLs. */
static bool key_fits(const char *key, const char *place)
{
	size_t length;

	if (strncmp(key, "https://", 8) == 0)
		key += 8;
	else if (strncmp(key, "http://", 7) == 0)
		key += 7;
	length = strlen(key);
	if (length && key[length - 1] == '/')
		length--;
	if (length > 3 && (strncmp(key + length - 3, "/v1", 3) == 0 || strncmp(key + length - 3, "/v2", 3) == 0))
		length -= 3;
	return length == strlen(place) && strncmp(key, place, length) == 0;
}

static struct json_object *find_entry(struct json_object *auths, const char *place)
{
	json_object_object_foreach(auths, key, value)
	{
		if (key_fits(key, place))
			return value;
	}
	return NULL;
}

static bool is_hub(const struct registry_name *name)
{
	return strcmp(name->host, "registry-1.docker.io") == 0;
}

/* The entry that says most about the place. */
static struct json_object *find_place(struct json_object *auths, const struct registry_name *name)
{
	struct json_object *entry = NULL;
	char *place, *slash;

	if (!auths || asprintf(&place, "%s/%s", name->host, name->repository) < 0)
		return NULL;
	while (!(entry = find_entry(auths, place)) && (slash = strrchr(place, '/')))
		*slash = 0;
	free(place);
	if (!entry && is_hub(name)) {
		entry = find_entry(auths, HUB_KEY);
		entry = entry ? entry : find_entry(auths, "docker.io");
	}
	return entry;
}

static char *copy_text(struct json_object *object, const char *key)
{
	const char *text = erofs_oci_json_string(object, key);

	return text && *text ? strdup(text) : NULL;
}

/* The text that base64 means; to be freed. NULL if it is no base64, or no text. */
static char *decode(const char *base64)
{
	size_t digits = strcspn(base64, "=");
	char *out = malloc(digits + 1);
	ssize_t size = out ? erofs_base64_decode((uint8_t *)out, base64, digits) : -1;

	if (size >= 0)
		out[size] = 0;
	if (size >= 0 && !base64[digits + strspn(base64 + digits, "=")] && strlen(out) == (size_t)size)
		return out;
	free(out);
	return NULL;
}

/* "USER:PASSWORD", or both apart. */
static int read_entry(struct registry_credentials *out, struct json_object *entry)
{
	const char *auth = erofs_oci_json_string(entry, "auth");
	char *text, *colon;

	out->identity_token = copy_text(entry, "identitytoken");
	if (!auth || !*auth) {
		out->user = copy_text(entry, "username");
		out->password = copy_text(entry, "password");
		return 0;
	}
	text = decode(auth);
	colon = text ? strchr(text, ':') : NULL;
	if (!colon) {
		free(text);
		return -EINVAL;
	}
	*colon = 0;
	out->password = strdup(colon + 1);
	out->user = text;
	return out->password ? 0 : -ENOMEM;
}

/* The program that knows this host, or else the one that knows all. */
static char *find_helper(struct json_object *json, const struct registry_name *name)
{
	static const char *const hub_keys[] = { HUB_SERVER, HUB_KEY, "docker.io" };
	struct json_object *helpers = erofs_oci_json_object(json, "credHelpers");
	char *helper = copy_text(helpers, name->host);

	for (size_t i = 0; !helper && is_hub(name) && i < sizeof(hub_keys) / sizeof(hub_keys[0]); i++)
		helper = copy_text(helpers, hub_keys[i]);
	return helper ? helper : copy_text(json, "credsStore");
}

int erofs_oci_registry_credentials_parse(struct registry_credentials *out, const struct registry_name *name,
					 const void *bytes, size_t size)
{
	erofs_auto_json struct json_object *json = NULL;
	struct json_object *entry;
	int err;

	*out = (struct registry_credentials){ 0 };
	err = erofs_oci_json_parse(&json, bytes, size);
	if (err)
		return err;
	entry = find_place(erofs_oci_json_object(json, "auths"), name);
	err = entry ? read_entry(out, entry) : 0;
	if (err) {
		erofs_oci_registry_credentials_release(out);
		return err;
	}
	out->helper = find_helper(json, name);
	return (out->user && out->password) || out->identity_token;
}

/* ---- where the files are ------------------------------------------------------------------------------------------------ */

static int read_config(struct registry_credentials *out, const struct registry_name *name, const char *path,
		       const struct erofs_diag *diag)
{
	erofs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	erofs_auto_free char *bytes = NULL;
	int64_t size;
	int known;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	bytes = malloc(CONFIG_MAX);
	if (!bytes)
		return -ENOMEM;
	size = fd < 0 ? -errno : erofs_file_read(fd, bytes, CONFIG_MAX);
	if (size < 0)
		return erofs_report(diag, (int)size, "cannot read '%s': %s", path, strerror((int)-size));
	known = erofs_oci_registry_credentials_parse(out, name, bytes, (size_t)size);
	explicit_bzero(bytes, (size_t)size);
	return known == -EINVAL ? erofs_report(diag, known, "'%s' is no file of credentials such as Docker's", path)
				: known;
}

/*
 * What the helper says comes first, and then what is in the file itself. A helper that is not there is remembered, for the message
 * should the registry want credentials.
 */
static int ask_helper(struct registry_credentials *found, const struct registry_name *name, int known,
		      const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct registry_credentials said = { 0 };
	int asked = erofs_oci_registry_helper_ask(&said, found->helper, is_hub(name) ? HUB_SERVER : name->host, cancel,
						  diag);

	if (asked == -ENOENT)
		return known;
	if (asked > 0) {
		erofs_oci_registry_credentials_release(found);
		*found = said;
		return 1;
	}
	erofs_oci_registry_credentials_release(&said);
	free(found->helper);
	found->helper = NULL;
	return asked < 0 ? asked : known;
}

static int try_file(struct registry_credentials *out, const struct registry_name *name, const char *directory,
		    const char *file, const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct registry_credentials found;
	char *path;
	int known;

	if (!directory || !*directory)
		return 0;
	if (asprintf(&path, "%s%s", directory, file) < 0)
		return -ENOMEM;
	found = (struct registry_credentials){ 0 };
	known = read_config(&found, name, path, diag);
	free(path);
	if (known >= 0 && found.helper)
		known = ask_helper(&found, name, known, cancel, diag);
	if (known > 0 || (!known && found.helper && !out->helper)) {
		erofs_oci_registry_credentials_release(out);
		*out = found;
	} else {
		erofs_oci_registry_credentials_release(&found);
	}
	return known;
}

int erofs_oci_registry_credentials_find(struct registry_credentials *out, const struct registry_name *name,
					const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	const char *chosen = getenv("REGISTRY_AUTH_FILE"), *docker = getenv("DOCKER_CONFIG");
	int known;

	*out = (struct registry_credentials){ 0 };
	if (chosen && *chosen)
		known = try_file(out, name, chosen, "", cancel, diag);
	else {
		known = try_file(out, name, getenv("XDG_RUNTIME_DIR"), "/containers/auth.json", cancel, diag);
		if (!known && docker && *docker)
			known = try_file(out, name, docker, "/config.json", cancel, diag);
		else if (!known)
			known = try_file(out, name, getenv("HOME"), "/.docker/config.json", cancel, diag);
	}
	return known < 0 ? known : 0;
}
