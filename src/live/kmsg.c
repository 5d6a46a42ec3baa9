/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of the running kernel: /dev/kmsg, one record per read, or else
 * syslog(2), which has neither sequence numbers nor whole records.
 *
 * It is read to its end before the first record is given away: a callback
 * that makes the kernel log would otherwise never see the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "base/math.h"
#include "live/live.h"
#include "live/parse.h"

/* A read has to have room for a whole record: CONSOLE_EXT_LOG_MAX is 8192. */
#define RECORD_MAX	16384

/* log_buf_len= goes up to 2 GiB; nobody reads that much. */
#define LOG_MAX		((size_t)256 << 20)

/* linux/kernel.h does not export these to programs. */
#define SYSLOG_READ_ALL		3
#define SYSLOG_SIZE_BUFFER	10

struct log {
	struct kvmi_cx	*cx;
	char		*p;
	size_t		 len;
	size_t		 cap;
	uint32_t	*record;	/* lengths, as they follow each other */
	size_t		 n;
	size_t		 cap_record;
};

static void
log_deinit(struct log *g)
{
	free(g->p);
	free(g->record);
}

static int
grow(struct log *g)
{
	size_t cap = g->cap == 0 ? RECORD_MAX * 16 : g->cap * 2;
	char *p;

	if (cap > LOG_MAX)
		return (kvmi_fail(&g->cx->err, KVMI_ENOMEM,
		    "kernel log: more than %zu MiB", LOG_MAX >> 20));
	p = realloc(g->p, cap);
	if (p == NULL)
		return (kvmi_fail(&g->cx->err, KVMI_ENOMEM,
		    "kernel log: no memory for %zu bytes", cap));
	g->p = p;
	g->cap = cap;
	return (0);
}

static int
push(struct log *g, size_t len)
{
	if (g->n == g->cap_record) {
		size_t cap = g->cap_record == 0 ? 4096 : g->cap_record * 2;
		uint32_t *p = realloc(g->record, cap * sizeof(*p));

		if (p == NULL)
			return (kvmi_fail(&g->cx->err, KVMI_ENOMEM,
			    "kernel log: no memory for %zu records", cap));
		g->record = p;
		g->cap_record = cap;
	}
	g->record[g->n++] = (uint32_t)len;
	g->len += len;
	return (0);
}

static int
read_records(struct log *g, int fd, const char *path)
{
	ssize_t got;
	int r;

	for (;;) {
		if (g->cap - g->len < RECORD_MAX && (r = grow(g)) != 0)
			return (r);
		got = read(fd, g->p + g->len, RECORD_MAX);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EPIPE) {
			/* Overwritten before we came: the next read goes on. */
			kvmi_fail_errno(&g->cx->err, "%s: records were lost",
			    path);
			kvmi_damage(g->cx);
			continue;
		}
		if (got == 0 || (got < 0 && errno == EAGAIN))
			return (0);
		if (got < 0)
			return (kvmi_fail_errno(&g->cx->err, "%s", path));
		r = push(g, (size_t)got);
		if (r != 0)
			return (r);
	}
}

static void
give(const struct kvmi_kmsg *m, size_t len, kvm_walk_log_cb_t *cb,
    void *closure, size_t *n, bool *stop)
{
	const struct kvm_logrec rec = { .kl_seq = m->seq, .kl_nsec = m->nsec,
		.kl_text = m->text, .kl_len = len, .kl_level = m->level,
		.kl_facility = m->facility };

	++*n;
	*stop = cb(&rec, closure) == 0;
}

static void
give_records(struct log *g, const char *path, kvm_walk_log_cb_t *cb,
    void *closure, size_t *n)
{
	char *p = g->p;
	bool stop = false;

	for (size_t i = 0; i < g->n && !stop; p += g->record[i++]) {
		struct kvmi_kmsg m;

		if (kvmi_parse_kmsg(p, g->record[i], &m)) {
			give(&m, kvmi_unescape(p + (m.text - p), m.len), cb,
			    closure, n, &stop);
			continue;
		}
		kvmi_fail(&g->cx->err, KVMI_EFORMAT,
		    "%s: a record is not of its form", path);
		kvmi_damage(g->cx);
	}
}

/* Lines stand for records: where one had several, each has its prefix. */
static void
give_lines(const struct log *g, kvm_walk_log_cb_t *cb, void *closure,
    size_t *n)
{
	const char *end = g->p + g->len, *nl;
	uint64_t seq = 0;
	bool stop = false;

	for (const char *p = g->p; p < end && !stop; p = nl + 1) {
		struct kvmi_kmsg m;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		kvmi_parse_syslog(p, (size_t)(nl - p), &m);
		m.seq = seq++;
		give(&m, m.len, cb, closure, n, &stop);
	}
}

/* 0, or an errno. */
static int
read_syslog(struct log *g)
{
	int size = klogctl(SYSLOG_SIZE_BUFFER, NULL, 0), got;

	if (size < 0)
		return (errno);
	g->p = malloc((size_t)size + 1);
	if (g->p == NULL)
		return (ENOMEM);
	got = klogctl(SYSLOG_READ_ALL, g->p, size);
	if (got < 0)
		return (errno);
	g->len = (size_t)got;
	return (0);
}

/* Neither way was open: kmsg and syslog are the errnos. */
static int
refused(const char *path, int kmsg, int syslog, struct kvmi_err *err)
{
	char a[128], b[128];
	const char *why_a = strerror_r(kmsg, a, sizeof(a));
	const char *why_b = strerror_r(syslog, b, sizeof(b));

	if (syslog == EPERM || syslog == EACCES)
		return (kvmi_fail(err, KVMI_EPERM, "kernel log: %s: %s; "
		    "syslog(2): %s; run as root (CAP_SYSLOG), or set the "
		    "sysctl kernel.dmesg_restrict to 0", path, why_a, why_b));
	if (syslog == ENOSYS)
		return (kvmi_fail(err, KVMI_ENOTSUP, "kernel log: %s: %s; "
		    "syslog(2): %s; a kernel without CONFIG_PRINTK?", path,
		    why_a, why_b));
	return (kvmi_fail(err, syslog == ENOMEM ? KVMI_ENOMEM : KVMI_ESYS,
	    "kernel log: %s: %s; syslog(2): %s", path, why_a, why_b));
}

int
kvmi_live_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	const struct kvmi_live *l = k->priv;
	struct log g = { .cx = cx };
	char path[PATH_MAX];
	int fd, kmsg, e, r = 0;

	snprintf(path, sizeof(path), "%s/kmsg", l->dev_root);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		r = read_records(&g, fd, path);
		close(fd);
		if (r == 0)
			give_records(&g, path, cb, closure, n);
	} else {
		kmsg = errno;
		e = read_syslog(&g);
		if (e != 0)
			r = refused(path, kmsg, e, &cx->err);
		else
			give_lines(&g, cb, closure, n);
	}
	log_deinit(&g);
	return (r);
}
