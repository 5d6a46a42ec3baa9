/* SPDX-License-Identifier: BSD-2-Clause */
/* A FreeBSD kernel of which only text is left. */
#include "image/textdump.h"

#include <stdio.h>
#include <string.h>

#include "os/freebsd/freebsd.h"

static int
no_memory(const struct kvmi_image *img, const char *more,
    struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: a textdump holds no memory%s",
	    img->src->name, more));
}

static int
text_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	(void)va;
	*ret = (struct kvmi_mapping){ 0 };
	return (no_memory(s->img, "", err));
}

static const struct kvmi_space_ops text_space = {
	.translate = text_translate,
};

static int
text_attach(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	(void)cx;
	if (!kvmi_textdump(k->img))
		return (KVMI_ENOTMINE);
	k->space = (struct kvmi_space){ .img = k->img, .ops = &text_space };
	return (0);
}

static void
text_detach(struct kvmi_kernel *k)
{
	(void)k;
}

static int
text_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	if (k->exec == NULL)
		return (no_memory(k->img, " and no symbols", &cx->err));
	snprintf(where, where_len, "%s", k->opts->ko_execfile);
	return (kvmi_elf_symbols(k->exec, 0, *t, &cx->err));
}

static int
text_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	(void)ret;
	return (no_memory(k->img, " and no types", &cx->err));
}

static int
text_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	(void)op;
	(void)arg;
	(void)threads;
	(void)out;
	return (no_memory(k->img, ", and so no processes but those that the "
	    "debugger listed (kpeek text ddb.txt)", &cx->err));
}

static int
text_log(struct kvmi_kernel *k, struct kvmi_cx *cx, kvm_walk_log_cb_t *cb,
    void *closure, size_t *n)
{
	struct kvmi_blob b;
	int r = kvmi_textdump_file(k->img, "msgbuf.txt", &b, &cx->err);

	if (r != 0)
		return (r);
	kvmi_freebsd_log_lines((const char *)b.p, b.len, cb, closure, n);
	r = kvmi_src_check_lost(k->img->src, b.p, b.len, &cx->err);
	kvmi_blob_release(&b);
	return (r);
}

static int
text_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	(void)cb;
	(void)closure;
	*done = false;
	return (no_memory(k->img, " and no page tables", &cx->err));
}

/* The first line of a file. */
static void
first_line(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    char *buf, size_t len)
{
	struct kvmi_blob b;
	size_t n = 0;

	if (kvmi_textdump_file(k->img, name, &b, &cx->err) != 0)
		return;
	while (n < b.len && n < len - 1 && b.p[n] != '\n' && b.p[n] != '\0')
		n++;
	if (n > 0) {
		memcpy(buf, b.p, n);
		buf[n] = '\0';
	}
	kvmi_blob_release(&b);
}

static void
text_facts(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	first_line(k, cx, "version.txt", f->version, sizeof(f->version));
	first_line(k, cx, "panic.txt", f->panic, sizeof(f->panic));
	kvmi_freebsd_release(f);
}

const struct kvmi_os_ops kvmi_os_freebsd_text = {
	.name = "FreeBSD",
	.attach = text_attach,
	.detach = text_detach,
	.symbols = text_symbols,
	.types = text_types,
	.procs = text_procs,
	.log = text_log,
	.facts = text_facts,
	.walk_pages = text_walk_pages,
};
