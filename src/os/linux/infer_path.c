/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What leads from a struct file to its name: struct dentry
 * (include/linux/dcache.h), mount (fs/mount.h) and path.
 */
#include <string.h>

#include "base/math.h"
#include "os/linux/infer_path.h"

#define NAME_LEN	256
#define MAX_STEPS	64
#define MAX_FILE	12		/* so many pointers at most precede f_path */

/*
 * d_parent, and of d_name the length and the pointer: behind d_flags, d_seq and
 * d_hash; d_name begins with 64 bits, hash and length.
 */
struct shape {
	unsigned int	ptr, parent, qstr;
};

static const struct shape shapes[] = { { 8, 24, 32 }, { 4, 16, 24 },
    { 4, 16, 20 } };

/* The length is that of the name. */
static bool
is_dentry(struct kvmi_infer *x, const struct shape *s, uint64_t va)
{
	char name[NAME_LEN];
	uint64_t len = kvmi_infer_read(x, va + s->qstr +
	    (x->k->big_endian ? 0 : 4), 4), at = kvmi_infer_read(x,
	    va + s->qstr + 8, x->ptr);

	return (len != 0 && len < NAME_LEN && kvmi_infer_is_ptr(x, va) &&
	    kvmi_infer_is_ptr(x, kvmi_infer_read(x, va + s->parent,
	    x->ptr)) && kvmi_kread(x->k, x->cx, at, name, (size_t)len +
	    1) == 0 && strnlen(name, NAME_LEN) == len);
}

/* From a dentry up to root, which has no name but "/". */
static bool
leads_to(struct kvmi_infer *x, const struct shape *s, uint64_t dentry,
    uint64_t root)
{
	for (unsigned int i = 0; i < MAX_STEPS; i++) {
		if (!is_dentry(x, s, dentry))
			return (false);
		if (dentry == root)
			return (true);
		dentry = kvmi_infer_read(x, dentry + s->parent, x->ptr);
	}
	return (false);
}

/*
 * mnt_hash, mnt_parent, mnt_mountpoint, mnt, and in that first mnt_root: from
 * where something is mounted to where that is, and so on.
 */
static bool
is_path(struct kvmi_infer *x, const struct shape *s, uint64_t mnt,
    uint64_t dentry)
{
	uint64_t mount = mnt - 4 * x->ptr, parent;

	for (unsigned int i = 0; i < MAX_STEPS; i++) {
		if (!kvmi_infer_is_ptr(x, mount) || !leads_to(x, s, dentry,
		    kvmi_infer_read(x, mount + 4 * x->ptr, x->ptr)))
			return (false);
		parent = kvmi_infer_read(x, mount + 2 * x->ptr, x->ptr);
		if (parent == mount)
			return (true);
		dentry = kvmi_infer_read(x, mount + 3 * x->ptr, x->ptr);
		mount = parent;
	}
	return (false);
}

/* The one place that fits all files; false: none, or several. */
static bool
find_path(struct kvmi_infer *x, const struct shape *s, const uint64_t *files,
    size_t n, uint64_t *ret)
{
	unsigned int found = 0;

	for (uint64_t off = 0; off < MAX_FILE * x->ptr; off += x->ptr) {
		size_t i = 0;

		while (i < n && is_path(x, s, kvmi_infer_read(x, files[i] +
		    off, x->ptr), kvmi_infer_read(x, files[i] + off + x->ptr,
		    x->ptr)))
			i++;
		if (i == n) {
			found++;
			*ret = off;
		}
	}
	return (found == 1);
}

static const struct shape *
find_shape(struct kvmi_infer *x, const uint64_t *files, size_t n,
    uint64_t *off)
{
	const struct shape *found = NULL;

	for (size_t i = 0; i < KVMI_COUNT(shapes); i++) {
		if (shapes[i].ptr != x->ptr || !find_path(x, &shapes[i],
		    files, n, off))
			continue;
		if (found != NULL)
			return (NULL);
		found = &shapes[i];
	}
	return (found);
}

bool
kvmi_infer_are_files(struct kvmi_infer *x, const uint64_t *files, size_t n)
{
	uint64_t off;

	return (find_shape(x, files, n, &off) != NULL);
}

void
kvmi_infer_path(struct kvmi_infer *x, const uint64_t *files, size_t n)
{
	uint64_t off;
	const struct shape *s = find_shape(x, files, n, &off);

	if (s == NULL)
		return;
	kvmi_infer_add(x, "file", "f_path", off, 2 * x->ptr, false);
	kvmi_infer_add_ptr(x, "path", "mnt", 0);
	kvmi_infer_add_ptr(x, "path", "dentry", x->ptr);
	kvmi_infer_add_ptr(x, "dentry", "d_parent", s->parent);
	kvmi_infer_add_ptr(x, "dentry", "d_name.name", s->qstr + 8);
	kvmi_infer_add_ptr(x, "mount", "mnt_parent", 2 * x->ptr);
	kvmi_infer_add_ptr(x, "mount", "mnt_mountpoint", 3 * x->ptr);
	kvmi_infer_add(x, "mount", "mnt", 4 * x->ptr, x->ptr, false);
	kvmi_infer_add_ptr(x, "mount", "mnt.mnt_root", 4 * x->ptr);
}
