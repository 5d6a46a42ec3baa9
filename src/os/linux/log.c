/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel log: the lockless ring of Linux 5.10 and later
 * (kernel/printk/printk_ringbuffer.c).  VMCOREINFO has every offset.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/log.h"

#define MAX_DESC_BITS	28
#define MAX_TEXT_BITS	31

#define DESC_COMMITTED	1
#define DESC_FINALIZED	2

/* Both positions have bit 0 set when a block has no data: 3 an empty line. */
#define LPOS_DATALESS	1
#define LPOS_EMPTY	3

struct ring {
	struct kvmi_kernel *k;
	unsigned int	 ptr;
	uint64_t	 count;		/* descriptors */
	uint64_t	 head_id, tail_id;
	uint8_t		*descs;
	uint8_t		*infos;
	uint8_t		*text;
	uint64_t	 text_size;
	uint64_t	 desc_size, info_size;
	uint64_t	 state_off, begin_off, next_off;
	uint64_t	 seq_off, ts_off, len_off, level_off;
};

struct key {
	const char	*name;
	uint64_t	*ret;
	bool		 size;		/* SIZE(), else OFFSET() */
};

static int
read_keys(const struct kvmi_linux *l, const struct key *key, size_t n,
    struct kvmi_err *err)
{
	for (size_t i = 0; i < n; i++) {
		bool ok = key[i].size ?
		    kvmi_vmcoreinfo_size(&l->info, key[i].name, key[i].ret) :
		    kvmi_vmcoreinfo_offset(&l->info, key[i].name, key[i].ret);

		/* Offsets are used in sums: none can be that large. */
		if (!ok || *key[i].ret > 1u << 20)
			return (kvmi_fail(err, KVMI_ENOTSUP, "VMCOREINFO has no "
			    "%s(%s), which Linux 5.10 and later give; the log "
			    "cannot be read", key[i].size ? "SIZE" : "OFFSET",
			    key[i].name));
	}
	return (0);
}

int
kvmi_linux_log_copy(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, const char *what, uint8_t **ret)
{
	if (len == 0 || len > KVMI_MAX_LOG)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: %" PRIu64
		    " bytes, where 1 to %" PRIu64 " are possible", what, len,
		    KVMI_MAX_LOG));
	*ret = malloc((size_t)len);
	if (*ret == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "%s: no memory for %"
		    PRIu64 " bytes", what, len));
	/* A page that is missing costs its records, not the log. */
	kvmi_kread_holes(k, cx, va, *ret, (size_t)len, what);
	return (0);
}

/* Offsets that are used only to find the three arrays. */
struct places {
	uint64_t	 desc_ring, text_ring;
	uint64_t	 count_bits, descs, infos, head, tail;
	uint64_t	 size_bits, data;
	uint64_t	 counter;
};

static int
read_layout(struct ring *g, const struct kvmi_linux *l, struct places *at,
    struct kvmi_err *err)
{
	uint64_t prb_size, blk, begin, next, state;
	const struct key key[] = {
		{ "printk_ringbuffer", &prb_size, true },
		{ "printk_ringbuffer.desc_ring", &at->desc_ring, false },
		{ "printk_ringbuffer.text_data_ring", &at->text_ring, false },
		{ "prb_desc_ring.count_bits", &at->count_bits, false },
		{ "prb_desc_ring.descs", &at->descs, false },
		{ "prb_desc_ring.infos", &at->infos, false },
		{ "prb_desc_ring.head_id", &at->head, false },
		{ "prb_desc_ring.tail_id", &at->tail, false },
		{ "prb_desc", &g->desc_size, true },
		{ "prb_desc.state_var", &state, false },
		{ "prb_desc.text_blk_lpos", &blk, false },
		{ "prb_data_blk_lpos.begin", &begin, false },
		{ "prb_data_blk_lpos.next", &next, false },
		{ "printk_info", &g->info_size, true },
		{ "printk_info.seq", &g->seq_off, false },
		{ "printk_info.ts_nsec", &g->ts_off, false },
		{ "printk_info.text_len", &g->len_off, false },
		{ "prb_data_ring.size_bits", &at->size_bits, false },
		{ "prb_data_ring.data", &at->data, false },
		{ "atomic_long_t.counter", &at->counter, false },
	};
	int r = read_keys(l, key, KVMI_COUNT(key), err);

