/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/extract/extract.h"
#include "lib/util/cleanup.h"

static void node_name(char out[EROFS_NAME_MAX + 1], const struct erofs_node *node)
{
	size_t length = (uint8_t)node->name[0];

	memcpy(out, node->name + 1, length);
	out[length] = 0;
}

/* The directories between the target and `node`, the outermost last. */
static int list_ancestors(struct erofs_buffer *out, const struct erofs_nodes *nodes, uint32_t node)
{
	for (; nodes->items[node].parent != EROFS_NODE_NONE; node = nodes->items[node].parent) {
		int err = erofs_buffer_append(out, &node, sizeof(node));

		if (err)
			return err;
	}
	return 0;
}

/* Walks down from the target to a directory that was made before. */
static int open_node(struct erofs_extract *extract, uint32_t node)
{
	erofs_auto(erofs_buffer_release) struct erofs_buffer way = { 0 };
	char name[EROFS_NAME_MAX + 1];
	int fd, err = list_ancestors(&way, &extract->nodes, node);

	if (err)
		return err;
	fd = fcntl(extract->root, F_DUPFD_CLOEXEC, 0);
	for (size_t i = way.size / sizeof(uint32_t); fd >= 0 && i-- > 0;) {
		int inner;

		node_name(name, &extract->nodes.items[((uint32_t *)way.data)[i]]);
		inner = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		err = -errno;
		close(fd);
		fd = inner;
		if (fd < 0)
			return err;
	}
	return fd < 0 ? -errno : fd;
}

/* Many links lead to the same directory. */
static int link_dir(struct erofs_extract *extract, uint32_t node)
{
	int fd;

	if (extract->link_dir >= 0 && extract->link_node == node)
		return extract->link_dir;
	fd = open_node(extract, node);
	if (fd < 0)
		return fd;
	if (extract->link_dir >= 0)
		close(extract->link_dir);
	extract->link_dir = fd;
	extract->link_node = node;
	return fd;
}

int erofs_extract_link(struct erofs_extract *extract, const struct erofs_extract_place *place, uint32_t first)
{
	const struct erofs_node *node = &extract->nodes.items[first];
	char name[EROFS_NAME_MAX + 1];
	int err, from;

	err = erofs_extract_clear(extract, place);
	if (err)
		return err;
	from = node->parent == place->parent ? place->dir : link_dir(extract, node->parent);
	if (from < 0)
		return erofs_extract_failed(extract, place, from, "cannot find the file that it is a link to: %s",
					    strerror(-from));
	node_name(name, node);
	if (!linkat(from, name, place->dir, place->name, 0))
		return 0;
	if (errno == EMLINK)
		return -EMLINK;
	return erofs_extract_failed(extract, place, -errno, "cannot link it: %s", strerror(errno));
}
