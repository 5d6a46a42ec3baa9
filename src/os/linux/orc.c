/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/orc.h"

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"

/* arch/x86/include/asm/orc_types.h */
enum {
	REG_UNDEFINED, REG_PREV_SP, REG_DX, REG_DI, REG_BP, REG_SP, REG_R10,
	REG_R13, REG_BP_INDIRECT, REG_SP_INDIRECT, REG_NONE
};

/* How entries number them: from 4.14 on, and as Linux 7.2 does. */
#define NUMBERS	16
static const uint8_t old_numbers[NUMBERS] = { REG_UNDEFINED, REG_PREV_SP,
	REG_DX, REG_DI, REG_BP, REG_SP, REG_R10, REG_R13, REG_BP_INDIRECT,
	REG_SP_INDIRECT, REG_NONE, REG_NONE, REG_NONE, REG_NONE, REG_NONE,
	REG_NONE };
static const uint8_t new_numbers[NUMBERS] = { REG_UNDEFINED, REG_NONE,
	REG_DX, REG_SP, REG_BP, REG_NONE, REG_R10, REG_R13, REG_PREV_SP,
	REG_SP_INDIRECT, REG_BP_INDIRECT, REG_NONE, REG_NONE, REG_NONE,
	REG_NONE, REG_NONE };
#define OLD_SP	5
#define NEW_SP	3
/* Entries that are asked which it is. */
#define SAMPLES	64

/* What an entry's type says, however this kernel numbers it. */
enum kind { KIND_UNDEFINED, KIND_END, KIND_CALL, KIND_REGS, KIND_PARTIAL };

/* struct pt_regs of x86-64 (arch/x86/include/asm/ptrace.h). */
#define REGS_SIZE	168
#define REGS_R13	16
#define REGS_BP		32
#define REGS_R10	56
#define REGS_DX		96
#define REGS_DI		112
#define REGS_IP		128
#define REGS_CS		136
#define REGS_SP		152
/* The part that the hardware pushes begins with ip. */
#define IRET_SIZE	40
#define CS_USER		3

/* An entry has 6 bytes; its bit-fields are of type unsigned int. */
#define MAX_ENTRY	16
/* Above what any kernel has. */
#define MAX_ENTRIES	(UINT64_C(1) << 24)

/* The registers as numbered in the enumeration above. */
struct entry {
	int64_t		 sp_offset;
	int64_t		 bp_offset;
	unsigned int	 sp_reg;
	unsigned int	 bp_reg;
	enum kind	 kind;
};

int
kvmi_orc_init(struct kvmi_orc *o, struct kvmi_types *t,
    kvmi_orc_read_fn *read, void *arg, struct kvmi_err *err)
{
	const struct {
		const char	*name;
		struct kvmi_member *m;
	} members[] = {
		{ "sp_offset", &o->sp_offset },
		{ "bp_offset", &o->bp_offset },
		{ "sp_reg", &o->sp_reg },
		{ "bp_reg", &o->bp_reg },
		{ "type", &o->type },
	};
	int r = 0;

	*o = (struct kvmi_orc){ .read = read, .arg = arg,
		.numbers = old_numbers };
	for (size_t i = 0; r == 0 && i < sizeof(members) / sizeof(members[0]);
	    i++)
		r = kvmi_type_member(t, "orc_entry", members[i].name,
		    members[i].m, err);
	if (r == 0)
		r = kvmi_type_size(t, "orc_entry", &o->entry_size, err);
	if (r != 0)
		return (kvmi_fail(err, r, "%s: no struct orc_entry: a kernel "
		    "without CONFIG_UNWINDER_ORC", t->where));
	if (o->entry_size == 0 || o->entry_size > MAX_ENTRY)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: struct orc_entry of %"
		    PRIu64 " bytes", t->where, o->entry_size));
	if (kvmi_type_member(t, "orc_entry", "end", &o->end, err) != 0)
		o->end = (struct kvmi_member){ 0 };
	return (0);
}

static int
read_word(const struct kvmi_orc *o, uint64_t va, uint64_t *ret,
    struct kvmi_err *err)
{
	uint8_t raw[8];
	int r = o->read(o->arg, va, raw, sizeof(raw), err);

	if (r != 0)
		return (kvmi_wrap(err, r, "stack at 0x%" PRIx64, va));
	*ret = kvmi_get64(raw, false);
	return (0);
}

/* The address that the i-th entry starts to apply to, from its bytes. */
static inline uint64_t
ip_of(const struct kvmi_orc_table *t, uint64_t i, const uint8_t raw[4])
{
	return (t->ips + 4 * i +
	    (uint64_t)(int64_t)(int32_t)kvmi_get32(raw, false));
}

