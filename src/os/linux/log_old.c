/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel log of Linux 3.5 to 5.9: records one behind the other in a
 * circular buffer, from log_first_idx to log_next_idx
 * (kernel/printk/printk.c).  A record of length 0 says that the next one is
 * at the start of the buffer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/log.h"

/* struct printk_log has 16 bytes, or 24. */
#define MAX_HEAD	256

/* Its members, in the order of members below. */
enum { TS_NSEC, LEN, TEXT_LEN, DICT_LEN, MEMBERS };

struct buffer {
	const struct kvmi_kernel *k;
	uint8_t		*p;
	uint64_t	 len;
	uint64_t	 first, next;	/* where records begin and end */
	uint64_t	 seq;		/* of the first */
	uint64_t	 head_size;
	uint64_t	 off[MEMBERS];
};

/* The structure's name was shorter before 3.11. */
static const char *const kinds[] = { "printk_log", "log" };

static const struct {
	const char	*name;
	unsigned int	 size;
} members[MEMBERS] = {
	[TS_NSEC] = { "ts_nsec", 8 },
	[LEN] = { "len", 2 },
	[TEXT_LEN] = { "text_len", 2 },
	/* ... u8 facility, u8 flags and level */
	[DICT_LEN] = { "dict_len", 4 },
};

static bool
head_from_vmcoreinfo(const struct kvmi_linux *l, const char *kind,
    struct buffer *b)
{
	char name[64];

	if (!kvmi_vmcoreinfo_size(&l->info, kind, &b->head_size))
		return (false);
	for (size_t i = 0; i < MEMBERS; i++) {
		snprintf(name, sizeof(name), "%s.%s", kind, members[i].name);
		if (!kvmi_vmcoreinfo_offset(&l->info, name, &b->off[i]))
			return (false);
	}
	return (true);
}

static bool
head_from_types(struct kvmi_types *t, const char *kind, struct buffer *b,
    struct kvmi_err *err)
{
	struct kvmi_member m;

	if (kvmi_type_size(t, kind, &b->head_size, err) != 0)
		return (false);
	for (size_t i = 0; i < MEMBERS; i++) {
		if (kvmi_type_member(t, kind, members[i].name, &m, err) != 0)
			return (false);
		b->off[i] = m.off;
	}
	return (true);
}

static int
find_head(struct kvmi_kernel *k, struct kvmi_cx *cx, struct buffer *b)
{
	const struct kvmi_linux *l = k->priv;
	struct kvmi_types *t;
	bool found = false;

	for (size_t i = 0; i < KVMI_COUNT(kinds) && !found; i++)
		found = head_from_vmcoreinfo(l, kinds[i], b);
	if (!found && kvmi_kernel_types(k, cx, &t) == 0)
		for (size_t i = 0; i < KVMI_COUNT(kinds) && !found; i++)
			found = head_from_types(t, kinds[i], b, &cx->err);
	if (!found)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "kernel log: neither "
		    "VMCOREINFO nor types tell of struct printk_log"));
	if (b->head_size > MAX_HEAD)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "kernel log: struct "
		    "printk_log of %" PRIu64 " bytes", b->head_size));
	for (size_t i = 0; i < MEMBERS; i++)
		if (!kvmi_inside(b->off[i], members[i].size, b->head_size))
			return (kvmi_fail(&cx->err, KVMI_EFORMAT, "kernel log: "
			    "printk_log.%s at %" PRIu64 " of %" PRIu64
			    " bytes", members[i].name, b->off[i],
			    b->head_size));
	return (0);
}

static int
read_variable(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    unsigned int size, uint64_t *ret)
{
	uint64_t va;
	int r = kvmi_kernel_addr(k, cx, name, &va);

	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, size, ret);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "kernel log: %s", name));
}

