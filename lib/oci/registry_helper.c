/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <erofs/text.h>

#include "lib/io/file.h"
#include "lib/oci/registry.h"
#include "lib/util/cleanup.h"
#include "lib/util/report.h"

/*
 * "docker-credential-NAME get", as Docker runs it: the server goes in, an object with "Username" and "Secret" comes out. One that has none
 * says so in words, and fails.
 */

#define ANSWER_MAX (64u * 1024)
#define POLL_MS	   200 /* between looks at the cancel flag */
#define NONE_TEXT  "credentials not found"
#define TOKEN_USER "<token>" /* the secret is an identity token */

extern char **environ;

struct helper {
	char *program;
	const char *server;
	const struct erofs_cancel *cancel;
	const struct erofs_diag *diag;
	char *answer; /* text */
	size_t size;
	int status;
};

static int report(const struct helper *helper, int err, const char *what, const char *detail)
{
	return erofs_report(helper->diag, err, "'%s get' %s for %s%s%s", helper->program, what, helper->server,
			    detail ? ": " : "", detail ? detail : "");
}

/* ---- running it --------------------------------------------------------------------------------------------------------- */

/* A file, not a pipe: a helper that does not read it breaks nothing. */
static int make_question(const struct helper *helper)
{
	int fd = memfd_create("credentials", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!erofs_file_write_at(fd, helper->server, strlen(helper->server), 0))
		return fd;
	close(fd);
	return -EIO;
}

static int spawn(const struct helper *helper, pid_t *child, int question, int answer)
{
	char *const arguments[] = { helper->program, (char *)"get", NULL };
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, question, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, answer, STDOUT_FILENO);
	if (!err)
		err = posix_spawnp(child, helper->program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int read_answer(struct helper *helper, int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	while (helper->size < ANSWER_MAX) {
		ssize_t count;

		if (erofs_cancel_requested(helper->cancel))
			return -ECANCELED;
		if (poll(&wanted, 1, POLL_MS) <= 0)
			continue;
		count = read(fd, helper->answer + helper->size, ANSWER_MAX - helper->size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -errno : 0;
		helper->size += (size_t)count;
	}
	return -EFBIG;
}

static int run_child(struct helper *helper, int question, int pipe_in, int *pipe_out)
{
	pid_t child;
	int err = spawn(helper, &child, question, *pipe_out);

	if (err)
		return err;
	close(*pipe_out);
	*pipe_out = -1;
	err = read_answer(helper, pipe_in);
	if (err)
		kill(child, SIGTERM);
	/* Whoever ignores SIGCHLD has no statuses: the answer has to do. */
	while (waitpid(child, &helper->status, 0) < 0 && errno == EINTR)
		;
	return err;
}

static int run(struct helper *helper)
{
	erofs_auto_fd int question = make_question(helper);
	erofs_auto_fd int in = -1;
	erofs_auto_fd int out = -1;
	int ends[2], err;

	if (question < 0)
		return question;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	in = ends[0];
	out = ends[1];
	err = run_child(helper, question, in, &out);
	helper->answer[err ? 0 : helper->size] = 0;
	return err;
}

/* ---- what it says ------------------------------------------------------------------------------------------------------- */

static int take_answer(struct registry_credentials *out, struct json_object *json)
{
	const char *user = erofs_oci_json_string(json, "Username"), *secret = erofs_oci_json_string(json, "Secret");

	if (!user || !secret)
		return -EINVAL;
	if (!*secret)
		return 0;
	if (strcmp(user, TOKEN_USER) == 0) {
		out->identity_token = strdup(secret);
		return out->identity_token ? 1 : -ENOMEM;
	}
	out->user = strdup(user);
	out->password = strdup(secret);
	return out->user && out->password ? 1 : -ENOMEM;
}

static int judge_failure(const struct helper *helper)
{
	erofs_auto_free char *shown = NULL;

	if (strstr(helper->answer, NONE_TEXT))
		return 0;
	helper->answer[strcspn(helper->answer, "\r\n")] = 0;
	shown = erofs_escape(helper->answer, strlen(helper->answer));
	return shown ? report(helper, -EACCES, "fails", *shown ? shown : NULL) : -ENOMEM;
}

static int judge(struct registry_credentials *out, const struct helper *helper)
{
	erofs_auto_json struct json_object *json = NULL;
	int known;

	if (!WIFEXITED(helper->status) || WEXITSTATUS(helper->status))
		return judge_failure(helper);
	known = erofs_oci_json_parse(&json, helper->answer, helper->size);
	if (!known)
		known = take_answer(out, json);
	return known == -EINVAL ? report(helper, -EPROTO, "gives no credentials that can be read", NULL) : known;
}

int erofs_oci_registry_helper_ask(struct registry_credentials *out, const char *name, const char *server,
				  const struct erofs_cancel *cancel, const struct erofs_diag *diag)
{
	struct helper helper = { .server = server, .cancel = cancel, .diag = diag };
	int known;

	if (asprintf(&helper.program, "docker-credential-%s", name) < 0)
		return -ENOMEM;
	helper.answer = malloc(ANSWER_MAX + 1);
	if (!helper.answer)
		known = -ENOMEM;
	else if (strchr(name, '/'))
		known = report(&helper, -EINVAL, "is no program that can be run", NULL);
	else
		known = run(&helper);
	if (!known)
		known = judge(out, &helper);
	else if (known == -EFBIG)
		report(&helper, known, "says too much", NULL);
	else if (known != -ENOENT && known != -ECANCELED && known != -ENOMEM && known != -EINVAL)
		report(&helper, known, "cannot be run", strerror(-known));
	if (helper.answer)
		explicit_bzero(helper.answer, ANSWER_MAX);
	free(helper.answer);
	free(helper.program);
	return known;
}
