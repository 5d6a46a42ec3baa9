/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "build_orc.h"

/*
 * arch/x86/include/asm/orc_types.h of Linux 6.1, and of 6.4 and later; the
 * registers as far as they are in the tables of Debian's 7.2.
 */
enum { PREV_SP = 1, DX = 2, BP = 4, SP = 5, R10 = 6, BP_IND = 8, SP_IND = 9 };
enum { OLD_CALL, OLD_REGS, OLD_PARTIAL, OLD_END = 4 };
enum { NEW_UNDEFINED, NEW_END, NEW_CALL, NEW_REGS, NEW_PARTIAL };
#define BITS(sp, bp, type)	((sp) | (bp) << 4 | (unsigned int)(type) << 8)

static const unsigned int renumbered[16] = { [PREV_SP] = 8, [DX] = 2,
	[BP] = 4, [SP] = 3, [R10] = 6, [BP_IND] = 10, [SP_IND] = 9,
	[15] = 15 };

enum era { ERA_4_14, ERA_6_4, ERA_7_2, ERAS };

#define FN	UINT64_C(0x20000)	/* where the entry under test applies */
#define IP	(FN + 0x10)
#define CALLER	UINT64_C(0x30123)

static struct kvmi_err err;

static void
test_step(void **state)
{
	static const struct {
		const char *name;
		int sp_offset, bp_offset;
		unsigned int sp, bp, old_type, new_type;
		bool full;
		int r;			/* 1, 0, or an error */
		uint64_t ip, new_sp, new_bp;
	} row[] = {
		{ "call", 16, 0, SP, 0, OLD_CALL, NEW_CALL, false, 1,
		    CALLER, WORLD_STACK + 16, WORLD_STACK + 64 },
		{ "call, saved rbp", 16, -16, SP, PREV_SP, OLD_CALL, NEW_CALL,
		    false, 1, CALLER, WORLD_STACK + 16, 0x1111 },
		{ "call, by rbp", 16, 0, BP, BP, OLD_CALL, NEW_CALL, false, 1,
		    CALLER + 1, WORLD_STACK + 80, 0x2222 },
		{ "indirect by rsp", 8, 0, SP_IND, 0, OLD_CALL, NEW_CALL,
		    false, KVMI_ENOTMAPPED, 0, 0, 0 },
		{ "indirect by rbp", 16, 0, BP_IND, 0, OLD_CALL, NEW_CALL,
		    false, 1, CALLER + 2, WORLD_STACK + 0x108,
		    WORLD_STACK + 64 },
		{ "by r10", 0, 0, R10, 0, OLD_CALL, NEW_CALL, true, 1,
		    CALLER + 2, WORLD_STACK + 0x108, WORLD_STACK + 64 },
		{ "by r10, which is lost", 16, 0, R10, 0, OLD_CALL, NEW_CALL,
		    false, KVMI_ENOENT, 0, 0, 0 },
		{ "by no register", 0, 0, 15, 0, OLD_CALL, NEW_CALL, false,
		    KVMI_EFORMAT, 0, 0, 0 },
		{ "rbp by no register", 16, 0, SP, DX, OLD_CALL, NEW_CALL,
		    false, KVMI_EFORMAT, 0, 0, 0 },
		{ "registers", 0x200, 0, SP, 0, OLD_REGS, NEW_REGS, false, 1,
		    CALLER + 3, WORLD_STACK + 0x400, 0x3333 },
		{ "pushed by hardware", 0x200 + 128, 0, SP, 0, OLD_PARTIAL,
		    NEW_PARTIAL, false, 1, CALLER + 3, WORLD_STACK + 0x400,
		    WORLD_STACK + 64 },
		{ "of a program", 0x300, 0, SP, 0, OLD_REGS, NEW_REGS, false,
		    0, 0x401000, 0, 0 },
		{ "end", 0, 0, 0, 0, OLD_END, NEW_END, false, 0, IP,
		    WORLD_STACK, WORLD_STACK + 64 },
		{ "undefined", 0, 0, 0, 0, OLD_CALL, NEW_UNDEFINED, false,
		    KVMI_ENOENT, 0, 0, 0 },
		{ "a type there is not", 16, 0, SP, 0, 3, 7, false,
		    KVMI_ENOENT, 0, 0, 0 },
		{ "off the stack", 0x7fff, 0, SP, 0, OLD_CALL, NEW_CALL,
		    false, KVMI_ENOTMAPPED, 0, 0, 0 },
		{ "registers off the stack", 0x7f0, 0, SP, 0, OLD_REGS,
		    NEW_REGS, false, KVMI_ENOTMAPPED, 0, 0, 0 },
	};
	const uint64_t s0 = WORLD_STACK;
	struct world w;

	(void)state;
	for (size_t i = 0; i < ERAS * KVMI_COUNT(row); i++) {
		enum era era = (enum era)(i / KVMI_COUNT(row));
		bool modern = era >= ERA_6_4;
		size_t n = i % KVMI_COUNT(row);
		unsigned int sp = row[n].sp, bp = row[n].bp;
		struct kvmi_orc_state s = { .ip = IP, .sp = s0, .bp = s0 + 64,
			.r10 = s0 + 0x108, .full = row[n].full };
		int r;

		if (era == ERA_7_2) {
			sp = renumbered[sp];
			bp = renumbered[bp];
		}
		world_start(&w, modern);
		world_entry(&w, FN - 0x1000, 0, 0, 0);
		world_entry(&w, FN, row[n].sp_offset, row[n].bp_offset,
		    BITS(sp, bp, modern ? row[n].new_type : row[n].old_type));
		world_entry(&w, FN + 0x100, 0, 0, 0);
		/* What most of a table looks like. */
		for (unsigned int j = 0; j < 4; j++)
			world_entry(&w, FN + 0x200 + j, 8, 0,
			    BITS(era == ERA_7_2 ? renumbered[SP] : SP, 0,
			    modern ? (unsigned int)NEW_CALL : OLD_CALL));
		UTIL_EQ(row[n].name, kvmi_orc_numbering(&w.orc, &w.table,
		    &err), 0);
		world_put(&w, s0, 0x1111, 8);
		world_put(&w, s0 + 8, CALLER, 8);
		world_put(&w, s0 + 64, 0x2222, 8);
		world_put(&w, s0 + 72, CALLER + 1, 8);
		world_put(&w, s0 + 80, s0 + 0x108, 8);	/* rbp + 16 */
		world_put(&w, s0 + 0x100, CALLER + 2, 8);
		world_put(&w, s0 + 0x200 + 32, 0x3333, 8);
		world_put(&w, s0 + 0x200 + 128, CALLER + 3, 8);
		world_put(&w, s0 + 0x200 + 136, 0x10, 8);
		world_put(&w, s0 + 0x200 + 152, s0 + 0x400, 8);
		world_put(&w, s0 + 0x300 + 128, 0x401000, 8);
		world_put(&w, s0 + 0x300 + 136, 0x33, 8);
		r = kvmi_orc_step(&w.orc, &w.table, &s, &err);
		if (row[n].r < 0) {
			UTIL_FAILS(row[n].name, r, row[n].r, &err);
			UTIL_EQ(row[n].name, s.ip, IP);
			continue;
		}
		UTIL_EQ(row[n].name, r, row[n].r);
		UTIL_EQ(row[n].name, s.ip, row[n].ip);
		UTIL_EQ(row[n].name, s.sp, row[n].new_sp);
		UTIL_EQ(row[n].name, s.bp, row[n].new_bp);
	}
}