static int
entry_ip(const struct kvmi_orc *o, const struct kvmi_orc_table *t, uint64_t i,
    uint64_t *ret, struct kvmi_err *err)
{
	uint64_t at = t->ips + 4 * i;
	uint8_t raw[4];
	int r = o->read(o->arg, at, raw, sizeof(raw), err);

	if (r != 0)
		return (kvmi_wrap(err, r, "ORC table at 0x%" PRIx64, at));
	*ret = ip_of(t, i, raw);
	return (0);
}

/*
 * Linux 6.4 put UNDEFINED and END_OF_STACK before the three types there were,
 * gave the field a third bit, and dropped the flag for the end.
 */
static enum kind
entry_kind(const struct kvmi_orc *o, const uint8_t *raw, unsigned int sp_reg)
{
	uint64_t type = kvmi_member_get(&o->type, raw, MAX_ENTRY, false);

	if (o->type.bit_size > 2)
		return (type <= KIND_PARTIAL ? (enum kind)type :
		    KIND_UNDEFINED);
	if (sp_reg == REG_UNDEFINED)
		return (kvmi_member_get(&o->end, raw, MAX_ENTRY, false) != 0 ?
		    KIND_END : KIND_UNDEFINED);
	return (type <= 2 ? (enum kind)(KIND_CALL + type) : KIND_UNDEFINED);
}

static int
read_entry(const struct kvmi_orc *o, const struct kvmi_orc_table *t,
    uint64_t i, uint8_t raw[MAX_ENTRY], struct kvmi_err *err)
{
	uint64_t at = t->entries + i * o->entry_size;
	int r;

	memset(raw, 0, MAX_ENTRY);
	r = o->read(o->arg, at, raw, (size_t)o->entry_size, err);
	return (r == 0 ? 0 : kvmi_wrap(err, r, "ORC entry at 0x%" PRIx64,
	    at));
}

static unsigned int
number(const struct kvmi_member *m, const uint8_t *raw)
{
	return ((unsigned int)kvmi_member_get(m, raw, MAX_ENTRY, false) %
	    NUMBERS);
}

int
kvmi_orc_numbering(struct kvmi_orc *o, const struct kvmi_orc_table *t,
    struct kvmi_err *err)
{
	uint64_t step = t->n / SAMPLES + 1;
	int newer = 0;

	for (uint64_t i = 0; i < t->n; i += step) {
		uint8_t raw[MAX_ENTRY];
		int r = read_entry(o, t, i, raw, err);
		unsigned int n;

		if (r != 0)
			return (r);
		n = number(&o->sp_reg, raw);
		newer += (n == NEW_SP) - (n == OLD_SP);
	}
	o->numbers = newer > 0 ? new_numbers : old_numbers;
	return (0);
}

static int
find(const struct kvmi_orc *o, const struct kvmi_orc_table *t, uint64_t ip,
    struct entry *ret, struct kvmi_err *err)
{
	uint64_t lo = 0, hi = t->n, v = 0;
	uint8_t raw[MAX_ENTRY];
	const uint8_t *ips;
	int r;

