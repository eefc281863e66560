/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "tests/unit/fake_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/sha.h>

#include <erofs/image.h>

#include "tests/unit/tree_maker.h"
#include "tests/unit/unit.h"

/* ---- contents ------------------------------------------------------------------------------------------------------------ */

static uint64_t word_at(const struct fake_file *file, uint64_t number)
{
	/* Words that come eight times in a row shrink well. */
	uint64_t state = file->seed * UINT64_C(0x100000001) + (file->is_random ? number : number / 8);

	return random_next(&state);
}

static void make_zeros(const struct fake_file *file, uint8_t *to, size_t length, uint64_t offset)
{
	uint64_t at = offset, end = offset + length;

	for (uint32_t i = 0; i <= file->zeros->count && at < end; i++) {
		uint64_t stop = i < file->zeros->count ? file->zeros->ranges[i].start : end;

		if (stop > end)
			stop = end;
		if (stop > at)
			memset(to + (at - offset), 0, stop - at);
		if (i < file->zeros->count && file->zeros->ranges[i].end > at)
			at = file->zeros->ranges[i].end;
	}
}

static void fill_words(const struct fake_file *file, uint8_t *to, size_t length, uint64_t offset)
{
	for (size_t i = 0; i < length;) {
		uint64_t word = word_at(file, (offset + i) / 8);
		size_t skip = (offset + i) % 8, size = 8 - skip < length - i ? 8 - skip : length - i;

		memcpy(to + i, (uint8_t *)&word + skip, size);
		i += size;
	}
}

static void fill_run(const struct fake_run *run, uint8_t *to, size_t length, uint64_t offset)
{
	const struct fake_file other = { .seed = run->seed, .is_random = run->is_random };
	uint64_t start = run->at > offset ? run->at : offset;
	uint64_t end = run->at + run->length < offset + length ? run->at + run->length : offset + length;

	if (start < end)
		fill_words(&other, to + (start - offset), (size_t)(end - start), run->from + (start - run->at));
}

void fake_fill(const struct fake_file *file, uint8_t *to, size_t length, uint64_t offset)
{
	fill_words(file, to, length, offset);
	for (unsigned int i = 0; i < file->run_count; i++)
		fill_run(&file->runs[i], to, length, offset);
	if (file->zeros)
		make_zeros(file, to, length, offset);
	if (file->differs_at && file->differs_at >= offset && file->differs_at - offset < length)
		to[file->differs_at - offset] ^= 0x55;
	if (file->changes_at && file->opened >= file->changes_at && offset + length == file->size)
		to[length - 1] ^= 0x77;
}

/* ---- steps --------------------------------------------------------------------------------------------------------------- */

static int step(struct fake_source *source, const struct fake_file *file, const char *what)
{
	unsigned int number = atomic_fetch_add(&source->steps, 1) + 1;

	if (number == source->cancel_at)
		erofs_cancel_request(&source->cancel);
	if (number != source->fail_at)
		return 0;
	return file ? erofs_tree_report(&source->diag, -EIO, file->inode, "cannot %s", what) : -EIO;
}

static int reader_new(void **reader, void *arg, const struct erofs_diag *diag)
{
	struct fake_source *source = arg;
	int err = step(source, NULL, "begin");

	(void)diag;
	if (err)
		return err;
	*reader = source;
	atomic_fetch_add(&source->readers, 1);
	return 0;
}

static void reader_free(void *reader)
{
	struct fake_source *source = reader;

	if (source)
		atomic_fetch_sub(&source->readers, 1);
}

static void count_open(struct fake_source *source)
{
	unsigned int now = atomic_fetch_add(&source->open_now, 1) + 1, most = source->open_most;

	while (most < now && !atomic_compare_exchange_weak(&source->open_most, &most, now))
		;
}

static int open_content(void *reader, struct erofs_content *out, const struct erofs_tree_inode *inode)
{
	struct fake_file *file = inode->origin;
	int err = step(reader, file, "open");

	if (err)
		return err;
	*out = (struct erofs_content){ .inode = inode, .fd = -1 };
	atomic_fetch_add(&file->opened, 1);
	count_open(reader);
	return 0;
}

static void note_read(struct fake_source *source, struct fake_file *file, uint64_t offset)
{
	pthread_mutex_lock(&source->lock);
	file->reads |= UINT64_C(1) << (offset / source->segment & 63);
	pthread_cond_broadcast(&source->was_read);
	pthread_mutex_unlock(&source->lock);
}

static int read_content(void *reader, struct erofs_content *content, void *buf, size_t length, uint64_t offset)
{
	struct fake_source *source = reader;
	struct fake_file *file = content->inode->origin;
	int err = step(source, file, "read");

	if (err)
		return err;
	assert_true(offset + length <= file->size);
	/* Elsewhere the kernel copies slower, on some processors three times (lib/util/data_buffer.h). */
	assert_int_equal((uintptr_t)buf % 64, 0);
	if (source->on_read)
		source->on_read(source, file, offset);
	fake_fill(file, buf, length, offset);
	note_read(source, file, offset);
	return 0;
}

