/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel log of Linux 5.10 and later, written as printk does: positions
 * begin at -size, so that they wrap with the first record that goes on at the
 * start of the buffer, and ids of records soon after.
 */
#include <stdlib.h>

#include "flat_memory.h"
#include "os/linux/log.h"

#define VARIABLE 0x100			/* prb */
#define RING	0x200
#define DESCS	0x400
#define INFOS	0x800
#define TEXT	0x1000
#define MEMORY	0x2000

#define COUNT	16			/* descriptors */
#define SIZE	256			/* bytes of text */
#define INFO	32			/* struct printk_info */
#define COMMITTED 1u
#define FINAL	2u

static const struct ring_row {
	const char	*name;
	unsigned int	 ptr;
	bool		 big_endian;
	unsigned int	 records;	/* that were ever written */
} ring_row[] = {
	{ "empty", 8, false, 0 },
	{ "one", 8, false, 1 },
	{ "not full yet", 8, false, 5 },
	{ "the first that wraps", 8, false, 8 },
	{ "wrapped once", 8, false, 11 },
	{ "wrapped often", 8, false, 100 },
	{ "32 bit", 4, false, 5 },
	{ "32 bit, the first that wraps", 4, false, 8 },
	{ "32 bit, wrapped once", 4, false, 13 },
	{ "32 bit, wrapped often", 4, false, 333 },
	{ "big-endian", 8, true, 10 },
	{ "big-endian, 32 bit", 4, true, 11 },
};

struct world {
	const struct ring_row *row;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_linux l;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	uint64_t	 head;		/* position in the text */
	uint64_t	 begin[COUNT];	/* of records */
	unsigned int	 first, next;	/* records that there are */
	unsigned int	 seen;
};

static int
resolve(const char *name, kvaddr_t *addr)
{
	*addr = VARIABLE;
	return (strcmp(name, "prb") == 0 ? 0 : -1);
}

static const struct kvm_options resolver = { .ko_resolver = resolve };

static uint64_t
word(const struct world *w, uint64_t v)
{
	return (w->row->ptr == 8 ? v : (uint32_t)v);
}

static uint64_t
id_of(const struct world *w, unsigned int no)
{
	uint64_t all = UINT64_MAX >> (64 - 8 * w->row->ptr) >> 2;

	/* DESC0_ID is of the one before the first. */
	return (((uint64_t)no - COUNT) & all);
}

static size_t
text_of(unsigned int no, char *buf, size_t len)
{
	return ((size_t)snprintf(buf, len, "BUG: no. %u%.*s", no, (int)(no * 7 %
	    30), "..............................") + 1);
}

/* data_alloc() of kernel/printk/printk_ringbuffer.c. */
static void
store(struct world *w, unsigned int no)
{
	unsigned int ptr = w->row->ptr, slot;
	uint64_t id = id_of(w, no), need, from = w->head, to;
	size_t at, info = INFOS, len;
	char text[64];

	len = text_of(no, text, sizeof(text)) - 1;
	need = (len + ptr + ptr - 1) / ptr * ptr;
	to = word(w, from + need);
	if (to / SIZE != from / SIZE)
		to = word(w, to / SIZE * SIZE + need);
	while (w->first < w->next && (w->next - w->first == COUNT ||
	    word(w, to - w->begin[w->first % COUNT]) > SIZE))
		w->first++;
	at = TEXT + from % SIZE;
	bytes_poke(&w->mem, at, id, ptr);
	if (word(w, to - from) != need) {
		at = TEXT;
		bytes_poke(&w->mem, at, id, ptr);
	}
	memcpy(w->mem.p + at + ptr, text, len);
	slot = (unsigned int)(id % COUNT);
	w->begin[no % COUNT] = from;
	bytes_poke(&w->mem, DESCS + slot * 3 * ptr, id | (uint64_t)(no % 2 ?
	    FINAL : COMMITTED) << (8 * ptr - 2), ptr);
	bytes_poke(&w->mem, DESCS + slot * 3 * ptr + ptr, from, ptr);
	bytes_poke(&w->mem, DESCS + slot * 3 * ptr + 2 * ptr, to, ptr);
	info += slot * INFO;
	bytes_poke(&w->mem, info, no, 8);
	bytes_poke(&w->mem, info + 8, 1000 * no, 8);
	bytes_poke(&w->mem, info + 16, len, 2);
	bytes_poke(&w->mem, info + 18, no % 24, 1);
	bytes_poke(&w->mem, info + 19, w->mem.big_endian ? no % 8 :
	    no % 8 << 5, 1);
	w->head = to;
	w->next = no + 1;
}

/* Variables of the ring, pointers apart: first those of descriptors. */
enum { COUNT_BITS, DESC_PTR, INFO_PTR, HEAD_ID, TAIL_ID, SIZE_BITS, DATA_PTR };