	if (t->n > MAX_ENTRIES)
		return (kvmi_fail(err, KVMI_EFORMAT, "ORC table of %" PRIu64
		    " entries", t->n));
	/* Most of the time goes here. */
	ips = o->map == NULL ? NULL : o->map(o->arg, t->ips,
	    (size_t)t->n * 4);
	/* The last that begins at or before ip. */
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		r = 0;
		if (ips != NULL)
			v = ip_of(t, mid, ips + 4 * mid);
		else
			r = entry_ip(o, t, mid, &v, err);
		if (r != 0)
			return (r);
		if (v <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return (kvmi_fail(err, KVMI_ENOENT, "no ORC entry for 0x%"
		    PRIx64, ip));
	r = read_entry(o, t, lo - 1, raw, err);
	if (r != 0)
		return (r);
	ret->sp_offset = (int64_t)kvmi_member_get(&o->sp_offset, raw,
	    sizeof(raw), false);
	ret->bp_offset = (int64_t)kvmi_member_get(&o->bp_offset, raw,
	    sizeof(raw), false);
	ret->sp_reg = o->numbers[number(&o->sp_reg, raw)];
	ret->bp_reg = o->numbers[number(&o->bp_reg, raw)];
	ret->kind = entry_kind(o, raw, ret->sp_reg);
	return (0);
}

/* The stack pointer of the caller, before its call. */
static int
previous_sp(const struct kvmi_orc *o, const struct entry *e,
    const struct kvmi_orc_state *s, uint64_t *ret, struct kvmi_err *err)
{
	uint64_t off = (uint64_t)e->sp_offset, v = 0;
	int r;

	switch (e->sp_reg) {
	case REG_SP:
		*ret = s->sp + off;
		return (0);
	case REG_BP:
		*ret = s->bp + off;
		return (0);
	case REG_SP_INDIRECT:
		r = read_word(o, s->sp, &v, err);
		*ret = v + off;
		return (r);
	case REG_BP_INDIRECT:
		return (read_word(o, s->bp + off, ret, err));
	case REG_R10:
		v = s->r10;
		break;
	case REG_R13:
		v = s->r13;
		break;
	case REG_DX:
		v = s->dx;
		break;
	case REG_DI:
		v = s->di;
		break;
	default:
		return (kvmi_fail(err, KVMI_EFORMAT, "ORC entry for 0x%" PRIx64
		    " finds the stack by a register that is none", s->ip));
	}
	if (!s->full)
		return (kvmi_fail(err, KVMI_ENOENT, "the stack of 0x%" PRIx64
		    " is found by a register that was not saved", s->ip));
	*ret = v;
	return (0);
}

static int
caller_bp(const struct kvmi_orc *o, const struct entry *e, uint64_t sp,
    uint64_t bp, uint64_t *ret, struct kvmi_err *err)
{
	switch (e->bp_reg) {
	case REG_UNDEFINED:
		*ret = bp;
		return (0);
	case REG_PREV_SP:
		return (read_word(o, sp + (uint64_t)e->bp_offset, ret, err));
	case REG_BP:
		return (read_word(o, bp + (uint64_t)e->bp_offset, ret, err));
	default:
		return (kvmi_fail(err, KVMI_EFORMAT, "ORC entry finds rbp by a "
		    "register that is none"));
	}
}

/* The registers that an interrupt or exception pushed. */
static int
pushed_regs(const struct kvmi_orc *o, enum kind kind, uint64_t sp,
    struct kvmi_orc_state *s, struct kvmi_err *err)
{
	uint8_t raw[REGS_SIZE] = { 0 };
	bool full = kind == KIND_REGS;
	int r = full ? o->read(o->arg, sp, raw, sizeof(raw), err) :
	    o->read(o->arg, sp, raw + REGS_IP, IRET_SIZE, err);

	if (r != 0)
		return (kvmi_wrap(err, r, "pushed registers at 0x%" PRIx64,
		    sp));
	s->ip = kvmi_get64(raw + REGS_IP, false);
	s->sp = kvmi_get64(raw + REGS_SP, false);
	s->user = (raw[REGS_CS] & CS_USER) == CS_USER;
	s->exact = true;
	s->full = full;
	if (!full)
		return (0);
	s->bp = kvmi_get64(raw + REGS_BP, false);
	s->r10 = kvmi_get64(raw + REGS_R10, false);
	s->r13 = kvmi_get64(raw + REGS_R13, false);
	s->dx = kvmi_get64(raw + REGS_DX, false);
	s->di = kvmi_get64(raw + REGS_DI, false);
	return (0);
}

int
kvmi_orc_step(const struct kvmi_orc *o, const struct kvmi_orc_table *t,
    struct kvmi_orc_state *s, struct kvmi_err *err)
{
	struct kvmi_orc_state next = *s;
	struct entry e = { 0 };
	uint64_t sp = 0;
	int r;

	/* A return address may lie behind the end of its function. */
	r = find(o, t, s->exact ? s->ip : s->ip - 1, &e, err);
	if (r != 0)
		return (r);
	if (e.kind == KIND_END)
		return (0);
	if (e.kind == KIND_UNDEFINED)
		return (kvmi_fail(err, KVMI_ENOENT, "the ORC table does not "
		    "know the stack at 0x%" PRIx64, s->ip));
	r = previous_sp(o, &e, s, &sp, err);
	if (r != 0)
		return (r);
	if (e.kind == KIND_CALL) {
		r = read_word(o, sp - 8, &next.ip, err);
		next.sp = sp;
		next.exact = false;
		next.full = false;
	} else {
		r = pushed_regs(o, e.kind, sp, &next, err);
	}
	/* With all registers pushed, rbp is among them. */
	if (r == 0 && !next.full)
		r = caller_bp(o, &e, sp, s->bp, &next.bp, err);
	if (r != 0)
		return (r);
	*s = next;
	return (next.user ? 0 : 1);
}