	if (r != 0)
		return (r);
	g->state_off = state + at->counter;
	g->begin_off = blk + begin;
	g->next_off = blk + next;
	/* struct printk_info: text_len u16, facility u8, flags and level u8 */
	g->level_off = g->len_off + 3;
	return (0);
}

/* An array's length is stored as its logarithm. */
static int
read_power(const struct ring *g, struct kvmi_cx *cx, uint64_t va,
    unsigned int max_bits, const char *what, uint64_t *ret)
{
	uint64_t bits;
	int r = kvmi_kread_uint(g->k, cx, va, 4, &bits);

	if (r != 0)
		return (r);
	if (bits > max_bits)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "2^%" PRIu64 " %s at "
		    "0x%" PRIx64 ", where at most 2^%u are possible", bits,
		    what, va, max_bits));
	*ret = UINT64_C(1) << bits;
	return (0);
}

static int
copy_descriptors(struct ring *g, struct kvmi_cx *cx, uint64_t va,
    const struct places *at)
{
	uint64_t descs, infos;
	int r;

	r = read_power(g, cx, va + at->count_bits, MAX_DESC_BITS,
	    "descriptors", &g->count);
	if (r == 0)
		r = kvmi_kread_ptr(g->k, cx, va + at->descs, &descs);
	if (r == 0)
		r = kvmi_kread_ptr(g->k, cx, va + at->infos, &infos);
	if (r == 0)
		r = kvmi_kread_ptr(g->k, cx, va + at->head + at->counter,
		    &g->head_id);
	if (r == 0)
		r = kvmi_kread_ptr(g->k, cx, va + at->tail + at->counter,
		    &g->tail_id);
	if (r == 0)
		r = kvmi_linux_log_copy(g->k, cx, descs,
		    g->count * g->desc_size, "descriptors", &g->descs);
	if (r == 0)
		r = kvmi_linux_log_copy(g->k, cx, infos,
		    g->count * g->info_size, "information", &g->infos);
	return (r);
}

static int
copy_text(struct ring *g, struct kvmi_cx *cx, uint64_t va,
    const struct places *at)
{
	uint64_t text;
	int r;

	r = read_power(g, cx, va + at->size_bits, MAX_TEXT_BITS,
	    "bytes of text", &g->text_size);
	if (r == 0)
		r = kvmi_kread_ptr(g->k, cx, va + at->data, &text);
	if (r == 0)
		r = kvmi_linux_log_copy(g->k, cx, text, g->text_size, "text",
		    &g->text);
	return (r);
}

/* Read the ring's own fields and copy its three arrays. */
static int
ring_open(struct ring *g, struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct places at;
	uint64_t va;
	int r;

	g->k = k;
	g->ptr = k->arch->pointer_size;
	r = read_layout(g, k->priv, &at, &cx->err);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "prb", &va);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, va, &va);
	if (r == 0)
		r = copy_descriptors(g, cx, va + at.desc_ring, &at);
	if (r == 0)
		r = copy_text(g, cx, va + at.text_ring, &at);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "kernel log"));
}

static void
ring_close(struct ring *g)
{
	free(g->descs);
	free(g->infos);
	free(g->text);
}

/* An unsigned field inside a copied record; 0 when it is outside. */
static uint64_t
field(const struct ring *g, const uint8_t *rec, uint64_t size, uint64_t off,
    unsigned int len)
{
	return (kvmi_inside(off, len, size) ?
	    kvmi_get_uint(rec + off, len, g->k->big_endian) : 0);
}

/* A block begins with the id of its record; where the dump has a hole, not. */
static bool
is_of(const struct ring *g, uint64_t off, uint64_t id)
{
	return (kvmi_inside(off, g->ptr, g->text_size) &&
	    kvmi_get_uint(g->text + off, g->ptr, g->k->big_endian) == id);
}