static void
make(struct world *w, const struct ring_row *row)
{
	unsigned int ptr = row->ptr;
	char info[1024];

	*w = (struct world){ .row = row };
	w->mem.big_endian = row->big_endian;
	w->head = word(w, -(uint64_t)SIZE);
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &resolver, ptr,
	    row->big_endian);
	w->k.priv = &w->l;
	w->l.arch = &kvmi_linux_x86_64;
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, MEMORY);
	for (unsigned int no = 0; no < row->records; no++)
		store(w, no);
	bytes_poke(&w->mem, VARIABLE, RING, ptr);
	bytes_poke(&w->mem, RING + COUNT_BITS * ptr, 4, 4);
	bytes_poke(&w->mem, RING + DESC_PTR * ptr, DESCS, ptr);
	bytes_poke(&w->mem, RING + INFO_PTR * ptr, INFOS, ptr);
	bytes_poke(&w->mem, RING + HEAD_ID * ptr, id_of(w, w->next - 1), ptr);
	bytes_poke(&w->mem, RING + TAIL_ID * ptr, id_of(w, row->records == 0 ?
	    w->next - 1 : w->first), ptr);
	bytes_poke(&w->mem, RING + SIZE_BITS * ptr, 8, 4);
	bytes_poke(&w->mem, RING + DATA_PTR * ptr, TEXT, ptr);
	snprintf(info, sizeof(info), "SIZE(printk_ringbuffer)=%u\n"
	    "OFFSET(printk_ringbuffer.desc_ring)=0\n"
	    "OFFSET(printk_ringbuffer.text_data_ring)=%u\n"
	    "OFFSET(prb_desc_ring.count_bits)=0\n"
	    "OFFSET(prb_desc_ring.descs)=%u\nOFFSET(prb_desc_ring.infos)=%u\n"
	    "OFFSET(prb_desc_ring.head_id)=%u\n"
	    "OFFSET(prb_desc_ring.tail_id)=%u\nSIZE(prb_desc)=%u\n"
	    "OFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=%u\n"
	    "OFFSET(prb_data_blk_lpos.begin)=0\n"
	    "OFFSET(prb_data_blk_lpos.next)=%u\nSIZE(printk_info)=%u\n"
	    "OFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
	    "OFFSET(printk_info.text_len)=16\n"
	    "OFFSET(prb_data_ring.size_bits)=0\n"
	    "OFFSET(prb_data_ring.data)=%u\nOFFSET(atomic_long_t.counter)=0\n",
	    8 * ptr, SIZE_BITS * ptr, DESC_PTR * ptr, INFO_PTR * ptr,
	    HEAD_ID * ptr, TAIL_ID * ptr, 3 * ptr, ptr, ptr, INFO, ptr);
	assert_true(kvmi_vmcoreinfo_init(&w->l.info, info, strlen(info)));
	flat_open(&w->k, &w->mem, &w->file);
}

static void
done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_vmcoreinfo_deinit(&w->l.info);
	kvmi_cx_free(w->cx);
}

static int
check(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;
	unsigned int no = w->first + w->seen++;
	char text[64];
	size_t len = text_of(no, text, sizeof(text)) - 1;

	UTIL_EQ(w->row->name, rec->kl_seq, no);
	UTIL_EQ(w->row->name, rec->kl_nsec, 1000 * no);
	UTIL_EQ(w->row->name, rec->kl_level, no % 8);
	UTIL_EQ(w->row->name, rec->kl_facility, no % 24);
	UTIL_EQ(w->row->name, rec->kl_len, len);
	UTIL_TRUE(w->row->name, memcmp(rec->kl_text, text, len) == 0);
	return (1);
}

static void
test_ring(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(ring_row); i++) {
		struct world w;
		size_t n = 0;

		make(&w, &ring_row[i]);
		UTIL_EQ(w.row->name, kvmi_linux_log(&w.k, w.cx, check, &w, &n),
		    0);
		UTIL_EQ(w.row->name, n, w.next - w.first);
		UTIL_EQ(w.row->name, w.cx->damage, 0);
		done(&w);
	}
}

/* Wherever the log stands when the machine stops, it is whole. */
static void
test_always(void **state)
{
	(void)state;
	for (unsigned int n = 1; n < 120; n++)
		for (unsigned int ptr = 4; ptr <= 8; ptr += 4) {
			const struct ring_row row = { "at any time", ptr,
				false, n };
			struct world w;
			size_t seen = 0;

			make(&w, &row);
			UTIL_EQ(row.name, kvmi_linux_log(&w.k, w.cx, check,
			    &w, &seen), 0);
			UTIL_EQ(row.name, seen, w.next - w.first);
			done(&w);
		}
}

/* What a program wrote is no reason for the kernel's death. */
static void
test_panic(void **state)
{
	const struct ring_row row = { "panic", 8, false, 26 };
	struct kvmi_facts *f = calloc(1, sizeof(*f));
	struct world w;

	(void)state;
	assert_non_null(f);
	make(&w, &row);
	assert_true(w.first > 0 && w.first < 24);
	kvmi_linux_facts(&w.k, w.cx, f);
	UTIL_TRUE(f->panic, strncmp(f->panic, "BUG: no. 24", 11) == 0);
	free(f);
	done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_panic),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
