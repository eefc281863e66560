/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_OCI_REGISTRY_H
#define EROFS_OCI_REGISTRY_H

#include "lib/oci/curl.h"

#include "lib/oci/store.h"
#include "lib/util/monitor.h"

/* A registry that speaks the distribution protocol, version 2. */

/* ---- names -------------------------------------------------------------------------------------------------------------- */

struct registry_name {
	char *host; /* with the port, if one was said */
	char *repository;
	char *reference;	  /* tag or digest */
	struct oci_digest digest; /* of the manifest, if that is how it was named */
};

/* "docker://..."; -EINVAL, -ENOMEM. */
int erofs_oci_registry_name_parse(struct registry_name *out, const char *text);
void erofs_oci_registry_name_release(struct registry_name *name);
/* Whether the host is this machine by its name, so that nobody else can listen. */
bool erofs_oci_registry_is_local(const char *host);

/* ---- credentials -------------------------------------------------------------------------------------------------------- */

struct registry_credentials {
	char *user, *password; /* NULL: none are known */
	char *identity_token;
	char *helper; /* name of the program that may know some: docker-credential-NAME */
};

/*
 * What "docker-credential-NAME get" says: 1 if it has credentials for the server, 0; -ENOENT, not reported, if there is no such program;
 * other errors are reported.
 */
int erofs_oci_registry_helper_ask(struct registry_credentials *out, const char *name, const char *server,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag);

/*
 * From $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json, $DOCKER_CONFIG/config.json or ~/.docker/config.json, the first
 * of them that knows the host. A file that cannot be read as one is an error.
 */
int erofs_oci_registry_credentials_find(struct registry_credentials *out, const struct registry_name *name,
					const struct erofs_cancel *cancel, const struct erofs_diag *diag);
/* The same from the bytes of one file: 1 if they know the host, 0; -EINVAL. */
int erofs_oci_registry_credentials_parse(struct registry_credentials *out, const struct registry_name *name,
					 const void *bytes, size_t size);
void erofs_oci_registry_credentials_release(struct registry_credentials *credentials);

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

struct registry {
	struct oci_store store;
	struct registry_name name;
	struct registry_credentials credentials;
	const char *scheme; /* "https" or "http" */
	/* Of downloads, which may be several: */
	struct erofs_monitor lock; /* held while a token is asked for, and while what follows is looked at */
	char *token;		   /* bearer's, NULL: none yet */
	bool use_basic;
	unsigned int token_number; /* so many times that has changed */
	const char *actions;	   /* what a token is asked for: "pull", or "pull,push" */
	char **origins;		   /* other repositories there, of which a token has to allow "pull" */
	size_t origin_count, origin_room;

	struct erofs_monitor moment; /* held for no longer than that, also by a thread that holds the lock; of these: */
	bool has_answered;	     /* it is no wrong name */
	struct registry_kept *kept;  /* that stay until the end, and change their states only */
	size_t kept_count;
	uint64_t kept_size;
	int kept_fd; /* -1: none */
};

/* It has answered, whatever that was; whether it has. By any thread. */
void erofs_oci_registry_note_answer(struct registry *registry);
bool erofs_oci_registry_has_answered(struct registry *registry);

/* The registry behind a store; NULL: it is something else. */
struct registry *erofs_oci_registry_of(const struct oci_store *store);

/* Everything that a manifest can be. */
#define REGISTRY_ACCEPT                                                                                                \
	"Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                                                  \
	"application/vnd.docker.distribution.manifest.v2+json"

#define EROFS_REGISTRY_SILENCE 60L /* seconds that an answer or a body may stop for */

/*
 * What every transfer keeps to, in either direction: the registry's protocol or a safer one, behind redirections as well; few of these;
 * certificates as OpenSSL finds them; an end to waiting, `silence` in seconds. `error`: CURL_ERROR_SIZE bytes, as long as the handle.
 */
void erofs_oci_registry_guard(CURL *easy, const struct registry *registry, long silence, char *error);

/*
 * Shows the token that there is (`use_token`), or else the password, if the registry wants that or it is allowed (`use_password`).
 * libcurl does not pass either on to other hosts that it is sent to, and copies both.
 */
void erofs_oci_registry_set_credentials(CURL *easy, const struct registry *registry, bool use_token, bool use_password);

/* The URL of a blob or manifest ("blobs", "manifests"); to be freed. NULL: out of memory. */
char *erofs_oci_registry_url(const struct registry *registry, const char *kind, const char *reference);

