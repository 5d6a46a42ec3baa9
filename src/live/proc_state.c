/* SPDX-License-Identifier: BSD-2-Clause */
/* Load, CPU times, swap devices and CPUs of the running host; see proc(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "live/parse.h"

/* The interrupt counts of a large machine are what makes /proc/stat long. */
#define MAX_STAT	((size_t)16 << 20)
#define MAX_SMALL	((size_t)64 << 10)

/* Every device that is shown can be written: include/linux/swap.h. */
#define SWP_USED_WRITEOK	3

/* A file below root; the path is there for messages. */
static int
read_file(struct kvmi_text *t, const char *root, const char *file, size_t max,
    char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", root, file);
	return (kvmi_text_read(t, AT_FDCWD, path, KVMI_TEXT_TO_END, max));
}

int
kvmi_live_read_proc(const struct kvmi_live *l, struct kvmi_text *t,
    const char *file, size_t max, struct kvmi_err *err)
{
	char path[PATH_MAX];
	int e = read_file(t, l->proc_root, file, max, path);

	if (e == 0)
		return (0);
	errno = e;
	return (e == ENOENT ? kvmi_fail(err, KVMI_ENOTSUP, "%s does not exist: "
	    "procfs is not mounted there, or with subset=pid", path) :
	    kvmi_fail_errno(err, "%s", path));
}

static int
malformed(const struct kvmi_live *l, const char *file, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EFORMAT, "%s/%s is not of the form that "
	    "proc(5) has", l->proc_root, file));
}

int
kvmi_live_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx, double avg[3])
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	int r = kvmi_live_read_proc(l, &t, "loadavg", MAX_SMALL, &cx->err);

	if (r == 0 && !kvmi_parse_loadavg(t.p, t.len, avg))
		r = malformed(l, "loadavg", &cx->err);
	kvmi_text_deinit(&t);
	return (r);
}

int
kvmi_live_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES])
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	int r = kvmi_live_read_proc(l, &t, "stat", MAX_STAT, &cx->err);

	if (r == 0 && !kvmi_parse_cpu_times(t.p, t.len, ticks))
		r = malformed(l, "stat", &cx->err);
	kvmi_text_deinit(&t);
	return (r);
}

static int
add_swap(struct kvmi_swaps *out, const struct kvmi_proc_swap *from,
    uint64_t page_kib, struct kvmi_err *err)
{
	struct kvmi_swap s = { .used = from->used_kib / page_kib,
		.total = from->size_kib / page_kib,
		.flags = SWP_USED_WRITEOK };
	const char *name = from->name;
	struct kvmi_swap *v;

	v = realloc(out->v, (out->n + 1) * sizeof(*v));
	if (v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	s.device = strncmp(name, "/dev/", 5) == 0;
	if (s.device)
		name += 5;
	memcpy(s.name, name, strnlen(name, sizeof(s.name) - 1));
	out->v = v;
	out->v[out->n++] = s;
	return (0);
}

/* A line each, below a line of titles. */
static int
list_swaps(const struct kvmi_text *t, const struct kvmi_live *l,
    struct kvmi_swaps *out, struct kvmi_err *err)
{
	long page = sysconf(_SC_PAGESIZE);
	uint64_t page_kib = page >= 1024 ? (uint64_t)page / 1024 : 4;
	const char *p = t->p, *end = t->p + t->len, *nl;
	struct kvmi_proc_swap s;
	int r = 0;

	for (size_t line = 0; p < end && r == 0; line++, p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL || (line > 0 && !kvmi_parse_swap(p,
		    (size_t)(nl - p), &s)))
			return (malformed(l, "swaps", err));
		if (line > 0)
			r = add_swap(out, &s, page_kib, err);
	}
	return (r);
}

int
kvmi_live_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out)
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];
	int r = 0, e = read_file(&t, l->proc_root, "swaps", MAX_SMALL, path);

	*out = (struct kvmi_swaps){ 0 };
	if (e == 0)
		r = list_swaps(&t, l, out, &cx->err);
	/* A kernel without CONFIG_SWAP has procfs but not this file. */
	else if (e != ENOENT || read_file(&t, l->proc_root, "loadavg",
	    MAX_SMALL, path) != 0)
		r = kvmi_live_read_proc(l, &t, "swaps", MAX_SMALL, &cx->err);
	kvmi_text_deinit(&t);
	if (r != 0) {
		free(out->v);
		*out = (struct kvmi_swaps){ 0 };
	}
	return (r);
}

/* A list of CPUs below /sys; its count and the number behind its last. */
static bool
read_cpu_list(const struct kvmi_live *l, const char *file, uint32_t *count,
    uint32_t *end)
{
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];
	bool ok;

	ok = read_file(&t, l->sys_root, file, MAX_SMALL, path) == 0 &&
	    kvmi_parse_cpu_list(t.p, t.len, count, end);
	kvmi_text_deinit(&t);
	return (ok);
}

int
kvmi_live_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t *running,
    uint32_t *max)
{
	const struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	uint32_t other;
	int r;

	if (read_cpu_list(l, "devices/system/cpu/online", running, &other) &&
	    read_cpu_list(l, "devices/system/cpu/possible", &other, max))
		return (0);
	/* Without sysfs: a line for each CPU that is online. */
	r = kvmi_live_read_proc(l, &t, "stat", MAX_STAT, &cx->err);
	if (r == 0 && !kvmi_parse_cpu_lines(t.p, t.len, running, max))
		r = malformed(l, "stat", &cx->err);
	kvmi_text_deinit(&t);
	return (r);
}