/* Where the text of record id lies; false when it was lost or is corrupt. */
static bool
text_block(const struct ring *g, uint64_t id, uint64_t begin, uint64_t next,
    const uint8_t **text, uint64_t *space)
{
	uint64_t size = g->text_size, head = g->ptr, b, n, last;
	uint64_t mask = UINT64_MAX >> (64 - 8 * g->ptr);

	*text = g->text;
	*space = 0;
	if ((begin & LPOS_DATALESS) && (next & LPOS_DATALESS))
		return (begin == LPOS_EMPTY && next == LPOS_EMPTY);
	if (begin % head != 0 || next % head != 0)
		return (false);
	b = begin % size;
	/* Positions begin at -size, so that soon they are words that wrap. */
	last = (next - 1) & mask;
	if (begin / size == last / size && ((next - begin) & mask) > head) {
		*text = g->text + b + head;
		*space = ((next - begin) & mask) - head;
		return (kvmi_inside(b + head, *space, size) &&
		    is_of(g, b, id));
	}
	if (((begin + size) & mask) / size == last / size) {
		/* It did not fit at the end and is at the start instead. */
		n = next % size;
		*text = g->text + head;
		*space = n > head ? n - head : 0;
		return (kvmi_inside(head, *space, size) && is_of(g, 0, id));
	}
	return (false);
}

/* The record with this id; false when there is none (any more). */
static bool
record(const struct ring *g, uint64_t id, struct kvm_logrec *ret)
{
	unsigned int bits = g->ptr * 8;
	uint64_t slot = id % g->count, space, word, state;
	const uint8_t *d = g->descs + slot * g->desc_size;
	const uint8_t *i = g->infos + slot * g->info_size;
	const uint8_t *text;
	uint8_t lf;

	word = field(g, d, g->desc_size, g->state_off, g->ptr);
	state = word >> (bits - 2);
	if ((word & ~(UINT64_C(3) << (bits - 2))) != id ||
	    (state != DESC_COMMITTED && state != DESC_FINALIZED))
		return (false);
	if (!text_block(g, id,
	    field(g, d, g->desc_size, g->begin_off, g->ptr),
	    field(g, d, g->desc_size, g->next_off, g->ptr), &text, &space))
		return (false);
	lf = (uint8_t)field(g, i, g->info_size, g->level_off, 1);
	*ret = (struct kvm_logrec){
		.kl_seq = field(g, i, g->info_size, g->seq_off, 8),
		.kl_nsec = field(g, i, g->info_size, g->ts_off, 8),
		.kl_text = (const char *)text,
		.kl_len = (size_t)kvmi_min(space,
		    field(g, i, g->info_size, g->len_off, 2)),
		/* u8 flags:5, level:3: bit-fields go with the byte order. */
		.kl_level = g->k->big_endian ? lf & 7 : lf >> 5,
		.kl_facility = (int)field(g, i, g->info_size,
		    g->len_off + 2, 1),
	};
	return (true);
}

int
kvmi_linux_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	struct ring g = { 0 };
	uint64_t mask, id;
	int r;

	if (kvmi_linux_log_is_old(k, cx))
		return (kvmi_linux_log_old(k, cx, cb, closure, n));
	r = ring_open(&g, k, cx);
	mask = ~(UINT64_C(3) << (k->arch->pointer_size * 8 - 2));
	if (k->arch->pointer_size == 4)
		mask &= UINT32_MAX;
	id = g.tail_id & mask;
	/* Ids count up by one; the ring bounds how many there can be. */
	for (uint64_t i = 0; r == 0 && i < g.count; i++) {
		struct kvm_logrec rec;

		if (record(&g, id, &rec)) {
			(*n)++;
			if (cb(&rec, closure) == 0)
				break;
		}
		if (id == (g.head_id & mask))
			break;
		id = (id + 1) & mask;
	}
	ring_close(&g);
	return (r);
}
