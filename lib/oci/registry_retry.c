/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/oci/registry.h"
#include "lib/util/report.h"

/* Failures that pass: a connection that breaks, a registry that has too much to do. Tries and waiting have bounds. */

#define TRIES_MAX    5u
#define WAIT_MS	     200u /* before the second try, and twice as long before each other one */
#define WAIT_SECONDS 60	  /* longer than that, a registry that says so is not waited for */
#define POLL_MS	     100u /* between looks at the cancel flag */

bool erofs_oci_registry_is_busy(long status)
{
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

void erofs_oci_registry_note_answer(struct registry *registry)
{
	erofs_monitor_hold(&registry->moment);

	registry->has_answered = true;
}

bool erofs_oci_registry_has_answered(struct registry *registry)
{
	erofs_monitor_hold(&registry->moment);

	return registry->has_answered;
}

bool erofs_oci_registry_may_pass(struct registry *registry, CURLcode result)
{
	switch (result) {
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_COULDNT_CONNECT:
		/* One that was there will come again; else the name may well be wrong. */
		return erofs_oci_registry_has_answered(registry);
	default:
		return false;
	}
}

static bool is_cancelled(const struct registry *registry, const struct erofs_cancel *stop)
{
	return erofs_cancel_requested(registry->store.cancel) || erofs_cancel_requested(stop);
}

int erofs_oci_registry_wait(const struct registry *registry, unsigned int *tries, curl_off_t seconds,
			    const struct erofs_cancel *stop)
{
	uint64_t left = seconds > 0 ? (uint64_t)seconds * 1000 : WAIT_MS << *tries;

	if (++*tries >= TRIES_MAX || seconds > WAIT_SECONDS)
		return -EIO;
	while (left && !is_cancelled(registry, stop)) {
		uint64_t part = left < POLL_MS ? left : POLL_MS;

		nanosleep(&(struct timespec){ .tv_nsec = (long)part * 1000000 }, NULL);
		left -= part;
	}
	return is_cancelled(registry, stop) ? -ECANCELED : 0;
}

/* Whether the answer is one that may be another one next time. */
static bool is_passing(struct registry *registry, const struct registry_answer *answer)
{
	CURLcode result = erofs_oci_registry_result(answer);

	if (!erofs_oci_registry_has_begun(answer) && result != CURLE_OK)
		return erofs_oci_registry_may_pass(registry, result);
	erofs_oci_registry_note_answer(registry);
	return erofs_oci_registry_is_busy(erofs_oci_registry_status(answer));
}

int erofs_oci_registry_ask(struct registry_answer **out, struct registry *registry,
			   const struct registry_request *request, unsigned int *tries)
{
	struct registry_request quiet = *request;

	quiet.keeps_failure = true;
	for (;;) {
		int err = erofs_oci_registry_send(out, registry, &quiet, NULL);

		if (err)
			return err;
		if (!is_passing(registry, *out))
			break;
		err = erofs_oci_registry_wait(registry, tries, erofs_oci_registry_retry_after(*out), request->stop);
		if (err == -EIO)
			break;
		erofs_oci_registry_end(*out);
		if (err)
			return err;
	}
	if (erofs_oci_registry_has_begun(*out) || erofs_oci_registry_result(*out) == CURLE_OK)
		return 0;
	return erofs_oci_registry_fail(*out);
}
