/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/modules: "name size references users state address" a line. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "live/live.h"

#define MAX_MODULES	(16U << 20)	/* bytes */

int
kvmi_live_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n)
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	char path[PATH_MAX], name[128];
	char *line, *next;
	int e;

	snprintf(path, sizeof(path), "%s/modules", l->proc_root);
	e = kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END, MAX_MODULES);
	if (e != 0) {
		kvmi_text_deinit(&t);
		errno = e;
		/* A kernel without loadable modules has none. */
		return (e == ENOENT ? 0 : kvmi_fail_errno(&cx->err, "%s",
		    path));
	}
	for (line = t.p; *line != '\0'; line = next) {
		struct kvm_module m = { .km_name = name, .km_path = "" };

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		/* What may not see addresses is shown zeros. */
		if (sscanf(line, "%127s %" SCNu64 " %*s %*s %*s 0x%" SCNx64,
		    name, &m.km_size, &m.km_addr) != 3) {
			kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: \"%s\"", path,
			    line);
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