/* Which entry applies: one is a call, its neighbours are undefined. */
static void
test_find(void **state)
{
	static const struct {
		const char *name;
		uint64_t ip;
		bool exact;
		int r;
	} row[] = {
		{ "before all", FN - 0x2000, true, KVMI_ENOENT },
		{ "nowhere", 0, false, KVMI_ENOENT },
		{ "entry before", FN - 1, true, KVMI_ENOENT },
		{ "first", FN, true, 1 },
		{ "behind a call that ends the one before", FN, false,
		    KVMI_ENOENT },
		{ "last", FN + 0xff, true, 1 },
		{ "behind a call that ends it", FN + 0x100, false, 1 },
		{ "next", FN + 0x100, true, KVMI_ENOENT },
		{ "behind all", UINT64_MAX, true, KVMI_ENOENT },
	};
	struct world w;

	(void)state;
	world_start(&w, true);
	world_entry(&w, FN - 0x1000, 0, 0, 0);
	world_entry(&w, FN, 16, 0, BITS(SP, 0, NEW_CALL));
	world_entry(&w, FN + 0x100, 0, 0, 0);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_orc_state s = { .ip = row[i].ip,
			.sp = WORLD_STACK, .exact = row[i].exact };
		int r = kvmi_orc_step(&w.orc, &w.table, &s, &err);

		if (row[i].r < 0)
			UTIL_FAILS(row[i].name, r, row[i].r, &err);
		else
			UTIL_EQ(row[i].name, r, row[i].r);
	}
}

static void
test_damaged(void **state)
{
	static const struct {
		const char *name;
		struct kvmi_orc_table t;
		int r;
	} row[] = {
		{ "empty", { WORLD_IPS, WORLD_ENTRIES, 0 }, KVMI_ENOENT },
		{ "addresses missing", { 0x5000, WORLD_ENTRIES, 3 },
		    KVMI_ENOTMAPPED },
		{ "entries missing", { WORLD_IPS, 0x5000, 3 },
		    KVMI_ENOTMAPPED },
		{ "huge", { WORLD_IPS, WORLD_ENTRIES, UINT64_MAX },
		    KVMI_EFORMAT },
		{ "end of memory", { UINT64_MAX - 2, WORLD_ENTRIES, 3 },
		    KVMI_ENOTMAPPED },
	};
	struct world w;

	(void)state;
	world_start(&w, true);
	world_entry(&w, FN, 16, 0, BITS(SP, 0, NEW_CALL));
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_orc_state s = { .ip = IP, .sp = WORLD_STACK };

		UTIL_FAILS(row[i].name, kvmi_orc_step(&w.orc, &row[i].t, &s,
		    &err), row[i].r, &err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_damaged),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