/* Contents are not always opened by the thread that abandons them, which has no reader. */
static struct fake_source *source_of(const struct erofs_content *content)
{
	const struct erofs_tree_inode *root = content->inode;

	while (root->parent)
		root = root->parent;
	return root->origin;
}

static void abandon_content(struct erofs_content *content)
{
	atomic_fetch_sub(&source_of(content)->open_now, 1);
}

static int close_content(void *reader, struct erofs_content *content)
{
	abandon_content(content);
	return step(reader, content->inode->origin, "close");
}

static void release(void *source)
{
	(void)source;
}

static const struct erofs_source_ops random_ops = {
	.reader_new = reader_new,
	.reader_free = reader_free,
	.open = open_content,
	.read = read_content,
	.close = close_content,
	.abandon = abandon_content,
	.release = release,
};

/* ---- arrivals ------------------------------------------------------------------------------------------------------------ */

static void describe(struct erofs_tree_inode *inode, struct fake_file *file)
{
	inode->size = file->size;
	inode->data = file->map;
	inode->origin = file;
	file->inode = inode;
}

static int put(struct fake_source *source, struct fake_file *file, struct erofs_tree_inode **inode)
{
	int err = erofs_tree_paths_put(&source->paths, inode, file->path, S_IFREG | 0644);

	if (!err)
		describe(*inode, file);
	return err ? err : step(source, file, "find");
}

static int next_arrival(void *arg, struct erofs_tree_inode **inode)
{
	struct fake_source *source = arg;

	source->at = 0;
	while (source->next < source->count) {
		struct fake_file *file = &source->files[source->next++];
		int err = put(source, file, inode);

		if (err || file->size)
			return err ? err : 1;
	}
	if (source->is_complete)
		return 0;
	source->is_complete = true;
	return erofs_tree_paths_finish(&source->paths);
}

static int read_arrival(void *arg, void *buf, size_t length)
{
	struct fake_source *source = arg;
	struct fake_file *file = &source->files[source->next - 1];

	assert_true(source->at + length <= file->size);
	fake_fill(file, buf, length, source->at);
	source->at += length;
	return step(source, file, "read");
}

static const struct erofs_arrival_ops arrival_ops = { .next = next_arrival, .read = read_arrival };
static const struct erofs_source_ops released_ops = { .release = release };

/* ---- its life ------------------------------------------------------------------------------------------------------------ */

static void keep_message(void *ctx, enum erofs_severity severity, const char *text)
{
	struct fake_source *source = ctx;

	if (severity != EROFS_SEV_ERROR)
		return;
	pthread_mutex_lock(&source->lock);
	snprintf(source->last, sizeof(source->last), "%s", text);
	pthread_mutex_unlock(&source->lock);
}

void fake_begin(struct fake_source *source, bool arrives, size_t segment)
{
	memset(source, 0, sizeof(*source));
	source->arrives = arrives;
	source->segment = segment;
	source->diag = (struct erofs_diag){ .message = keep_message, .ctx = source };
	source->files = test_calloc(FAKE_FILES_MOST, sizeof(*source->files));
	pthread_mutex_init(&source->lock, NULL);
	pthread_cond_init(&source->was_read, NULL);
	source->tree = tree_make();
	source->tree->source = source;
	source->tree->source_ops = arrives ? &released_ops : &random_ops;
	source->tree->root->origin = source;
	if (!arrives)
		return;
	source->tree->arrival_ops = &arrival_ops;
	assert_int_equal(erofs_tree_paths_init(&source->paths, source->tree), 0);
}

void fake_end(struct fake_source *source)
{
	assert_int_equal(source->open_now, 0);
	assert_int_equal(source->readers, 0);
	assert_int_equal(source->stuck, 0);
	if (source->arrives)
		erofs_tree_paths_release(&source->paths);
	erofs_tree_free(source->tree);
	pthread_cond_destroy(&source->was_read);
	pthread_mutex_destroy(&source->lock);
	test_free(source->files);
}

struct fake_file *fake_add(struct fake_source *source, const char *path, uint64_t size, uint64_t seed)
{
	struct fake_file *file = &source->files[source->count++];

	assert_true(source->count <= FAKE_FILES_MOST);
	file->path = path;
	file->size = size;
	file->seed = seed;
	return file;
}

void fake_wait(struct fake_source *source, const struct fake_file *file, uint64_t segment)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&source->lock);
	while (!err && !(file->reads >> segment & 1))
		err = pthread_cond_timedwait(&source->was_read, &source->lock, &until);
	pthread_mutex_unlock(&source->lock);
	if (err)
		atomic_fetch_add(&source->stuck, 1);
}

/* ---- building ------------------------------------------------------------------------------------------------------------ */

static void add_to_tree(struct fake_source *source)
{
	for (unsigned int i = 0; i < source->count; i++)
		describe(tree_add(source->tree, source->tree->root, source->files[i].path, S_IFREG | 0644),
			 &source->files[i]);
}

void fake_prepare(struct fake_source *source)
{
	static const struct erofs_tree_rules rules = { .size = sizeof(rules) };

	if (source->arrives)
		return;
	add_to_tree(source);
	assert_int_equal(erofs_tree_normalize(source->tree, &rules, &source->diag), 0);
}

