/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/kallsyms: "address letter name [module]" lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "live/parse.h"

#define BLOCK	(1u << 20)

static int
all_zero(const char *path, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EPERM, "%s hides its addresses: run as root "
	    "with CAP_SYSLOG, or set the sysctl kernel.kptr_restrict to 0 and "
	    "kernel.perf_event_paranoid to 1", path));
}

/* Add whole lines; *used is how much of the text they took. */
static int
add_lines(struct kvmi_symtab *t, const char *text, size_t len, size_t *used,
    bool *nonzero, struct kvmi_err *err)
{
	const char *module = "";
	const char *nl;
	int r = 0;

	for (*used = 0; r == 0 && (nl = memchr(text + *used, '\n',
	    len - *used)) != NULL; *used = (size_t)(nl - text) + 1) {
		struct kvmi_kallsyms_line line;

		if (!kvmi_parse_kallsyms(text + *used,
		    (size_t)(nl - text) - *used, &line))
			continue;
		/* Modules come in blocks: intern when the name changes. */
		if (line.module_len == 0) {
			module = "";
		} else if (strlen(module) != line.module_len ||
		    memcmp(module, line.module, line.module_len) != 0) {
			char name[128];

			snprintf(name, sizeof(name), "%.*s",
			    (int)line.module_len, line.module);
			module = kvmi_symtab_intern(t, name, err);
			if (module == NULL)
				return (KVMI_ENOMEM);
		}
		*nonzero |= line.addr != 0;
		r = kvmi_symtab_add(t, line.name, line.name_len, module,
		    line.addr, 0, line.letter, err);
	}
	return (r);
}

int
kvmi_live_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	const struct kvmi_live *l = k->priv;
	char path[4096], *buf;
	size_t n = 0, used;
	bool nonzero = false;
	ssize_t got;
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/kallsyms", l->proc_root);
	snprintf(where, where_len, "%s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (kvmi_fail_errno(&cx->err, "%s", path));
	buf = malloc(BLOCK);
	if (buf == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	while (r == 0) {
		got = read(fd, buf + n, BLOCK - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r = kvmi_fail_errno(&cx->err, "%s", path);
		if (got <= 0)
			break;
		n += (size_t)got;
		r = add_lines(*t, buf, n, &used, &nonzero, &cx->err);
		memmove(buf, buf + used, n - used);
		n -= used;
		if (n == BLOCK)
			r = kvmi_fail(&cx->err, KVMI_EFORMAT,
			    "%s: a line without end", path);
	}
	free(buf);
	close(fd);
	if (r == 0 && !nonzero)
		r = all_zero(path, &cx->err);
	return (r);
}
