/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#include "fuse/inodes.h"

#include <pthread.h>
#include <stdlib.h>

#define PLACES 4096u
#define LOCKS  16u /* each is that of every 16th place */

struct inodes {
	pthread_mutex_t locks[LOCKS];
	struct {
		bool used;
		struct erofs_inode inode;
	} places[PLACES];
};

struct inodes *inodes_new(void)
{
	struct inodes *new = calloc(1, sizeof(*new));

	for (unsigned int i = 0; new &&i < LOCKS; i++)
		pthread_mutex_init(&new->locks[i], NULL);
	return new;
}

void inodes_free(struct inodes *inodes)
{
	for (unsigned int i = 0; inodes && i < LOCKS; i++)
		pthread_mutex_destroy(&inodes->locks[i]);
	free(inodes);
}

bool inodes_find(struct inodes *inodes, struct erofs_inode *out, uint64_t nid)
{
	pthread_mutex_t *lock = &inodes->locks[nid % LOCKS];
	unsigned int place = nid % PLACES;
	bool found;

	pthread_mutex_lock(lock);
	found = inodes->places[place].used && inodes->places[place].inode.nid == nid;
	if (found)
		*out = inodes->places[place].inode;
	pthread_mutex_unlock(lock);
	return found;
}

void inodes_keep(struct inodes *inodes, const struct erofs_inode *inode)
{
	pthread_mutex_t *lock = &inodes->locks[inode->nid % LOCKS];
	unsigned int place = inode->nid % PLACES;

	pthread_mutex_lock(lock);
	inodes->places[place].used = true;
	inodes->places[place].inode = *inode;
	pthread_mutex_unlock(lock);
}
