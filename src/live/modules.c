/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/modules: "name size references users state address" a line. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"

#define MAX_MODULES	(16U << 20)	/* bytes */

/* A kernel without loadable modules has a procfs, but no such file. */
static bool
cannot_load(const struct kvmi_live *l)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/modules", l->proc_root);
	if (access(path, F_OK) == 0)
		return (false);
	snprintf(path, sizeof(path), "%s/version", l->proc_root);
	return (access(path, F_OK) == 0);
}

int
kvmi_live_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n)
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	char name[128];
	char *line, *next;
	int r;

	r = kvmi_live_read_proc(l, &t, "modules", MAX_MODULES, &cx->err);
	if (r != 0) {
		kvmi_text_deinit(&t);
		return (cannot_load(l) ? 0 : r);
	}
	for (line = t.p; *line != '\0'; line = next) {
		struct kvm_module m = { .km_name = name, .km_path = "" };

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		/* What may not see addresses is shown zeros. */
		if (sscanf(line, "%127s %" SCNu64 " %*s %*s %*s 0x%" SCNx64,
		    name, &m.km_size, &m.km_addr) != 3) {
			kvmi_fail(&cx->err, KVMI_EFORMAT, "%s/modules: \"%s\"",
			    l->proc_root, line);
			kvmi_damage(cx);
			continue;
		}
		++*n;
		if (cb(&m, closure) == 0)
			break;
	}
	kvmi_text_deinit(&t);
	return (0);
}
