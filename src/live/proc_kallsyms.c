/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbols of the running kernel.  The kernel hands /proc/kallsyms out by
 * pages, so it is parsed as it comes, while the bytes are in the cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/math.h"
#include "live/live.h"
#include "live/parse.h"

/* The longest line is a name of 511 bytes and what goes with it. */
#define BLOCK_SIZE	((size_t)64 << 10)

/* Names of modules have up to 55 bytes. */
#define MODULE_MAX	128

#define MAX_SYSCTL	64

struct loader {
	struct kvmi_symtab *t;
	const char	*path;
	const char	*module;	/* of the line before */
	uint64_t	 line;
	uint64_t	 any;		/* all addresses together */
	struct kvmi_err	*err;
};

/* A sysctl's value as text, "?" when it cannot be read. */
static void
sysctl_text(const struct kvmi_live *l, const char *name, char *buf,
    size_t len)
{
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];

	snprintf(buf, len, "?");
	snprintf(path, sizeof(path), "%s/sys/kernel/%s", l->proc_root, name);
	if (kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END,
	    MAX_SYSCTL) == 0 && t.len > 0)
		snprintf(buf, len, "%.*s", (int)strcspn(t.p, "\n"), t.p);
	kvmi_text_deinit(&t);
}

static int
hidden(const struct kvmi_live *l, const char *path, struct kvmi_err *err)
{
	char kptr[16], perf[16];

	sysctl_text(l, "kptr_restrict", kptr, sizeof(kptr));
	sysctl_text(l, "perf_event_paranoid", perf, sizeof(perf));
	return (kvmi_fail(err, KVMI_EPERM, "%s hides its addresses: all are 0 "
	    "(kernel.kptr_restrict=%s, kernel.perf_event_paranoid=%s); be root "
	    "with CAP_SYSLOG and set kptr_restrict below 2, or set "
	    "kptr_restrict to 0 and perf_event_paranoid to 1", path, kptr,
	    perf));
}

/* Symbols of a module come together: look its name up when it changes. */
static int
set_module(struct loader *x, const char *name, size_t len)
{
	char copy[MODULE_MAX];

	if (len == 0) {
		x->module = "";
		return (0);
	}
	if (strncmp(x->module, name, len) == 0 && x->module[len] == '\0')
		return (0);
	if (len >= sizeof(copy))
		return (kvmi_fail(x->err, KVMI_EFORMAT, "%s: line %" PRIu64
		    ": a module's name of %zu bytes", x->path, x->line, len));
	memcpy(copy, name, len);
	copy[len] = '\0';
	x->module = kvmi_symtab_intern(x->t, copy, x->err);
	return (x->module != NULL ? 0 : KVMI_ENOMEM);
}

static int
add_line(struct loader *x, const char *text, size_t len)
{
	struct kvmi_kallsyms_line line;
	int r;

	x->line++;
	if (!kvmi_parse_kallsyms(text, len, &line))
		return (kvmi_fail(x->err, KVMI_EFORMAT, "%s: line %" PRIu64
		    " is not \"address letter name [module]\"", x->path,
		    x->line));
	r = set_module(x, line.module, line.module_len);
	if (r != 0)
		return (r);
	x->any |= line.addr;
	return (kvmi_symtab_add(x->t, line.name, line.name_len, x->module,
	    line.addr, 0, line.letter, x->err));
}

/* Add the whole lines; *used is how much of the text they took. */
static int
add_lines(struct loader *x, const char *text, size_t len, size_t *used)
{
	const char *nl;
	int r;

	for (*used = 0; (nl = memchr(text + *used, '\n', len - *used)) != NULL;
	    *used = (size_t)(nl - text) + 1) {
		r = add_line(x, text + *used, (size_t)(nl - text) - *used);
		if (r != 0)
			return (r);
	}
	return (0);
}

static int
read_lines(struct loader *x, int fd, char *buf)
{
	size_t n = 0, used;
	ssize_t got;
	int r;

	for (;;) {
		got = read(fd, buf + n, BLOCK_SIZE - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return (kvmi_fail_errno(x->err, "%s", x->path));
		if (got == 0)
			break;
		n += (size_t)got;
		r = add_lines(x, buf, n, &used);
		if (r != 0)
			return (r);
		n -= used;
		memmove(buf, buf + used, n);
		if (n == BLOCK_SIZE)
			return (kvmi_fail(x->err, KVMI_EFORMAT, "%s: line %"
			    PRIu64 " has no end", x->path, x->line + 1));
	}
	if (n > 0)
		return (kvmi_fail(x->err, KVMI_ETRUNC, "%s: ends in the middle "
		    "of line %" PRIu64, x->path, x->line + 1));
	return (0);
}

static int
load(struct loader *x)
{
	int fd = open(x->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *buf;
	int r;

	if (fd < 0 && errno == ENOENT)
		return (kvmi_fail(x->err, KVMI_ENOTSUP, "%s does not exist: a "
		    "kernel without CONFIG_KALLSYMS, or procfs is not mounted",
		    x->path));
	if (fd < 0)
		return (kvmi_fail_errno(x->err, "%s", x->path));
	buf = malloc(BLOCK_SIZE);
	if (buf == NULL)
		r = kvmi_fail(x->err, KVMI_ENOMEM, "out of memory");
	else
		r = read_lines(x, fd, buf);
	free(buf);
	close(fd);
	return (r);
}

int
kvmi_live_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	const struct kvmi_live *l = k->priv;
	char path[PATH_MAX];
	struct loader x = { .t = *t, .path = path, .module = "",
		.err = &cx->err };
	int r;

	snprintf(path, sizeof(path), "%s/kallsyms", l->proc_root);
	kvmi_symtab_kernel_order(*t);
	r = load(&x);
	if (r != 0)
		return (r);
	if (x.line == 0)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s is empty", path));
	if (x.any == 0)
		return (hidden(l, path, &cx->err));
	snprintf(where, where_len, "%s", path);
	return (0);
}
