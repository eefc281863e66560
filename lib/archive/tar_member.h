/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
#ifndef EROFS_ARCHIVE_TAR_MEMBER_H
#define EROFS_ARCHIVE_TAR_MEMBER_H

#include "lib/archive/tar_header.h"
#include "lib/archive/tar_input.h"
#include "lib/tree/tree.h"

/*
 * The members of an archive, one after the other, with all that the records in front of them say: GNU's long names, POSIX
 * extended headers (for one member, and global ones), sparse maps.
 */

/* What of them the format cannot hold. */
struct tar_left_out {
	uint32_t xattrs;      /* of namespaces that it does not know */
	uint32_t acl_entries; /* that name a user or group and carry no number */
	bool nfs4_acl, file_flags;
	char xattr[128], acl_entry[128]; /* the first ones, perhaps cut off */
};

/* What extended headers say; of the same kind for one member and for all that follow. */
struct tar_extended {
	bool has_path, has_link, has_size, has_uid, has_gid, has_mtime, has_major, has_minor;
	struct erofs_buffer path, link; /* with a NUL */
	int64_t size, uid, gid, mtime, major, minor;
	uint32_t mtime_nsec;

	bool has_acl_mode;
	uint16_t acl_mode; /* the permissions that go with the ACL */

	struct tar_left_out left_out;
	struct erofs_buffer xattrs; /* struct tar_xattr */
	struct erofs_buffer texts;  /* names, each with a NUL, and values */

	/* GNU.sparse.*; never global */
	bool is_sparse, has_real_size, map_in_data;
	bool has_offset; /* 0.0: the length that belongs to it has yet to come */
	uint64_t real_size, offset;
	struct erofs_buffer ranges; /* struct erofs_data_range */
};

/* Places in tar_extended.texts. */
struct tar_xattr {
	size_t name, value;
	uint32_t value_size;
};

/* Reads the body of an extended header into `extended`. 0 or -EINVAL and the like; then `*why` says what it was. */
int erofs_archive_tar_extended_parse(struct tar_extended *extended, const char *body, size_t size, const char **why);
/* Makes `extended` say what `from` says, but for what belongs to sparse files. -ENOMEM. */
int erofs_archive_tar_extended_copy(struct tar_extended *extended, const struct tar_extended *from);
/* GNU tar's long names: a path, a link target. -EINVAL, -ENOMEM. */
int erofs_archive_tar_extended_set_path(struct tar_extended *extended, const char *text, size_t size);
int erofs_archive_tar_extended_set_link(struct tar_extended *extended, const char *text, size_t size);
void erofs_archive_tar_extended_release(struct tar_extended *extended);

/* Sets an attribute, in place of one of the same name. -ENOMEM. */
int erofs_archive_tar_extended_set_xattr(struct tar_extended *extended, const char *name, size_t name_len,
					 const void *value, size_t value_size);

/*
 * An ACL as text ("user::rwx,group::r-x,..."), into an attribute of this name. Entries for names without an id are left out.
 * -EINVAL.
 */
int erofs_archive_tar_extended_set_acl(struct tar_extended *extended, const char *name, const char *text, size_t size);

/* ---- members ------------------------------------------------------------------------------------------------------------- */

struct tar_member {
	const char *path;
	const char *link; /* of a symbolic or hard link */
	mode_t mode;	  /* with the type; of a hard link, 0 */
	uint32_t uid, gid;
	uint32_t major, minor;
	int64_t mtime;
	uint32_t mtime_nsec;
	uint64_t size;	  /* regular files: as it is read */
	uint64_t data_at; /* position of its data in the input */
	uint64_t stored;  /* bytes of them */
	/* What is stored of a sparse file. */
	bool is_sparse;
	const struct erofs_data_range *ranges;
	size_t range_count;
	const struct tar_extended *extended; /* has the xattrs */
};

struct tar_members {
	struct erofs_tar_input *input;
	const struct erofs_diag *diag;
	struct tar_header header;
	struct tar_extended global, local; /* local: of the next member, on top of what is global */
	bool has_local;			   /* the next member has had an extended header of its own */
	struct erofs_buffer body;
	uint64_t left;	  /* of the current member's data */
	uint64_t padding; /* behind them */
	uint64_t header_at;
	bool started;
	bool is_vouched_for; /* by other evidence the input is whole: padding at the end may be missing, too */
};

/* The next member: 1; 0 at the archive's end. Whatever is left of the last one's data is stepped over. */
int erofs_archive_tar_member_next(struct tar_members *members, struct tar_member *out);

/* Reads exactly that much of the current member's data. */
int erofs_archive_tar_member_read(struct tar_members *members, void *buf, size_t length);

void erofs_archive_tar_members_release(struct tar_members *members);

/* Reports "INPUT: member 'PATH': text"; returns err. */
int erofs_archive_tar_report(const struct tar_members *members, int err, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
