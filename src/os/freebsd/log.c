/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message buffer (sys/sys/msgbuf.h, sys/kern/subr_msgbuf.c): a ring of
 * bytes, found through msgbufp, and a copy of them in a minidump.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "image/minidump.h"
#include "os/freebsd/freebsd.h"

#define MSG_MAGIC	0x063062

/* kern.msgbufsize is 96 KiB unless it is tuned. */
#define MAX_RING	(1u << 26)

/* LOG_NFACILITIES of sys/sys/syslog.h, each with 8 levels. */
#define MAX_PRIORITY	(24 * 8 - 1)

struct ring {
	uint64_t	 ptr;		/* of the bytes */
	uint32_t	 size;
	uint32_t	 wseq;		/* bytes written so far, wrapping */
};

/* struct msgbuf starts with a pointer and integers of 4 bytes. */
static int
read_ring(struct kvmi_kernel *k, struct kvmi_cx *cx, struct ring *ret)
{
	unsigned int ptr = k->arch->pointer_size;
	uint8_t raw[8 + 4 * 4];
	uint32_t magic;
	uint64_t va;
	int r;

	r = kvmi_freebsd_ptr(k, cx, "msgbufp", &va);
	if (r != 0)
		return (r);
	r = kvmi_kread(k, cx, va, raw, ptr + 12);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "struct msgbuf at 0x%" PRIx64,
		    va));
	ret->ptr = kvmi_get_uint(raw, ptr, k->big_endian);
	magic = kvmi_get32(raw + ptr, k->big_endian);
	ret->size = kvmi_get32(raw + ptr + 4, k->big_endian);
	ret->wseq = kvmi_get32(raw + ptr + 8, k->big_endian);
	if (magic != MSG_MAGIC || ret->size == 0 || ret->size > MAX_RING)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "struct msgbuf at "
		    "0x%" PRIx64 ": magic 0x%" PRIx32 ", size %" PRIu32, va,
		    magic, ret->size));
	return (0);
}

/*
 * Where to start when nothing says where the newest byte is: behind the
 * longest run of NULs, which a ring that never filled up ends with.
 */
static size_t
after_unused(const uint8_t *p, size_t len)
{
	size_t best = 0, start = 0, run = 0;

	for (size_t i = 0; i < len; i++) {
		run = p[i] == '\0' ? run + 1 : 0;
		if (run > best) {
			best = run;
			start = i + 1;
		}
	}
	return (start % len);
}

/* "<n>" in front of a line: facility and level, as syslog(3) packs them. */
static void
strip_priority(struct kvm_logrec *rec)
{
	int pri = 0;
	size_t i = 1;

	while (i < rec->kl_len && i < 4 && rec->kl_text[i] >= '0' &&
	    rec->kl_text[i] <= '9')
		pri = pri * 10 + (rec->kl_text[i++] - '0');
	if (rec->kl_len == 0 || rec->kl_text[0] != '<' || i == 1 ||
	    i == rec->kl_len || rec->kl_text[i] != '>' || pri > MAX_PRIORITY)
		return;
	rec->kl_level = pri & 7;
	rec->kl_facility = pri >> 3;
	rec->kl_text += i + 1;
	rec->kl_len -= i + 1;
}

/*
 * The ring's bytes from start on, around its end.  NULs are no text: the ring
 * never held a byte there, or its page is missing, so that a line ends.
 */
static size_t
unroll(const uint8_t *ring, size_t len, size_t start, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = ring[start + i < len ? start + i :
		    start + i - len];

		if (c != '\0')
			out[n++] = (char)c;
		else if (n > 0 && out[n - 1] != '\n')
			out[n++] = '\n';
	}
	return (n);
}

void
kvmi_freebsd_log_lines(const char *text, size_t len, kvm_walk_log_cb_t *cb,
    void *closure, size_t *n)
{
	for (size_t at = 0; at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t line = nl != NULL ? (size_t)(nl - (text + at)) :
		    len - at;
		struct kvm_logrec rec = { .kl_seq = *n,
			.kl_text = text + at, .kl_len = line,
			.kl_level = -1 };

		at += line + 1;
		strip_priority(&rec);
		(*n)++;
		if (cb(&rec, closure) == 0)
			return;
	}
}

static int
give_ring(struct kvmi_cx *cx, const uint8_t *ring, size_t len, size_t start,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	char *text;

	if (len == 0)
		return (0);
	text = malloc(len);
	if (text == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "message buffer of "
		    "%zu bytes", len));
	kvmi_freebsd_log_lines(text, unroll(ring, len, start, text), cb,
	    closure, n);
	free(text);
	return (0);
}

/* Through the kernel's own memory. */
static int
log_by_address(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct ring *g, kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	uint8_t *bytes = malloc(g->size);
	int r;

	if (bytes == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "message buffer of %"
		    PRIu32 " bytes", g->size));
	kvmi_kread_holes(k, cx, g->ptr, bytes, g->size, "message buffer");
	r = give_ring(cx, bytes, g->size, g->wseq % g->size, cb, closure, n);
	free(bytes);
	return (r);
}

/* The minidump's copy of the bytes.  g NULL: where they start is a guess. */
static int
log_of_minidump(struct kvmi_cx *cx, const struct kvmi_minidump *m,
    const struct ring *g, kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	struct kvmi_blob blob;
	size_t start = 0;
	int r;

	r = kvmi_src_blob(m->src, m->msgbuf_off, m->msgbuf_len,
	    "message buffer", &blob, &cx->err);
	if (r != 0)
		return (r);
	if (blob.len > 0)
		start = g != NULL ? g->wseq % blob.len :
		    after_unused(blob.p, blob.len);
	r = give_ring(cx, blob.p, blob.len, start, cb, closure, n);
	kvmi_blob_release(&blob);
	return (r);
}

int
kvmi_freebsd_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	const struct kvmi_minidump *m = k->img->minidump;
	struct ring g;
	int r = read_ring(k, cx, &g);

	if (r == 0 && (m == NULL || m->msgbuf_len != g.size))
		return (log_by_address(k, cx, &g, cb, closure, n));
	if (m == NULL || r == KVMI_ENOMEM)
		return (r);
	/* Without a kernel file there is nothing wrong with the dump. */
	if (r != 0 && r != KVMI_ENOENT && r != KVMI_ENOTSUP)
		kvmi_damage(cx);
	return (log_of_minidump(cx, m, r == 0 ? &g : NULL, cb, closure, n));
}
