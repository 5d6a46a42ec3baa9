/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read of FreeBSD kernels, in each word size and byte order. */
#include "flat_memory.h"

#include "os/freebsd/freebsd.h"

#define SIZE	0x10000
#define PROC(i)	(0x4000 + (uint64_t)(i) * 0x400)
#define THREAD(i) (0x8000 + (uint64_t)(i) * 0x400)
#define RING	UINT64_C(0xc000)
#define RING_SIZE 64
#define MSGBUF	UINT64_C(0xd000)
#define PANIC	UINT64_C(0xe000)

/* The kernel's variables, 8 bytes apart from 0x2000 on. */
static const struct {
	const char	*name;
	uint64_t	 value;
	unsigned int	 size;		/* 0: a pointer */
} variable[] = {
	{ "proc_off_p_list", 0x08, 4 },
	{ "proc_off_p_pid", 0x40, 4 },
	{ "proc_off_p_comm", 0x60, 4 },
	{ "proc_off_p_threads", 0x20, 4 },
	{ "thread_off_td_plist", 0x10, 4 },
	{ "thread_off_td_tid", 0x30, 4 },
	{ "thread_off_td_name", 0x50, 4 },
	{ "thread_off_td_oncpu", 0x38, 4 },
	{ "thread_off_td_pcb", 0x80, 4 },
	{ "allproc", PROC(0), 0 },
	{ "nprocs", 2, 4 },
	{ "mp_ncpus", 3, 4 },
	{ "panicstr", PANIC, 0 },
	{ "msgbufp", MSGBUF, 0 },
};

static int
resolve(const char *name, kvaddr_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(variable); i++)
		if (strcmp(name, variable[i].name) == 0) {
			*addr = 0x2000 + 8 * i;
			return (0);
		}
	return (-1);
}

struct world {
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	unsigned int	 ptr;
	struct kvm_options opts;
};

static void
set(struct world *w, uint64_t at, uint64_t value, unsigned int size)
{
	bytes_poke(&w->mem, (size_t)at, value, size == 0 ? w->ptr : size);
}

static void
text(struct world *w, uint64_t at, const char *s)
{
	memcpy(w->mem.p + at, s, strlen(s));
}

static void
add_processes(struct world *w)
{
	for (uint64_t i = 0; i < 2; i++) {
		set(w, PROC(i) + 0x08, i == 0 ? PROC(1) : 0, 0);
		set(w, PROC(i) + 0x20, THREAD(2 * i), 0);
		set(w, PROC(i) + 0x40, 99999 - i, 4);
		text(w, PROC(i) + 0x60, i == 0 ? "nineteen characters" : "b");
	}
	for (uint64_t i = 0; i < 4; i++) {
		set(w, THREAD(i) + 0x10, i % 2 == 0 ? THREAD(i + 1) : 0, 0);
		set(w, THREAD(i) + 0x30, 100000 + i, 4);
		set(w, THREAD(i) + 0x38, i == 1 ? 0x102 : UINT32_MAX, 4);
		text(w, THREAD(i) + 0x50, "another nineteen ch");
		set(w, THREAD(i) + 0x80, 0xabc0 + i, 0);
	}
}

/* 100 bytes were written into 64. */
static void
add_log(struct world *w)
{
	char all[101];

	memset(all, '.', sizeof(all));
	memcpy(all + 36, "<6>oldest\n<190>local\n<192>far\n<>\nnewest\n", 40);
	memset(all + 76, 'x', 24);
	for (size_t i = 36; i < 100; i++)
		w->mem.p[RING + i % RING_SIZE] = (uint8_t)all[i];
	set(w, MSGBUF, RING, 0);
	set(w, MSGBUF + w->ptr, 0x063062, 4);
	set(w, MSGBUF + w->ptr + 4, RING_SIZE, 4);
	set(w, MSGBUF + w->ptr + 8, 100, 4);
}

static void
world_init(struct world *w, unsigned int ptr, bool big_endian)
{
	*w = (struct world){ .ptr = ptr, .mem.big_endian = big_endian };
	w->opts = (struct kvm_options){ .ko_resolver = resolve };
	flat_init(&w->k, &w->arch, &kvmi_os_freebsd, &w->opts, ptr,
	    big_endian);
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, SIZE);
	for (size_t i = 0; i < KVMI_COUNT(variable); i++)
		set(w, 0x2000 + 8 * i, variable[i].value, variable[i].size);
	text(w, PANIC, "why\nmore");
	add_processes(w);
	add_log(w);
}

/* Make memory an image; what is set later is not in it. */
static void
world_open(struct world *w)
{
	flat_open(&w->k, &w->mem, &w->file);
}

static void
world_done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_cx_free(w->cx);
}

