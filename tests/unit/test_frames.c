/* SPDX-License-Identifier: BSD-2-Clause */
/* Following frame pointers, whole and broken. */
#include "flat_memory.h"

#include "os/frames.h"

#define SIZE	0x10000
#define USER_END UINT64_C(0x1000)
#define STACK	UINT64_C(0x4000)
#define END	UINT64_C(0x8000)
#define OTHER	UINT64_C(0x9000)	/* another stack */
#define TEXT	UINT64_C(0x1000)	/* to 0x2000 */
#define ENTRY	UINT64_C(0x1800)	/* the kernel's entry */
#define FROM_USER UINT64_C(0x1900)

struct world {
	struct kvmi_kernel k;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	const struct kvmi_frame_abi *abi;
	struct kvmi_frame f;
	uint64_t	 pc[2048];
	size_t		 want;		/* frames before the callback stops */
	size_t		 n;
	uint64_t	 text_ones;	/* bits that all of the text has */
	char		 why[KVMI_ERR_SIZE];
};

static int
text(void *arg, uint64_t pc, char module[64])
{
	struct world *w = arg;

	pc ^= w->text_ones;
	if (pc >= 0x1f00 && pc < 0x2000)
		memcpy(module, "zfs.ko", 7);
	return (pc >= TEXT && pc < TEXT + 0x1000 ? 0 : kvmi_fail(&w->cx->err,
	    KVMI_EFORMAT, "0x%" PRIx64 " is no code", pc));
}

/* What was interrupted is at sp: pc, sp and fp. */
static int
entry(void *arg, struct kvmi_frame *f)
{
	struct world *w = arg;
	uint64_t sp = f->sp;
	int r;

	if (f->pc == FROM_USER)
		return (KVMI_FRAMES_USER);
	if (f->pc != ENTRY)
		return (0);
	f->interrupted = true;
	r = kvmi_kread_ptr(&w->k, w->cx, sp, &f->pc);
	if (r == 0)
		r = kvmi_kread_ptr(&w->k, w->cx, sp + 8, &f->sp);
	if (r == 0)
		r = kvmi_kread_ptr(&w->k, w->cx, sp + 16, &f->fp);
	return (r == 0 ? 1 : r);
}

static int
see(const struct kvm_frame *f, void *arg)
{
	struct world *w = arg;

	assert_true(w->n < KVMI_COUNT(w->pc));
	w->pc[w->n++] = f->kf_pc;
	return (w->n < w->want);
}

/* The frame at fp was called at pc by the one at caller. */
static void
frame(struct world *w, uint64_t fp, uint64_t caller, uint64_t pc)
{
	bytes_poke(&w->mem, (size_t)fp + (size_t)w->abi->caller_fp, caller,
	    8);
	bytes_poke(&w->mem, (size_t)fp + (size_t)w->abi->return_pc, pc, 8);
}

static void
world_init(struct world *w, const struct kvmi_frame_abi *abi)
{
	*w = (struct world){ .abi = abi, .want = SIZE,
		.f = { .pc = TEXT + 0x10, .sp = STACK + 0x80,
		.fp = STACK + 0x100 } };
	w->k.arch = &kvmi_arch_x86_64;
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, SIZE);
	frame(w, STACK + 0x100, STACK + 0x200, TEXT + 0x20);
	frame(w, STACK + 0x200, STACK + 0x300, TEXT + 0x30);
	frame(w, STACK + 0x300, 0, TEXT + 0x40);
}

static int
walk(struct world *w)
{
	struct kvmi_frames fr = { .k = &w->k, .cx = w->cx, .abi = w->abi,
		.stack = STACK, .stack_end = END, .user_end = USER_END,
		.text = text, .entry = entry, .arg = w };
	size_t n = 0;
	int r;

	flat_open(&w->k, &w->mem, &w->file);
	r = kvmi_frames_walk(&fr, &w->f, see, w, &n);
	assert_int_equal(n, w->n);
	assert_true(r == 0 || w->cx->err.text[0] != '\0');
	memcpy(w->why, w->cx->err.text, sizeof(w->why));
	kvmi_image_close(w->k.img);
	bytes_free(&w->file);
	bytes_free(&w->mem);
	kvmi_cx_free(w->cx);
	return (r);
}

