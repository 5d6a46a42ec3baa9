/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of files: from a dentry up to the root of its mount, on from where
 * that is mounted, and so to the root of all (fs/d_path.c).
 */
#include <inttypes.h>
#include <string.h>

#include "os/linux/linux.h"

/* A name has 255 bytes at most, a path that a program may use 4095. */
#define NAME_LEN	256
#define MAX_STEPS	4096

enum { PATH_MNT, PATH_DENTRY, D_PARENT, D_NAME, MNT_MNT, MNT_ROOT, MNT_PARENT,
    MNT_MOUNTPOINT, MEMBERS };

static const char *const spellings[MEMBERS] = {
	[PATH_MNT] = "path.mnt",
	[PATH_DENTRY] = "path.dentry",
	[D_PARENT] = "dentry.d_parent",
	[D_NAME] = "dentry.d_name.name dentry.__d_name.name",
	[MNT_MNT] = "mount.mnt",
	[MNT_ROOT] = "mount.mnt.mnt_root",
	[MNT_PARENT] = "mount.mnt_parent",
	[MNT_MOUNTPOINT] = "mount.mnt_mountpoint",
};

struct walker {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_member m[MEMBERS];
	char		*buf;
	size_t		 at;		/* the path is put together from behind */
};

static int
follow(struct walker *w, uint64_t base, unsigned int id, uint64_t *ret)
{
	return (kvmi_kread_ptr(w->k, w->cx, base + w->m[id].off, ret));
}

static int
prepend(struct walker *w, uint64_t dentry)
{
	char name[NAME_LEN];
	uint64_t va;
	size_t len;
	int r;

	r = follow(w, dentry, D_NAME, &va);
	if (r == 0)
		r = kvmi_space_string(&w->k->space, w->cx, va, name,
		    sizeof(name));
	if (r != 0)
		return (r);
	len = strlen(name);
	if (len + 1 > w->at)
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "a path that is "
		    "too long"));
	w->at -= len;
	memcpy(w->buf + w->at, name, len);
	w->buf[--w->at] = '/';
	return (0);
}

static int
walk(struct walker *w, uint64_t mount, uint64_t dentry)
{
	uint64_t root, parent;
	int r = 0;

	for (unsigned int step = 0; r == 0 && step < MAX_STEPS; step++) {
		r = follow(w, mount, MNT_ROOT, &root);
		if (r == 0)
			r = follow(w, dentry, D_PARENT, &parent);
		if (r == 0 && dentry != root && dentry != parent) {
			r = prepend(w, dentry);
			dentry = parent;
			continue;
		}
		if (r == 0)
			r = follow(w, mount, MNT_PARENT, &parent);
		if (r == 0 && parent == mount)
			return (0);
		if (r == 0)
			r = follow(w, mount, MNT_MOUNTPOINT, &dentry);
		mount = parent;
	}
	return (r != 0 ? r : kvmi_fail(&w->cx->err, KVMI_EFORMAT, "a path "
	    "without end"));
}

int
kvmi_linux_path(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    char *buf, size_t len)
{
	struct walker w = { .k = k, .cx = cx, .buf = buf, .at = len - 1 };
	struct kvmi_types *t;
	uint64_t mnt, dentry;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, MEMBERS, w.m, &cx->err);
	if (r == 0)
		r = follow(&w, va, PATH_MNT, &mnt);
	if (r == 0)
		r = follow(&w, va, PATH_DENTRY, &dentry);
	buf[len - 1] = '\0';
	if (r == 0)
		r = walk(&w, mnt - w.m[MNT_MNT].off, dentry);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "path at 0x%" PRIx64, va));
	memmove(buf, buf + w.at, len - w.at);
	return (0);
}
