/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BTF_PATH	"/sys/kernel/btf/vmlinux"
#define MAX_BTF		(256u << 20)

ssize_t
kvmi_live_slurp(int dirfd, const char *path, char *buf, size_t len)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r;

	if (fd < 0)
		return (-1);
	while (n < len - 1 && (r = read(fd, buf + n, len - 1 - n)) != 0) {
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			close(fd);
			return (-1);
		}
		n += (size_t)r;
	}
	close(fd);
	buf[n] = '\0';
	return ((ssize_t)n);
}

int
kvmi_live_prepare(struct kvmi_kernel *k, const struct kvmi_live_options *o,
    struct kvmi_err *err)
{
	struct kvmi_live *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->proc_root = strdup(o->proc_root)) == NULL) {
		free(l);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	l->memory = o->memory;
	pthread_mutex_init(&l->lock, NULL);
	k->priv = l;
	return (0);
}

static int
live_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct utsname u;

	(void)cx;
	/* An architecture unknown here still has procfs. */
	if (uname(&u) == 0)
		k->arch = kvmi_arch_by_uname(u.machine);
	return (0);
}

static void
live_detach(struct kvmi_kernel *k)
{
	struct kvmi_live *l = k->priv;

	if (l == NULL)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l->proc_root);
	free(l);
	k->priv = NULL;
}

static int
live_memory(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_live *l = k->priv;
	int r = 0;

	if (!l->memory)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "opened without "
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
	int fd = open(BTF_PATH, O_RDONLY | O_CLOEXEC);
	size_t cap = 8u << 20, n = 0;
	uint8_t *p, *bigger;
	ssize_t got;
	int r;

	(void)k;
	if (fd < 0)
		return (kvmi_fail_errno(&cx->err, "%s (a kernel without "
		    "CONFIG_DEBUG_INFO_BTF?)", BTF_PATH));
	p = malloc(cap);
	while (p != NULL && (got = read(fd, p + n, cap - n)) > 0) {
		n += (size_t)got;
		if (n < cap)
			continue;
		bigger = cap < MAX_BTF ? realloc(p, cap *= 2) : NULL;
		if (bigger == NULL)
			free(p);
		p = bigger;
	}
	close(fd);
	if (p == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "%s: no memory",
		    BTF_PATH));
	r = kvmi_btf_open(p, n, ret, &cx->err);
	if (r != 0) {
		free(p);
		return (kvmi_wrap(&cx->err, r, "%s", BTF_PATH));
	}
	snprintf((*ret)->where, sizeof((*ret)->where), "BTF in " BTF_PATH);
	return (0);
}

const struct kvmi_os_ops kvmi_os_live_linux = {
	.name = "Linux",
	.attach = live_attach,
	.detach = live_detach,
	.memory = live_memory,
	.symbols = kvmi_live_symbols,
	.types = kvmi_live_types,
	.procs = kvmi_live_procs,
	.log = kvmi_live_log,
	.facts = kvmi_live_facts,
};
