/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of kernel threads, whole and where the memory is not what it should. */
#include "flat_memory.h"

#include "os/linux/task_fill.h"
#include "os/linux/taskflags.h"
#include "type/listed.h"

#define SIZE	0x4000
#define KTHREAD	UINT64_C(0x1000)
#define WORKER	0x1800
#define NAME	0x2000
#define POOL	0x3000
#define NOWHERE	0xdead000

enum { COMM_OFF = 0, FLAGS_OFF = 16, KTHREAD_OFF = 24, TASK_LEN = 32,
    FULL_OFF = 8, DATA_OFF = 16, POOL_OFF = 0, WORK_OFF = 8, DESC_OFF = 16 };

#define WORKER_FLAGS	(KVMI_PF_KTHREAD | KVMI_PF_WQ_WORKER)

static const struct row {
	const char	*comm;
	uint64_t	 flags;
	uint64_t	 full;		/* where the full name is */
	const char	*desc;
	uint64_t	 work;
	uint64_t	 pool;
	bool		 works;		/* what they work on is shown: 4.18 */
	bool		 ids;		/* ... after their whole name: 6.11 */
	const char	*want;
} rows[] = {
	{ "sh", 0, NAME, "", 0, 0, true, false, "sh" },
	/* That of a process is an address of its own. */
	{ "fifteen letters", 0, NAME, "", 0, 0, true, false, "fifteen letters" },
	{ "a name that is ", KVMI_PF_KTHREAD, NAME, "", 0, 0, true, false,
	    "a name that is long" },
	{ "short", KVMI_PF_KTHREAD, NAME, "", 0, 0, true, false, "short" },
	{ "a name that is ", KVMI_PF_KTHREAD, 0, "", 0, 0, true, false,
	    "a name that is " },
	{ "a name that is ", KVMI_PF_KTHREAD, NOWHERE, "", 0, 0, true, false,
	    "a name that is " },
	{ "kworker/0:1", WORKER_FLAGS, 0, "events", 0, POOL, true, false,
	    "kworker/0:1-events" },
	{ "kworker/0:1", WORKER_FLAGS, 0, "events", 7, POOL, true, false,
	    "kworker/0:1+events" },
	{ "kworker/0:1", WORKER_FLAGS, 0, "", 0, POOL, true, false,
	    "kworker/0:1" },
	{ "kworker/0:1", WORKER_FLAGS, 0, "left behind", 0, 0, true, false,
	    "kworker/0:1" },
	{ "kworker/u256:10", WORKER_FLAGS, 0, "thirty-one letters of a queue's",
	    0, POOL, true, false,
	    "kworker/u256:10-thirty-one letters of a queue's" },
	{ "a name that is ", WORKER_FLAGS, NAME, "", 0, 0, true, false,
	    "a name that is " },
	{ "a name that is ", WORKER_FLAGS, NAME, "", 0, 0, true, true,
	    "a name that is long" },
	{ "kworker/0:1", WORKER_FLAGS, 0, "events", 0, POOL, false, false,
	    "kworker/0:1" },
};

struct world {
	struct kvmi_lister x;
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvm_options opts;
	struct bytes	 mem, file;
	uint8_t		 task[TASK_LEN];
};

static void
member(struct world *w, enum kvmi_linux_member id, uint64_t off, uint64_t size)
{
	w->x.layout.m[id] = (struct kvmi_member){ .off = off, .size = size,
		.count = 1 };
}

static int
no_ids(const char *name, kvaddr_t *addr)
{
	*addr = 0x1000;
	return (strcmp(name, "wq_worker_comm") == 0 ? 0 : -1);
}

static int
all(const char *name, kvaddr_t *addr)
{
	*addr = 0x1000;
	return (strcmp(name, "format_worker_id") == 0 ? 0 :
	    no_ids(name, addr));
}

static const struct kvmi_listed types[] = {
	{ "kthread", "full_name", { .off = FULL_OFF, .size = 8 } },
	{ "kthread", "data", { .off = DATA_OFF, .size = 8 } },
	{ "worker", "pool", { .off = POOL_OFF, .size = 8 } },
	{ "worker", "current_work", { .off = WORK_OFF, .size = 8 } },
	{ "worker", "desc", { .off = DESC_OFF, .size = 32 } },
};

