/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* A copy that differs from its original only in what must not matter: order of creation, inode numbers, readdir. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/tools/support.h"
#include "tests/tools/treegen.h"

/* Files with several names: the copy's first one, held open so that it can be linked to from any depth. */
struct linked {
	dev_t dev;
	ino_t ino;
	int fd;
};

static struct linked *linked;
static size_t linked_count;

static bool link_to_copy(const struct stat *st, int to, const char *name)
{
	for (size_t i = 0; i < linked_count; i++) {
		if (linked[i].dev != st->st_dev || linked[i].ino != st->st_ino)
			continue;
		if (linkat(linked[i].fd, "", to, name, AT_EMPTY_PATH))
			die("cannot link %s", name);
		return true;
	}
	return false;
}

static void remember_copy(const struct stat *st, int to, const char *name)
{
	int fd = openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	linked = realloc(linked, (linked_count + 1) * sizeof(*linked));
	if (fd < 0 || !linked)
		die("cannot remember %s", name);
	linked[linked_count++] = (struct linked){ st->st_dev, st->st_ino, fd };
}

static void copy_range(int in, int out, off_t from, off_t to)
{
	static char buf[256 * 1024];

	while (from < to) {
		size_t want = to - from < (off_t)sizeof(buf) ? (size_t)(to - from) : sizeof(buf);
		ssize_t got = pread(in, buf, want, from);

		if (got <= 0 || pwrite(out, buf, (size_t)got, from) != got)
			die("cannot copy data");
		from += got;
	}
}

static void copy_data(int from, int to, const char *name, const struct stat *st)
{
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	off_t data = 0;

	if (in < 0 || out < 0 || ftruncate(out, st->st_size))
		die("cannot copy %s", name);
	while ((data = lseek(in, data, SEEK_DATA)) >= 0) {
		off_t hole = lseek(in, data, SEEK_HOLE);

		copy_range(in, out, data, hole);
		data = hole;
	}
	if (errno != ENXIO)
		die("cannot find the data of %s", name);
	close(in);
	close(out);
}

static void copy_symlink(int from, int to, const char *name)
{
	char target[4097];
	ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

	if (length < 0)
		die("cannot read symlink %s", name);
	target[length] = 0;
	if (symlinkat(target, to, name))
		die("cannot make symlink %s", name);
}

static void copy_xattrs(int from, int to, const char *name)
{
	static char list[65536], value[65536];
	char object_from[OBJECT_PATH_MAX], object_to[OBJECT_PATH_MAX];
	ssize_t size;

	object_path(object_from, from, name);
	object_path(object_to, to, name);
	size = llistxattr(object_from, list, sizeof(list));
	for (const char *xattr = list; size > 0 && xattr < list + size; xattr += strlen(xattr) + 1) {
		ssize_t length = lgetxattr(object_from, xattr, value, sizeof(value));

		if (length < 0 || lsetxattr(object_to, xattr, value, (size_t)length, 0))
			die("cannot copy xattr %s of %s", xattr, name);
	}
}

static void copy_meta(int from, int to, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) && errno != EPERM)
		die("cannot set the owner of %s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0))
		die("cannot set the mode of %s", name);
	copy_xattrs(from, to, name);
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW))
		die("cannot set the times of %s", name);
}

static void copy_dir(int from, int to, uint64_t *state);

static void copy_object(int from, int to, const char *name, uint64_t *state)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		die("cannot stat %s", name);
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 && link_to_copy(&st, to, name))
		return;
	if (S_ISDIR(st.st_mode)) {
		int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int out = make_dir(to, name);

		if (in < 0)
			die("cannot open %s", name);
		copy_dir(in, out, state);
		close(in);
		close(out);
	} else if (S_ISREG(st.st_mode)) {
		copy_data(from, to, name, &st);
	} else if (S_ISLNK(st.st_mode)) {
		copy_symlink(from, to, name);
	} else if (mknodat(to, name, st.st_mode & (S_IFMT | 0777), st.st_rdev)) {
		die("cannot make node %s", name);
	}
	copy_meta(from, to, name, &st);
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1)
		remember_copy(&st, to, name);
}

static void copy_dir(int from, int to, uint64_t *state)
{
	struct name_list list;

	names_read(&list, from);
	for (size_t left = list.count; left; left--) {
		size_t pick = random_below(state, left);
		char *name = list.names[pick];

		list.names[pick] = list.names[left - 1];
		list.names[left - 1] = name;
		copy_object(from, to, name, state);
	}
	names_free(&list);
}

void generate_order(int dir, const struct treegen_options *options)
{
	int from = open(options->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t state = options->seed;
	struct stat st;

	if (from < 0 || fstat(from, &st))
		die("cannot open %s", options->from);
	copy_dir(from, dir, &state);
	copy_meta(from, dir, ".", &st);
}
