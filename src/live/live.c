/* SPDX-License-Identifier: BSD-2-Clause */
/* The running Linux host: nothing is opened before it is asked for. */
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/host.h"
#include "live/parse.h"
#include "os/linux/cpus.h"

#define TEXT_START	((size_t)16 << 10)

/* Distribution kernels have 5 to 15 MiB of BTF. */
#define MAX_BTF		((size_t)256 << 20)

static int
grow(struct kvmi_text *t, size_t max)
{
	size_t cap = t->cap == 0 ? TEXT_START : t->cap * 2;
	char *p;

	if (t->len >= max)
		return (EFBIG);
	p = realloc(t->p, cap);
	if (p == NULL)
		return (ENOMEM);
	t->p = p;
	t->cap = cap;
	return (0);
}

static int
read_all(struct kvmi_text *t, int fd, enum kvmi_text_end end, size_t max)
{
	ssize_t n;
	int e;

	for (t->len = 0;; t->len += (size_t)n) {
		/* There is always room for the NUL. */
		size_t room = t->cap == 0 ? 0 : t->cap - 1 - t->len;

		if (end == KVMI_TEXT_ONE_READ && t->len > 0 && room > 0)
			break;
		if (room == 0) {
			e = grow(t, max);
			if (e != 0)
				return (e);
			room = t->cap - 1 - t->len;
		}
		do
			n = read(fd, t->p + t->len, room);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return (errno);
		if (n == 0)
			break;
	}
	t->p[t->len] = '\0';
	return (0);
}

int
kvmi_text_read(struct kvmi_text *t, int dirfd, const char *path,
    enum kvmi_text_end end, size_t max)
{
	/* Without blocking: a root that is not procfs may hold a FIFO. */
	int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int e;

	if (fd < 0)
		return (errno);
	e = read_all(t, fd, end, max);
	close(fd);
	return (e);
}

void
kvmi_text_deinit(struct kvmi_text *t)
{
	free(t->p);
	*t = (struct kvmi_text){ 0 };
}

bool
kvmi_text_number(const struct kvmi_text *t, const char *key, uint64_t *ret)
{
	const char *end = t->p + t->len, *nl;
	size_t len = strlen(key);

	for (const char *p = t->p; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			break;
		if ((size_t)(nl - p) <= len || memcmp(p, key, len) != 0)
			continue;
		for (p += len; p < nl && *p == ' '; p++)
			;
		return (kvmi_parse_decimal(&p, nl, INT64_MAX, ret));
	}
	return (false);
}

static void
live_free(struct kvmi_live *l)
{
	pthread_mutex_destroy(&l->lock);
	free(l->proc_root);
	free(l->sys_root);
	free(l->dev_root);
	free(l);
}

int
kvmi_live_prepare(struct kvmi_kernel *k, const struct kvmi_live_options *o,
    struct kvmi_err *err)
{
	struct kvmi_live *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	pthread_mutex_init(&l->lock, NULL);
	l->memory = o->memory;
	l->proc_root = strdup(o->proc_root);
	l->sys_root = strdup(o->sys_root != NULL ? o->sys_root : "/sys");
	l->dev_root = strdup(o->dev_root != NULL ? o->dev_root : "/dev");
	if (l->proc_root == NULL || l->sys_root == NULL ||
	    l->dev_root == NULL) {
		live_free(l);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	k->priv = l;
	return (0);
}

static int
live_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_live *l = k->priv;

	(void)cx;
	/* An architecture unknown here still has procfs. */
	if (kvmi_host_uname(&l->uts) == 0)
		k->arch = kvmi_arch_by_uname(l->uts.machine);
	return (0);
}

static void
live_detach(struct kvmi_kernel *k)
{
	if (k->priv == NULL)
		return;
	live_free(k->priv);
	k->priv = NULL;
}

int
kvmi_live_memory(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_live *l = k->priv;
	int r = 0;

	if (!l->memory)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "opened without "
		    "access to memory (/dev/null); open with a NULL core file "
		    "to read the running kernel"));
	pthread_mutex_lock(&l->lock);
	if (k->space.ops == NULL)
		r = kvmi_live_open_memory(k, l, cx);
	pthread_mutex_unlock(&l->lock);
	return (r);
}

int
kvmi_live_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];
	int e, r;

	snprintf(path, sizeof(path), "%s/kernel/btf/vmlinux", l->sys_root);
	e = kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END, MAX_BTF);
	if (e == 0) {
		r = kvmi_btf_open(&(struct kvmi_blob){ .p = (uint8_t *)t.p,
		    .len = t.len, .owned = t.p }, ret, &cx->err);
		if (r != 0)
			r = kvmi_wrap(&cx->err, r, "%s", path);
	} else if (e == ENOENT) {
		r = kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s does not exist: a "
		    "kernel without CONFIG_DEBUG_INFO_BTF, or sysfs is not "
		    "mounted", path);
	} else {
		errno = e;
		r = kvmi_fail_errno(&cx->err, "%s", path);
	}
	if (r != 0) {
		kvmi_text_deinit(&t);
		return (r);
	}
	snprintf((*ret)->where, sizeof((*ret)->where), "BTF in %.48s", path);
	return (0);
}

const struct kvmi_os_ops kvmi_os_live_linux = {
	.name = "Linux",
	.attach = live_attach,
	.detach = live_detach,
	.memory = kvmi_live_memory,
	.symbols = kvmi_live_symbols,
	.types = kvmi_live_types,
	.module_types = kvmi_live_module_types,
	.procs = kvmi_live_procs,
	.log = kvmi_live_log,
	.loadavg = kvmi_live_loadavg,
	.cptime = kvmi_live_cptime,
	.swaps = kvmi_live_swaps,
	.cpus = kvmi_live_cpus,
	.pcpu = kvmi_linux_pcpu,
	.zpcpu = kvmi_linux_zpcpu,
	.strings = kvmi_live_strings,
	.uread = kvmi_live_uread,
	.write = kvmi_live_write,
	.modules = kvmi_live_modules,
	.facts = kvmi_live_facts,
};