static void
world_init(struct world *w, const struct row *row, bool big_endian)
{
	*w = (struct world){ .mem.big_endian = big_endian };
	w->opts.ko_resolver = row->ids ? all : row->works ? no_ids : NULL;
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &w->opts, 8, big_endian);
	w->k.priv = &w->l;
	w->x.k = &w->k;
	w->x.cx = kvmi_cx_new();
	assert_int_equal(kvmi_listed_open(types, KVMI_COUNT(types), "types",
	    &w->k.types, &w->x.cx->err), 0);
	w->k.types_status = 0;
	w->x.task = w->task;
	w->x.layout.task_len = TASK_LEN;
	member(w, TASK_COMM, COMM_OFF, 16);
	member(w, TASK_FLAGS, FLAGS_OFF, 8);
	member(w, TASK_KTHREAD, KTHREAD_OFF, 8);
	bytes_fill(&w->mem, 0, SIZE);
	bytes_poke(&w->mem, KTHREAD + FULL_OFF, row->full, 8);
	bytes_poke(&w->mem, KTHREAD + DATA_OFF, WORKER, 8);
	bytes_poke(&w->mem, WORKER + POOL_OFF, row->pool, 8);
	bytes_poke(&w->mem, WORKER + WORK_OFF, row->work, 8);
	strcpy((char *)w->mem.p + WORKER + DESC_OFF, row->desc);
	strcpy((char *)w->mem.p + NAME, "a name that is long");
	memcpy(w->task + COMM_OFF, row->comm, strlen(row->comm));
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int to = big_endian ? 7 - i : i;

		w->task[FLAGS_OFF + to] = (uint8_t)(row->flags >> 8 * i);
		w->task[KTHREAD_OFF + to] = (uint8_t)(KTHREAD >> 8 * i);
	}
	flat_open(&w->k, &w->mem, &w->file);
}

static void
world_done(struct world *w)
{
	kvmi_types_close(w->k.types);
	kvmi_cx_free(w->x.cx);
	flat_done(&w->k, &w->mem, &w->file);
}

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * KVMI_COUNT(rows); i++) {
		const struct row *row = &rows[i / 2];
		struct kinfo_proc ki = { 0 };
		struct world w;
		char name[64];

		world_init(&w, row, i % 2 == 1);
		kvmi_task_name(&w.x, &ki);
		snprintf(name, sizeof(name), "%.19s", row->want);
		UTIL_STR(row->comm, ki.ki_comm, name);
		snprintf(name, sizeof(name), "%.*s%s", TDNAMLEN, ki.ki_tdname,
		    ki.ki_moretdname);
		UTIL_TRUE(row->comm, strncmp(name, row->want,
		    strlen(name)) == 0 && strlen(name) >=
		    kvmi_min(strlen(row->want), 19));
		world_done(&w);
	}
}

/* DWARF has these types far behind others: they wait until one needs them. */
static void
test_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		bool worker = (row->flags & KVMI_PF_WQ_WORKER) != 0;
		bool full = strlen(row->comm) == 15 &&
		    (row->flags & KVMI_PF_KTHREAD) != 0 &&
		    (!worker || row->ids);
		struct kinfo_proc ki = { 0 };
		struct world w;

		world_init(&w, row, false);
		kvmi_task_name(&w.x, &ki);
		UTIL_EQ(row->comm, w.x.layout.m[WORKER_DESC].size != 0,
		    worker && row->works);
		UTIL_EQ(row->comm, w.x.layout.m[KTHREAD_FULL_NAME].size != 0,
		    full);
		world_done(&w);
	}
}

/* A kernel without types: comm it is. */
static void
test_without(void **state)
{
	struct kinfo_proc ki = { 0 };
	struct world w;

	(void)state;
	world_init(&w, &rows[2], false);
	w.k.types_status = KVMI_ENOTSUP;
	kvmi_task_name(&w.x, &ki);
	assert_string_equal(ki.ki_comm, rows[2].comm);
	world_done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_without),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