int fake_build_prepared(struct fake_source *source, const char *path, struct erofs_build_options *options,
			struct erofs_build_summary *summary)
{
	static const struct erofs_tree_rules rules = { .size = sizeof(rules) };

	options->cancel = &source->cancel;
	if (source->arrives)
		return erofs_build_arrivals(source->tree, &rules, path, options, summary, &source->diag);
	return erofs_build(source->tree, path, options, summary, &source->diag);
}

int fake_build(struct fake_source *source, const char *path, struct erofs_build_options *options,
	       struct erofs_build_summary *summary)
{
	fake_prepare(source);
	return fake_build_prepared(source, path, options, summary);
}

static void verify_fingerprint(struct erofs_image *image, const struct erofs_inode *inode, const uint8_t *bytes)
{
	static struct erofs_fingerprint found;
	uint8_t digest[SHA256_DIGEST_LENGTH], value[EROFS_FINGERPRINT_VALUE_MAX];
	int err = erofs_image_fingerprint(image, &found, inode);

	if (err == -ENODATA)
		return;
	assert_int_equal(err, 0);
	assert_int_equal(found.count, 1);
	SHA256(bytes, inode->size, digest);
	assert_int_equal(found.value_size, erofs_fingerprint_compose(value, EROFS_DIGEST_SHA256, digest));
	assert_memory_equal(found.value, value, found.value_size);
}

static void verify_file(struct erofs_image *image, const struct fake_file *file)
{
	uint8_t *expected = malloc(file->size + 1), *found = malloc(file->size + 1);
	struct erofs_inode inode;

	assert_int_equal(erofs_image_lookup(image, &inode, file->path), 0);
	assert_int_equal(inode.size, file->size);
	fake_fill(file, expected, file->size, 0);
	assert_int_equal(erofs_image_read(image, &inode, found, file->size, 0), file->size);
	if (memcmp(expected, found, file->size) != 0)
		fail_msg("%s does not hold what it should", file->path);
	if (file->size)
		verify_fingerprint(image, &inode, expected);
	free(expected);
	free(found);
}

void fake_verify(struct fake_source *source, const char *path)
{
	struct erofs_image *image;

	assert_int_equal(erofs_image_open(&image, path, NULL, NULL), 0);
	for (uint32_t i = 0; i < source->tree->inode_count; i++)
		if (S_ISREG(source->tree->inodes[i]->mode))
			verify_file(image, source->tree->inodes[i]->origin);
	erofs_image_close(image);
}

/* ---- ways ---------------------------------------------------------------------------------------------------------------- */

#define COMMON                                                                                                         \
	.size = sizeof(struct erofs_build_options), .fingerprint = EROFS_DIGEST_SHA256, .dedupe_files = true,          \
	.sb_checksum = true, .uuid_rule = EROFS_UUID_CONTENT, .shared_xattr_users = 2, .inline_data = true

const struct fake_way *fake_way(unsigned int number)
{
	static const struct fake_way ways[] = {
		{ "stored", 512 * 1024, { COMMON, .blkszbits = 12 } },
		{ "stored in blocks of 512", 512 * 1024, { COMMON, .blkszbits = 9, .xattr_name_filter = true } },
		{ "lz4 in clusters",
		  2048 * 1024,
		  { COMMON, .blkszbits = 12, .compression = { { .compressor = EROFS_COMPRESSOR_LZ4 } },
		    .compression_count = 1 } },
		{ "lz4 in big clusters",
		  2048 * 1024,
		  { COMMON, .blkszbits = 9, .compression = { { .compressor = EROFS_COMPRESSOR_LZ4 } },
		    .compression_count = 1, .pcluster_size = 65536, .full_index = true, .interlaced = true } },
		{ "deflate in extents",
		  1024 * 1024,
		  { COMMON, .blkszbits = 12, .compression = { { .compressor = EROFS_COMPRESSOR_DEFLATE, .level = 1 } },
		    .compression_count = 1, .compressed_form = EROFS_COMPRESSED_EXTENTS, .extent_size = 65536 } },
	};

	return number < sizeof(ways) / sizeof(ways[0]) ? &ways[number] : NULL;
}

/* ---- files --------------------------------------------------------------------------------------------------------------- */

static char directory[64], target[96];

const char *fake_target(void)
{
	if (!directory[0]) {
		strcpy(directory, "/tmp/erofs-build-XXXXXX");
		assert_non_null(mkdtemp(directory));
		snprintf(target, sizeof(target), "%s/image", directory);
	}
	return target;
}

/* How many files there are; `remove`: were. */
static unsigned int go_through(bool remove)
{
	DIR *dir = opendir(directory);
	unsigned int count = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (remove)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return count;
}

unsigned int fake_target_files(void)
{
	return go_through(false);
}

void fake_target_remove(void)
{
	if (!directory[0])
		return;
	go_through(true);
	rmdir(directory);
	directory[0] = '\0';
}

int fake_target_teardown(void **state)
{
	(void)state;
	fake_target_remove();
	return 0;
}

uint8_t *fake_load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}
