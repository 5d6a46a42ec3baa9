/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Section "ram" of QEMU's stream: the RAM blocks and their pages
 * (migration/ram.c), and where machines have them (hw/ of QEMU).
 */
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "image/qemusave_impl.h"

enum {
	FLAG_ZERO = 0x02, FLAG_MEM_SIZE = 0x04, FLAG_PAGE = 0x08,
	FLAG_EOS = 0x10, FLAG_CONTINUE = 0x20, FLAGS_KNOWN = 0x3e,
	FLAG_MASK = QEMUSAVE_PAGE - 1,
};

#define MAX_RAM		(UINT64_C(1) << 52)
#define GIB4		(UINT64_C(1) << 32)
#define NO		UINT64_MAX

/*
 * Where a machine has its memory.  Several are called "virt", and the names of
 * their RAM blocks tell them apart.
 */
static const struct qemusave_machine {
	const char	*prefix;
	const char	*block;		/* NULL: whatever they are called */
	uint64_t	 base;
	/* Of RAM that reaches limit, what is above low goes to high. */
	uint64_t	 limit, low, high;
} machine_table[] = {
	{ "pc-q35", NULL, 0, 0xb0000000, 0x80000000, GIB4 },
	{ "pc", NULL, 0, 0xe0000000, 0xc0000000, GIB4 },
	{ "virt", "riscv_virt_board.", 0x80000000, NO, NO, 0 },
	/* Since QEMU 8; versions 7.1 and 7.2 had it at 0x90000000. */
	{ "virt", "loongarch.", 0, 0x10000000, 0x10000000, 0x80000000 },
	{ "virt", NULL, 0x40000000, NO, NO, 0 },	/* Arm */
	{ "s390", NULL, 0, NO, NO, 0 },
	{ "pseries", NULL, 0, NO, NO, 0 },
};

/* Is it this machine, as a RAM block tells, or its name alone? */
static void
know_machine(struct qemusave *s, const char *block)
{
	for (size_t i = 0; i < KVMI_COUNT(machine_table); i++) {
		const struct qemusave_machine *m = &machine_table[i];

		if (strncmp(s->machine, m->prefix, strlen(m->prefix)) != 0)
			continue;
		if (m->block == NULL ? s->kind == NULL :
		    strncmp(block, m->block, strlen(m->block)) == 0) {
			s->kind = m;
			return;
		}
	}
}

/* The list of RAM blocks: the largest is main memory. */
static int
take_blocks(struct kvmi_image *img, struct qemusave *s, uint64_t total,
    struct kvmi_err *err)
{
	if (total > MAX_RAM)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: RAM blocks of 0x%"
		    PRIx64 " bytes: no machine has so much", img->src->name,
		    total));
	while (total > 0) {
		char name[256];
		uint64_t len;
		int r = qemusave_name(img, s, "RAM block", name, err);

		if (r == 0)
			r = qemusave_uint(img, s, "RAM block", 8, &len, err);
		if (r != 0)
			return (r);
		if (len == 0 || len > total)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: RAM block %s "
			    "of 0x%" PRIx64 " bytes, of 0x%" PRIx64 " in all",
			    img->src->name, name, len, total));
		know_machine(s, name);
		if (len > s->ram_len) {
			s->ram_len = len;
			memcpy(s->ram, name, sizeof(s->ram));
		}
		total -= len;
	}
	return (0);
}

static uint64_t
place(const struct qemusave *s, uint64_t off)
{
	const struct qemusave_machine *m = s->kind;

	if (m == NULL)
		return (off);
	if (s->ram_len >= m->limit && off >= m->low)
		return (off - m->low + m->high);
	return (m->base + off);
}

static int
take_page(struct kvmi_image *img, struct qemusave *s, uint64_t record,
    struct kvmi_err *err)
{
	uint64_t off = record & ~(uint64_t)FLAG_MASK;
	bool fill = (record & FLAG_ZERO) != 0;
	uint64_t len = fill ? 1 : QEMUSAVE_PAGE, at;
	int r = 0;

	if ((record & FLAG_CONTINUE) == 0)
		r = qemusave_name(img, s, "RAM block", s->block, err);
	at = s->at;
	if (r == 0 && !kvmi_inside(s->at, len, img->src->size))
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: ends within the page at 0x%"
		    PRIx64, img->src->name, s->at);
	if (r != 0)
		return (r);
	s->at += len;
	if (strcmp(s->block, s->ram) != 0)
		return (0);		/* video memory, firmware ... */
	if (off >= s->ram_len)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: page 0x%" PRIx64
		    " of RAM block %s, which has 0x%" PRIx64 " bytes",
		    img->src->name, off, s->ram, s->ram_len));
	return (kvmi_saved_push(&s->pages, place(s, off), at, fill, err));
}

int
kvmi_qemusave_ram(struct kvmi_image *img, struct qemusave *s,
    struct kvmi_err *err)
{
	for (;;) {
		uint64_t record, at = s->at;
		int r = qemusave_uint(img, s, "RAM record", 8, &record, err);

		if (r != 0)
			return (r);
		if ((record & FLAG_MASK & ~(uint64_t)FLAGS_KNOWN) != 0)
			return (kvmi_fail(err, KVMI_ENOTSUP, "%s: RAM record at "
			    "0x%" PRIx64 " has flags 0x%" PRIx64 " (XBZRLE, "
			    "multifd ...): only a plain stream is read",
			    img->src->name, at, record & FLAG_MASK));
		if ((record & FLAG_EOS) != 0)
			return (0);
		if ((record & FLAG_MEM_SIZE) != 0)
			r = take_blocks(img, s, record & ~(uint64_t)FLAG_MASK,
			    err);
		else if ((record & (FLAG_ZERO | FLAG_PAGE)) != 0)
			r = take_page(img, s, record, err);
		if (r != 0)
			return (r);
	}
}