/* What is sent with a request. */
struct registry_request {
	const char *url;
	const char *accept; /* a header line, or NULL */
	const char *form;   /* a POST's, or NULL */
	bool use_token, use_password;
	uint64_t from;			 /* not 0: the bytes from there on are enough */
	const struct erofs_cancel *stop; /* a wish beside that of the store, or NULL */
	bool keeps_failure;		 /* a failure below HTTP is not reported, but an answer, too, with a result */
};

/*
 * Begins a request and waits for the answer's beginning: 0, whatever the status is. A failure below HTTP is reported, but for
 * those in `*quiet`, when that is not NULL, which then has libcurl's code.
 */
struct registry_answer;
int erofs_oci_registry_send(struct registry_answer **out, struct registry *registry,
			    const struct registry_request *request, CURLcode *quiet);
/* Whether bytes of the body have come, and are there even if the answer has failed behind them. */
bool erofs_oci_registry_has_begun(const struct registry_answer *answer);
/* CURLE_OK, or what went wrong. */
CURLcode erofs_oci_registry_result(const struct registry_answer *answer);
/* Reports what went wrong, and ends the answer: -EIO, -ENOMEM. */
int erofs_oci_registry_fail(struct registry_answer *answer);
/* How long a registry asks to wait, in seconds; 0: it does not. */
curl_off_t erofs_oci_registry_retry_after(const struct registry_answer *answer);
/* Whether the answer says how long its body is, so that one that is cut off is seen. */
bool erofs_oci_registry_has_length(const struct registry_answer *answer);
long erofs_oci_registry_status(const struct registry_answer *answer);
/* The handle of the answer, which stays its own. */
CURL *erofs_oci_registry_handle(const struct registry_answer *answer);
/* A header of the answer; the one of that number, if there are several. NULL: none. */
const char *erofs_oci_registry_header(const struct registry_answer *answer, const char *name, size_t number);
/* The body as a blob; closing it ends the answer. */
struct oci_input *erofs_oci_registry_body(struct registry_answer *answer);
void erofs_oci_registry_end(struct registry_answer *answer);

/* ---- failures that pass ------------------------------------------------------------------------------------------------- */

/* Statuses of a registry that has too much to do, and failures of connections, after which it makes sense to ask again. */
bool erofs_oci_registry_is_busy(long status);
bool erofs_oci_registry_may_pass(struct registry *registry, CURLcode result);

/*
 * Waits before the next try, so many seconds if a registry said so, and counts in `*tries`. -EIO: there were too many, or the wait would
 * be too long; nothing is reported. -ECANCELED.
 */
int erofs_oci_registry_wait(const struct registry *registry, unsigned int *tries, curl_off_t seconds,
			    const struct erofs_cancel *stop);

/* Sends a request again and again, as long as it fails in ways that pass. 0: there is an answer, of whatever status; else reported. */
int erofs_oci_registry_ask(struct registry_answer **out, struct registry *registry,
			   const struct registry_request *request, unsigned int *tries);

/* ---- downloads ---------------------------------------------------------------------------------------------------------- */

/*
 * A document or blob ("manifests", "blobs"), whose connection may break and is made again. By any thread, one at a time for each.
 * `size`: what is known of it, or OCI_SIZE_UNKNOWN. Failures are reported.
 */
int erofs_oci_registry_download(struct oci_input **out, struct registry *registry, const char *kind,
				const char *reference, uint64_t size, const struct erofs_cancel *stop);
/*
 * A blob, from what was kept of it or as such a download. erofs_oci_registry_keep() asks for it to be kept: -ENOMEM.
 */
int erofs_oci_registry_keep(struct registry *registry, const struct oci_descriptor *blob);
int erofs_oci_registry_open_blob(struct oci_input **out, struct registry *registry, const struct oci_descriptor *blob,
				 const struct erofs_cancel *stop);
void erofs_oci_registry_forget_kept(struct registry *registry);
/* A header of the answer that is open; NULL: there is none. */
const char *erofs_oci_registry_download_header(const struct oci_input *input, const char *name);

/* ---- authentication ----------------------------------------------------------------------------------------------------- */

/* Does what a status of 401, the last answer of this handle, asks for. -EACCES, reported, if that cannot be done. */
int erofs_oci_registry_authenticate(struct registry *registry, CURL *refused);

/* Says that credentials are missing or wrong: -EACCES. */
int erofs_oci_registry_report_denied(const struct registry *registry, const char *who);

/* A value of "Bearer realm=\"...\",service=\"...\""; to be freed. NULL: it is not there. */
char *erofs_oci_registry_challenge_value(const char *challenge, const char *key);

#endif
