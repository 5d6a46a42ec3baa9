/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory as a byte source. */
#include <stdlib.h>
#include <string.h>

#include "base/src.h"

struct mem {
	struct kvmi_src	 src;
	const uint8_t	*p;
};

static const uint8_t *
mem_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	if (off >= s->size)
		return (NULL);
	*run = s->size - off;
	return (((struct mem *)s)->p + off);
}

static int
mem_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	(void)err;
	memcpy(buf, ((struct mem *)s)->p + off, n);
	return (0);
}

static int64_t
mem_file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	return ((int64_t)off);
}

static int
mem_close(struct kvmi_src *s)
{
	free((void *)(uintptr_t)s->name);
	free(s);
	return (0);
}

static const struct kvmi_src_ops mem_ops = {
	.map = mem_map,
	.read = mem_read,
	.file_off = mem_file_off,
	.close = mem_close,
};

int
kvmi_mem_open(const void *p, size_t len, const char *name,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct mem *m = calloc(1, sizeof(*m));

	if (m == NULL || (m->src.name = strdup(name)) == NULL) {
		free(m);
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", name));
	}
	m->src.ops = &mem_ops;
	m->src.size = len;
	m->p = p;
	*ret = &m->src;
	return (0);
}
