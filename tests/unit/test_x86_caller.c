/* SPDX-License-Identifier: BSD-2-Clause */
/* The return address of a call of a function, among what lies on a stack. */
#include "flat_memory.h"

#include "os/linux/x86_caller.h"

/* One without modules. */
static const struct kvmi_os_ops no_os = { .name = "none" };

#define SIZE	0x8000
#define FUNCTION UINT64_C(0x3000)	/* that the tables leave out */
#define OTHER	UINT64_C(0x3100)
#define CALLER	UINT64_C(0x2000)
#define STACK	UINT64_C(0x6000)
#define END	(STACK + 0x800)

struct world {
	struct kvmi_kernel k;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	uint64_t	 top;		/* where the next call is put */
};

static void
world_init(struct world *w)
{
	*w = (struct world){ .top = CALLER };
	w->k.arch = &kvmi_arch_x86_64;
	w->k.os = &no_os;
	w->cx = kvmi_cx_new();
	pthread_mutex_init(&w->k.lock, NULL);
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	kvmi_symtab_add(w->k.syms, "caller", 6, "", CALLER, 0, 'T',
	    &w->cx->err);
	kvmi_symtab_add(w->k.syms, "function", 8, "", FUNCTION, 0, 'T',
	    &w->cx->err);
	kvmi_symtab_add(w->k.syms, "other", 5, "", OTHER, 0, 'T',
	    &w->cx->err);
	bytes_fill(&w->mem, 0, SIZE);
}

/* A call of start; returns where that goes back to. */
static uint64_t
call(struct world *w, uint64_t start, uint8_t opcode)
{
	w->mem.p[w->top] = opcode;
	bytes_poke(&w->mem, w->top + 1, start - (w->top + 5), 4);
	w->top += 5;
	return (w->top);
}

static void
push(struct world *w, uint64_t at, uint64_t word)
{
	bytes_poke(&w->mem, at, word, 8);
}

static void
world_done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_cx_free(w->cx);
}

static void
test_find(void **state)
{
	static const struct {
		const char *name;
		uint64_t ip, at;	/* of the right one, from STACK on */
		uint64_t end;
		uint8_t opcode;
		bool exact, found;
	} row[] = {
		{ "first word", FUNCTION + 9, 0, END, 0xe8, false, true },
		{ "behind others", FUNCTION + 9, 64, END, 0xe8, false, true },
		{ "last of a frame", FUNCTION + 9, 1016, END, 0xe8, false,
		    true },
		{ "beyond a frame", FUNCTION + 9, 1024, END, 0xe8, false,
		    false },
		{ "last of the stack", FUNCTION + 9, 56, STACK + 64, 0xe8,
		    false, true },
		{ "beyond the stack", FUNCTION + 9, 64, STACK + 64, 0xe8,
		    false, false },
		{ "a jump", FUNCTION + 9, 0, END, 0xe9, false, false },
		{ "of another", OTHER + 9, 0, END, 0xe8, false, false },
		/* A call that never returns is a function's last. */
		{ "returns to the next", OTHER, 0, END, 0xe8, false, true },
		{ "interrupted in the next", OTHER, 0, END, 0xe8, true,
		    false },
		{ "in no function", 0x100, 0, END, 0xe8, true, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_orc_state s = { .ip = row[i].ip, .sp = STACK,
			.bp = 7, .exact = row[i].exact, .full = true }, was;
		struct world w;
		uint64_t right;
		bool found;

		world_init(&w);
		/* What earlier calls left: other callees, data, far away. */
		push(&w, STACK + 8, call(&w, OTHER + 0x40, 0xe8));
		push(&w, STACK + 16, 0x1234);
		push(&w, STACK + 24, UINT64_MAX);
		push(&w, STACK + 32, FUNCTION + UINT32_MAX);
		push(&w, STACK + 40, FUNCTION - INT32_MAX - 1);
		push(&w, STACK + 48, 3);
		right = call(&w, FUNCTION, row[i].opcode);
		push(&w, STACK + row[i].at, right);
		flat_open(&w.k, &w.mem, &w.file);
		strcpy(w.cx->err.text, "as it was");
		was = s;
		found = kvmi_linux_x86_caller(&w.k, w.cx, row[i].end, &s);
		if (found != row[i].found)
			fail_msg("%s: %d", row[i].name, found);
		if (found && (s.ip != right || s.sp != STACK + row[i].at + 8 ||
		    s.exact || s.full || s.bp != 7))
			fail_msg("%s: ip 0x%" PRIx64 " sp 0x%" PRIx64,
			    row[i].name, s.ip, s.sp);
		if (!found && memcmp(&was, &s, sizeof(s)) != 0)
			fail_msg("%s: changed", row[i].name);
		assert_string_equal(w.cx->err.text, "as it was");
		world_done(&w);
	}
}

/* A stack that ends in what is not mapped, or is not there. */
static void
test_unmapped(void **state)
{
	static const uint64_t sp[] = { SIZE - 8, SIZE, UINT64_MAX - 15,
		UINT64_MAX - 7 };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(sp); i++) {
		struct kvmi_orc_state s = { .ip = FUNCTION + 9, .sp = sp[i] };
		struct world w;

		world_init(&w);
		call(&w, FUNCTION, 0xe8);
		flat_open(&w.k, &w.mem, &w.file);
		assert_false(kvmi_linux_x86_caller(&w.k, w.cx, UINT64_MAX,
		    &s));
		assert_int_equal(s.sp, sp[i]);
		world_done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unmapped),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