static int
buffer_open(struct buffer *b, struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	uint64_t va;
	int r;

	b->k = k;
	r = find_head(k, cx, b);
	if (r == 0)
		r = read_variable(k, cx, "log_buf", k->arch->pointer_size,
		    &va);
	if (r == 0)
		r = read_variable(k, cx, "log_buf_len", 4, &b->len);
	if (r == 0)
		r = read_variable(k, cx, "log_first_idx", 4, &b->first);
	if (r == 0)
		r = read_variable(k, cx, "log_next_idx", 4, &b->next);
	if (r != 0)
		return (r);
	if (b->len == 0 || b->len > KVMI_MAX_LOG || b->first > b->len ||
	    b->next > b->len)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "kernel log: records "
		    "from %" PRIu64 " to %" PRIu64 " in a buffer of %" PRIu64
		    " bytes", b->first, b->next, b->len));
	return (kvmi_linux_log_copy(k, cx, va, b->len, "kernel log", &b->p));
}

static uint64_t
field(const struct buffer *b, uint64_t at, unsigned int which,
    unsigned int size)
{
	return (kvmi_get_uint(b->p + at + b->off[which], size,
	    b->k->big_endian));
}

static void
fill(const struct buffer *b, uint64_t at, uint64_t size,
    struct kvm_logrec *ret)
{
	/* Behind dict_len: u8 facility, u8 flags:5, level:3. */
	const uint8_t *rest = b->p + at + b->off[DICT_LEN] + 2;

	*ret = (struct kvm_logrec){
		.kl_nsec = field(b, at, TS_NSEC, 8),
		.kl_text = (const char *)b->p + at + b->head_size,
		.kl_len = (size_t)kvmi_min(field(b, at, TEXT_LEN, 2),
		    size - b->head_size),
		/* Bit-fields go with the byte order. */
		.kl_level = b->k->big_endian ? rest[1] & 7 : rest[1] >> 5,
		.kl_facility = rest[0],
	};
}

/* Give all records.  *whole: they led to where the log ends. */
static void
walk(const struct buffer *b, kvm_walk_log_cb_t *cb, void *closure, size_t *n,
    bool *whole, uint64_t *ret_at)
{
	bool wraps = b->next < b->first;
	uint64_t at = b->first, end = wraps ? b->len : b->next, size;
	struct kvm_logrec rec;

	*whole = false;
	while (at != b->next || wraps) {
		*ret_at = at;
		if (!kvmi_inside(at, b->head_size, end))
			return;
		size = field(b, at, LEN, 2);
		if (size == 0 && wraps) {
			wraps = false;
			at = 0;
			end = b->next;
			continue;
		}
		if (size < b->head_size || !kvmi_inside(at, size, end))
			return;
		fill(b, at, size, &rec);
		rec.kl_seq = b->seq + (*n)++;
		at += size;
		if (cb(&rec, closure) == 0)
			break;
	}
	*whole = true;
}

bool
kvmi_linux_log_is_old(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	uint64_t va;

	return (kvmi_kernel_addr(k, cx, "prb", &va) == KVMI_ENOENT &&
	    kvmi_kernel_addr(k, cx, "log_first_idx", &va) == 0);
}

int
kvmi_linux_log_old(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	struct buffer b = { 0 };
	uint64_t at = 0;
	bool whole;
	int r;

	r = buffer_open(&b, k, cx);
	if (r == 0) {
		/* A name that VMCOREINFO does not have; a log is one without. */
		if (read_variable(k, cx, "log_first_seq", 8, &b.seq) != 0)
			b.seq = 0;
		walk(&b, cb, closure, n, &whole, &at);
		if (!whole) {
			kvmi_fail(&cx->err, KVMI_EFORMAT, "kernel log: no "
			    "record at %" PRIu64 " of the buffer, which has "
			    "them from %" PRIu64 " to %" PRIu64, at, b.first,
			    b.next);
			kvmi_damage(cx);
		}
	}
	free(b.p);
	return (r);
}