static void
check_processes(struct world *w)
{
	struct kvmi_procs p = { 0 };

	assert_int_equal(kvmi_freebsd_procs(&w->k, w->cx, KERN_PROC_PROC, 0,
	    true, &p), 0);
	assert_int_equal(w->cx->damage, 0);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.v[0].ki_pid, 99998);
	assert_string_equal(p.v[0].ki_comm, "b");
	assert_int_equal(p.v[0].ki_tid, 100002);
	assert_int_equal(p.v[0].ki_oncpu, -1);
	assert_int_equal(p.v[3].ki_pid, 99999);
	assert_int_equal(p.v[3].ki_paddr, PROC(0));
	assert_int_equal(p.v[3].ki_numthreads, 2);
	assert_string_equal(p.v[3].ki_comm, "nineteen characters");
	assert_int_equal(p.v[3].ki_tid, 100001);
	assert_int_equal(p.v[3].ki_tdaddr, THREAD(1));
	assert_int_equal(p.v[3].ki_oncpu, 0x102);
	assert_int_equal(p.v[3].ki_oncpu_old, 254);
	assert_int_equal(p.v[3].ki_pcb, 0xabc1);
	/* The rest of a name is apart, as FreeBSD has it. */
	assert_string_equal(p.v[3].ki_tdname, "another nineteen");
	assert_string_equal(p.v[3].ki_moretdname, " ch");
	free(p.v);
}

static int
see(const struct kvm_logrec *rec, void *arg)
{
	char **at = arg;

	*at += sprintf(*at, "%d/%d:%.*s|", rec->kl_facility, rec->kl_level,
	    (int)rec->kl_len, rec->kl_text);
	return (1);
}

static void
expect_log(struct world *w, const char *want)
{
	char have[4 * RING_SIZE] = "", *at = have;
	size_t n = 0;

	assert_int_equal(kvmi_freebsd_log(&w->k, w->cx, see, &at, &n), 0);
	assert_string_equal(have, want);
}

static void
test_shapes(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < 4; shape++) {
		struct kvmi_facts *f = calloc(1, sizeof(*f));
		struct world w;

		assert_non_null(f);
		world_init(&w, shape & 1 ? 4 : 8, shape & 2);
		world_open(&w);
		check_processes(&w);
		expect_log(&w, "0/6:oldest|23/6:local|0/-1:<192>far|0/-1:<>|"
		    "0/-1:newest|0/-1:xxxxxxxxxxxxxxxxxxxxxxxx|");
		kvmi_freebsd_facts(&w.k, w.cx, f);
		assert_string_equal(f->panic, "why");
		assert_int_equal(f->info.ki_ncpus, 3);
		free(f);
		world_done(&w);
	}
}

/* NULs end lines and are none. */
static void
test_log_holes(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, true);
	memset(w.mem.p + RING, 0, RING_SIZE);
	text(&w, RING, "one\ntw");
	text(&w, RING + 40, "o");
	world_open(&w);
	expect_log(&w, "0/-1:o|0/-1:one|0/-1:tw|");
	world_done(&w);
}

static void
test_bad_log(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct world w;
		size_t n = 0;

		world_init(&w, 8, false);
		if (i == 0)
			set(&w, MSGBUF + 8, 1, 4);
		else
			set(&w, MSGBUF + 12, i == 1 ? 0 : UINT32_MAX, 4);
		world_open(&w);
		assert_int_equal(kvmi_freebsd_log(&w.k, w.cx, see, NULL, &n),
		    KVMI_EFORMAT);
		world_done(&w);
	}
}

/* Dumps by virtual address are of any machine; not all are known. */
static void
test_machines(void **state)
{
	static const struct {
		uint16_t machine;
		int	 status;
	} row[] = { { 20, 0 }, { 0x4100, KVMI_ENOTSUP } };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const struct util_elf e = { .machine = row[i].machine };
		const struct util_phdr load = { 1, 0x1000, 0x2000, UINT64_MAX,
			0x100, 0x100 };
		struct kvmi_cx *cx = kvmi_cx_new();
		struct bytes b = { 0 };
		struct kvmi_kernel *k;

		util_elf(&b, &e, &load, 1);
		b.p[7] = 255;	/* ELFOSABI_STANDALONE */
		bytes_fill(&b, 0, 0x1100 - b.len);
		assert_int_equal(kvmi_kernel_open(util_image("machine",
		    util_bytes(&b, b.len)), NULL, NULL, cx, &k),
		    row[i].status);
		if (row[i].status == 0)
			kvmi_kernel_close(k);
		else
			assert_non_null(strstr(cx->err.text, "machine 16640"));
		bytes_free(&b);
		kvmi_cx_free(cx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_log_holes),
		cmocka_unit_test(test_bad_log),
		cmocka_unit_test(test_machines),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
