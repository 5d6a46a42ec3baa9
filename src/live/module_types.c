/* SPDX-License-Identifier: BSD-2-Clause */
/* The BTF of modules: a file each, beside vmlinux. */
#include "os/module_types.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "live/live.h"

#define MAX_MODULE_BTF	((size_t)64 << 20)

static int
open_file(int dirfd, const char *name, struct kvmi_cx *cx,
    struct kvmi_types *base, struct kvmi_module_types *out)
{
	struct kvmi_text t = { 0 };
	struct kvmi_types *types;
	int r;

	errno = kvmi_text_read(&t, dirfd, name, KVMI_TEXT_TO_END,
	    MAX_MODULE_BTF);
	r = errno != 0 ? kvmi_fail_errno(&cx->err, "%s", name) :
	    kvmi_btf_open_split(&(struct kvmi_blob){ .p = (uint8_t *)t.p,
	    .len = t.len, .owned = t.p }, base, &types, &cx->err);
	if (r != 0) {
		kvmi_text_deinit(&t);
		return (kvmi_wrap(&cx->err, r, "BTF of module %s", name));
	}
	if (kvmi_module_types_add(out, name, types))
		return (0);
	kvmi_types_close(types);
	return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
}

void
kvmi_live_module_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *base, struct kvmi_module_types *out)
{
	const struct kvmi_live *l = k->priv;
	const struct dirent *d;
	char path[PATH_MAX];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/kernel/btf", l->sys_root);
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' && strcmp(d->d_name, "vmlinux") != 0 &&
		    open_file(dirfd(dir), d->d_name, cx, base, out) != 0)
			kvmi_damage(cx);
	closedir(dir);
}
