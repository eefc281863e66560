/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/*
 * A library for LD_PRELOAD that makes calls fail. Only files below FAILIO_UNDER count.
 * FAILIO=CALL:ERRNO:N  the Nth CALL (fsync fdatasync close rename pwritev ftruncate stat) fails, and all later ones with N "1+"
 *			as with "stat:2:1": what was there a moment later is not there yet
 * FAILIO_LOG=FILE      a line for each call: its name and the file
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int calls;

static void log_call(const char *call, const char *path, const char *more)
{
	const char *log = getenv("FAILIO_LOG");
	int fd = log ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%s %s%s\n", call, path, more);
	((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);
}

/* Whether this call is to fail; errno is set. */
static int fails(const char *call, const char *path, const char *more)
{
	const char *under = getenv("FAILIO_UNDER"), *rule = getenv("FAILIO");
	unsigned int nth;
	char name[32], plus = 0;
	int number, failed;

	if (!under || strncmp(path, under, strlen(under)) != 0)
		return 0;
	pthread_mutex_lock(&lock);
	log_call(call, path, more);
	failed = rule && sscanf(rule, "%31[^:]:%d:%u%c", name, &number, &nth, &plus) >= 3 && strcmp(name, call) == 0 &&
		 (++calls == nth || (plus && calls > nth));
	pthread_mutex_unlock(&lock);
	if (failed)
		errno = number;
	return failed;
}

static int fails_fd(const char *call, int fd, const char *more)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = 0;
	return fails(call, path, more);
}

#define NEXT(name, type) ((type)dlsym(RTLD_NEXT, name))

int fsync(int fd)
{
	return fails_fd("fsync", fd, "") ? -1 : NEXT("fsync", int (*)(int))(fd);
}

int fdatasync(int fd)
{
	return fails_fd("fdatasync", fd, "") ? -1 : NEXT("fdatasync", int (*)(int))(fd);
}

int close(int fd)
{
	int failed = fails_fd("close", fd, ""), number = errno;
	int result = NEXT("close", int (*)(int))(fd);

	if (failed)
		errno = number;
	return failed ? -1 : result;
}

int rename(const char *from, const char *to)
{
	return fails("rename", to, "") ? -1 : NEXT("rename", int (*)(const char *, const char *))(from, to);
}

static int write_fails(int fd, off64_t offset)
{
	char more[32];

	snprintf(more, sizeof(more), " %lld", (long long)offset);
	return fails_fd("pwritev", fd, more);
}

ssize_t pwritev(int fd, const struct iovec *vector, int count, off_t offset)
{
	return write_fails(fd, offset)
		       ? -1
		       : NEXT("pwritev", ssize_t(*)(int, const struct iovec *, int, off_t))(fd, vector, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *vector, int count, off64_t offset)
{
	return write_fails(fd, offset) ? -1
				       : NEXT("pwritev64", ssize_t(*)(int, const struct iovec *, int, off64_t))(
						 fd, vector, count, offset);
}

int ftruncate(int fd, off_t length)
{
	return fails_fd("ftruncate", fd, "") ? -1 : NEXT("ftruncate", int (*)(int, off_t))(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
	return fails_fd("ftruncate", fd, "") ? -1 : NEXT("ftruncate64", int (*)(int, off64_t))(fd, length);
}

static int stat_fails(const char *path)
{
	const char *rule = getenv("FAILIO");

	/* Looking changes nothing, so the log has it only where it is asked for. */
	return rule && strncmp(rule, "stat:", 5) == 0 && fails("stat", path, "");
}

int stat(const char *path, struct stat *st)
{
	return stat_fails(path) ? -1 : NEXT("stat", int (*)(const char *, struct stat *))(path, st);
}

int stat64(const char *path, struct stat64 *st)
{
	return stat_fails(path) ? -1 : NEXT("stat64", int (*)(const char *, struct stat64 *))(path, st);
}