/* Stopped before the entry from a program has kept anything. */
static void
test_just_entered(void **state)
{
	static const struct {
		const char *name;
		uint64_t pc, fp;
		bool interrupted;
		int want;
		size_t n;
	} row[] = {
		{ "in the vectors", TEXT + 0x10, 0x800, true, 0, 1 },
		{ "in a copy of them", 0x3000, 0x800, true, 0, 0 },
		{ "behind a call", TEXT + 0x10, 0x800, false, KVMI_EFORMAT, 1 },
		{ "at no code", 0x3000, STACK + 0x100, true, KVMI_EFORMAT, 0 },
		{ "a frame pointer of the kernel", TEXT + 0x10, USER_END, true,
		    KVMI_EFORMAT, 1 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		int r;

		world_init(&w, &kvmi_frame_arm64);
		w.f = (struct kvmi_frame){ .pc = row[i].pc, .sp = END,
			.fp = row[i].fp, .interrupted = row[i].interrupted };
		/* Where the frame pointers would lead, were they followed. */
		frame(&w, 0x800, 0x900, 0x3000);
		frame(&w, USER_END, 0x900, 0x3000);
		r = walk(&w);
		if (r != row[i].want || w.n != row[i].n)
			fail_msg("%s: %d, %zu frames: %s", row[i].name, r, w.n,
			    w.why);
	}
}

/* Signatures of return addresses are left out. */
static void
test_signed(void **state)
{
	struct kvmi_frames fr;
	struct world w;
	size_t n = 0;

	(void)state;
	world_init(&w, &kvmi_frame_arm64);
	frame(&w, STACK + 0x100, STACK + 0x200,
	    UINT64_C(0x00ab000000000000) | (TEXT + 0x20));
	frame(&w, STACK + 0x200, 0, 0);
	w.text_ones = UINT64_C(0xffff000000000000);
	w.f.pc |= w.text_ones;
	fr = (struct kvmi_frames){ .k = &w.k, .cx = w.cx, .abi = w.abi,
		.pc_ones = w.text_ones, .stack = STACK, .stack_end = END,
		.text = text, .arg = &w };
	flat_open(&w.k, &w.mem, &w.file);
	assert_int_equal(kvmi_frames_walk(&fr, &w.f, see, &w, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(w.pc[1], w.text_ones | (TEXT + 0x20));
	kvmi_image_close(w.k.img);
	bytes_free(&w.file);
	bytes_free(&w.mem);
	kvmi_cx_free(w.cx);
}

static void
test_whole(void **state)
{
	static const struct kvmi_frame_abi *const abi[] = {
		&kvmi_frame_x86_64, &kvmi_frame_arm64, &kvmi_frame_riscv };
	struct world w;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(abi); i++) {
		world_init(&w, abi[i]);
		assert_int_equal(walk(&w), 0);
		assert_int_equal(w.n, 4);
		for (uint64_t j = 0; j < 4; j++)
			assert_int_equal(w.pc[j], TEXT + 0x10 + 0x10 * j);
	}
	world_init(&w, &kvmi_frame_x86_64);
	w.want = 2;
	assert_int_equal(walk(&w), 0);
	assert_int_equal(w.n, 2);
	world_init(&w, &kvmi_frame_x86_64);
	w.f.fp = 0;
	assert_int_equal(walk(&w), 0);
	assert_int_equal(w.n, 1);
	/* The end that says so by its return address. */
	world_init(&w, &kvmi_frame_x86_64);
	frame(&w, STACK + 0x300, STACK + 0x400, 0);
	assert_int_equal(walk(&w), 0);
	assert_int_equal(w.n, 3);
}

static void
test_entries(void **state)
{
	struct world w;

	(void)state;
	/* An interrupt, on a stack of its own; at a function's first byte. */
	world_init(&w, &kvmi_frame_x86_64);
	w.f.fp = OTHER;
	frame(&w, OTHER, STACK + 0x100, ENTRY);
	bytes_poke(&w.mem, OTHER + 16, TEXT, 8);
	bytes_poke(&w.mem, OTHER + 24, STACK + 0x90, 8);
	bytes_poke(&w.mem, OTHER + 32, STACK + 0x100, 8);
	assert_int_equal(walk(&w), 0);
	assert_int_equal(w.n, 6);
	assert_int_equal(w.pc[1], ENTRY);
	assert_int_equal(w.pc[2], TEXT);
	assert_int_equal(w.pc[3], TEXT + 0x20);
	/* A program's frame pointer is not followed. */
	world_init(&w, &kvmi_frame_x86_64);
	frame(&w, STACK + 0x200, 0x7fffffffe003, FROM_USER);
	assert_int_equal(walk(&w), 0);
	assert_int_equal(w.n, 3);
	/* Registers that are not there. */
	world_init(&w, &kvmi_frame_x86_64);
	w.f.pc = ENTRY;
	w.f.sp = SIZE;
	assert_int_equal(walk(&w), KVMI_ENOTMAPPED);
	assert_int_equal(w.n, 1);
	/* It interrupts itself, again and again. */
	world_init(&w, &kvmi_frame_x86_64);
	w.f = (struct kvmi_frame){ .pc = ENTRY, .sp = OTHER, .fp = OTHER };
	bytes_poke(&w.mem, OTHER, ENTRY, 8);
	bytes_poke(&w.mem, OTHER + 8, OTHER, 8);
	assert_int_equal(walk(&w), KVMI_EFORMAT);
	assert_int_equal(w.n, 1024);
}

static void
test_broken(void **state)
{
	static const struct {
		uint64_t fp, caller, pc;
		size_t n;
		const char *why;
	} row[] = {
		{ STACK + 0x200, STACK + 0x200, TEXT + 1, 3, "goes back" },
		{ STACK + 0x200, STACK + 0x100, TEXT + 1, 3, "goes back" },
		{ STACK + 0x200, STACK + 0x304, TEXT + 1, 3, "not aligned" },
		{ STACK + 0x200, OTHER, TEXT + 1, 3, "not on the thread's stack" },
		{ STACK + 0x200, 0x7fffffffe000, TEXT + 1, 3, "not on the thread" },
		{ STACK + 0x200, STACK + 0x300, 0x5000, 2, "0x4fff is no code" },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		world_init(&w, &kvmi_frame_x86_64);
		frame(&w, row[i].fp, row[i].caller, row[i].pc);
		assert_int_equal(walk(&w), KVMI_EFORMAT);
		assert_int_equal(w.n, row[i].n);
		assert_non_null(strstr(w.why, row[i].why));
	}
}

/* Stacks that are none of the thread's, one below the other. */
static void
test_switches(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, &kvmi_frame_x86_64);
	w.f.fp = 0xf000;
	for (uint64_t fp = 0xf000; fp > 0xe000; fp -= 0x100)
		frame(&w, fp, fp - 0x100, TEXT + 0x50);
	assert_int_equal(walk(&w), KVMI_EFORMAT);
	assert_int_equal(w.n, 10);
	assert_non_null(strstr(w.why, "goes back"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_just_entered),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_switches),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
