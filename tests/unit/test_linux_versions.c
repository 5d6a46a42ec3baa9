/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of Linux kernels of the versions that no machine is booted with. */
#include "linux_world.h"
#include "os/linux/cpus.h"
#include "os/linux/infer.h"
#include "os/linux/log.h"

#define ROUNDS	40

static void
check_strings(struct world *w, enum kvmi_strings_kind kind, const char *want,
    size_t len)
{
	struct kvmi_strings s;

	UTIL_EQ(w->name, kvmi_linux_strings(&w->k, w->cx, &w->procs.v[2],
	    kind, 4096, &s), 0);
	UTIL_EQ(w->name, s.len, len);
	UTIL_TRUE(w->name, s.len == len && memcmp(s.p, want, len) == 0);
	free(s.p);
}

static void
test_strings(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, samples[i]))
			continue;
		list(&w, false, 4);
		if (w.k.space.ops == &kvmi_space_paged) {
			check_strings(&w, KVMI_ARGV, V_ARGS, sizeof(V_ARGS));
			check_strings(&w, KVMI_ENVV, V_ENV, sizeof(V_ENV));
		}
		done(&w);
	}
}

static void
test_system(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_facts f = { 0 };
		struct kvmi_swaps swaps = { 0 };
		uint64_t uptime = 0;
		int64_t boot = 0;
		double avg[3];

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_loadavg(&w.k, w.cx, avg), 0);
		for (unsigned int j = 0; j < 3; j++)
			UTIL_EQ(w.name, avg[j] * 2, j + 1);
		UTIL_EQ(w.name, kvmi_linux_boottime(&w.k, w.cx, &boot), 0);
		UTIL_EQ(w.name, boot, V_BOOT);
		UTIL_EQ(w.name, kvmi_linux_uptime(&w.k, w.cx, &uptime), 0);
		UTIL_EQ(w.name, uptime, V_MONOTONIC + V_SLEPT);
		kvmi_linux_facts(&w.k, w.cx, &f);
		UTIL_STR(w.name, f.hostname, V_HOST);
		UTIL_STR(w.name, f.release, V_RELEASE);
		UTIL_STR(w.name, f.version, V_VERSION);
		UTIL_EQ(w.name, kvmi_linux_swaps(&w.k, w.cx, &swaps), 0);
		UTIL_EQ(w.name, swaps.n, 1);
		if (swaps.n == 1) {
			UTIL_EQ(w.name, swaps.v[0].total, V_SWAP_PAGES);
			UTIL_EQ(w.name, swaps.v[0].used, V_SWAP_USED);
		}
		free(swaps.v);
		done(&w);
	}
}

static uint64_t
ticks_of(unsigned int state)
{
	return ((uint64_t)(V_CPUTIME(0, state) + V_CPUTIME(1, state)) /
	    (NSEC / 100));
}

static void
test_cpus(void **state)
{
	uint64_t ticks[CPUSTATES];
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint32_t running, max;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_cpus(&w.k, w.cx, &running, &max),
		    0);
		UTIL_EQ(w.name, running, 2);
		UTIL_EQ(w.name, max, 2);
		UTIL_EQ(w.name, kvmi_linux_cptime(&w.k, w.cx, ticks), 0);
		UTIL_EQ(w.name, ticks[CP_USER], ticks_of(0));
		UTIL_EQ(w.name, ticks[CP_NICE], ticks_of(1));
		UTIL_EQ(w.name, ticks[CP_SYS], ticks_of(2));
		UTIL_EQ(w.name, ticks[CP_INTR], ticks_of(3) + ticks_of(4));
		UTIL_EQ(w.name, ticks[CP_IDLE], (V_IDLE(0) + V_IOWAIT(0) +
		    V_IDLE(1) + V_IOWAIT(1) + V_MONOTONIC - V_IDLE_SINCE) /
		    (NSEC / 100));
		/* A kernel whose ticks never stop has all in one place. */
		bytes_poke(&w.mem, address(&w, "tick_nohz_active"), 0,
		    w.k.arch->pointer_size);
		take(&w);
		UTIL_EQ(w.name, kvmi_linux_cptime(&w.k, w.cx, ticks), 0);
		UTIL_EQ(w.name, ticks[CP_IDLE], ticks_of(5) + ticks_of(6));
		done(&w);
	}
}

static int
on_module(const struct kvm_module *m, void *arg)
{
	struct world *w = arg;

	UTIL_STR(w->name, m->km_name, "made");
	UTIL_EQ(w->name, m->km_addr, V_MODULE_BASE);
	UTIL_EQ(w->name, m->km_size, V_MODULE_SIZE);
	return (1);
}

static void
test_modules(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_modules(&w.k, w.cx, on_module, &w,
		    &n), 0);
		UTIL_EQ(w.name, n, 1);
		done(&w);
	}
}

static int
on_record(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;
	bool first = rec->kl_seq == V_LOG_SEQ;
	const char *want = first ? V_LOG_FIRST : V_LOG_SECOND;

	UTIL_EQ(w->name, rec->kl_level, first ? 5 : 3);
	UTIL_EQ(w->name, rec->kl_facility, first ? 1 : 2);
	UTIL_EQ(w->name, rec->kl_nsec, first ? 1000 : 2000);
	UTIL_EQ(w->name, rec->kl_len, strlen(want));
	UTIL_TRUE(w->name, memcmp(rec->kl_text, want, strlen(want)) == 0);
	return (1);
}

static void
test_log(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_log(&w.k, w.cx, on_record, &w, &n),
		    0);
		UTIL_EQ(w.name, n, 2);
		UTIL_EQ(w.name, w.cx->damage, 0);
		done(&w);
	}
}

/* The dump has a hole where the text of the second record was. */
static void
test_log_hole(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		const uint8_t *text;
		uint8_t *hole;
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		text = memmem(w.mem.p, w.mem.len, V_LOG_SECOND,
		    strlen(V_LOG_SECOND));
		assert_non_null(text);
		hole = w.mem.p + (text - w.mem.p) - w.k.arch->pointer_size;
		if (kvmi_linux_log_is_old(&w.k, w.cx)) {
			done(&w);
			continue;
		}
		memset(hole, 0, w.k.arch->pointer_size +
		    strlen(V_LOG_SECOND));
		take(&w);
		UTIL_EQ(w.name, kvmi_linux_log(&w.k, w.cx, on_record, &w, &n),
		    0);
		UTIL_EQ(w.name, n, 1);
		done(&w);
	}
}

static int
ignore_module(const struct kvm_module *m, void *arg)
{
	(void)m;
	(void)arg;
	return (1);
}

static int
ignore_record(const struct kvm_logrec *rec, void *arg)
{
	(void)rec;
	(void)arg;
	return (1);
}

/* Ask for everything: what is wrong fails or is damage, with a reason. */
static void
use(struct world *w)
{
	struct kvmi_facts f = { 0 };
	struct kvmi_swaps swaps = { 0 };
	uint64_t ticks[CPUSTATES];
	struct kvmi_strings s;
	struct kvmi_types *t;
	size_t n = 0;

	take(w);
	free(w->procs.v);
	w->procs = (struct kvmi_procs){ 0 };
	kvmi_linux_procs(&w->k, w->cx, KERN_PROC_ALL, 0, true, &w->procs);
	for (size_t i = 0; i < w->procs.n; i++) {
		if (kvmi_linux_strings(&w->k, w->cx, &w->procs.v[i],
		    KVMI_ARGV, 4096, &s) != 0)
			UTIL_TRUE(w->name, w->cx->err.text[0] != '\0');
		free(s.p);
	}
	kvmi_linux_cptime(&w->k, w->cx, ticks);
	kvmi_linux_swaps(&w->k, w->cx, &swaps);
	kvmi_linux_modules(&w->k, w->cx, ignore_module, w, &n);
	kvmi_linux_log(&w->k, w->cx, ignore_record, w, &n);
	kvmi_linux_facts(&w->k, w->cx, &f);
	/* These structures have not all that lies between in a kernel's. */
	UTIL_EQ(w->name, kvmi_linux_infer(&w->k, w->cx, &t), KVMI_ENOTSUP);
	UTIL_TRUE(w->name, w->cx->damage == 0 || w->cx->damage_why[0] != '\0');
	free(swaps.v);
}

/* Any word of memory may be any other. */
static void
test_damaged(void **state)
{
	static const char *const aims[] = { "init_task", "worker", "modules",
		"swap_info", "runqueues", "nr_cpu_ids", "init_proc", "tk_core",
		"second", "init_uts_ns" };
	uint64_t seed = 4;
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint8_t *good;

		if (!make(&w, samples[i]))
			continue;
		good = malloc(SIZE);
		assert_non_null(good);
		memcpy(good, w.mem.p, SIZE);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			for (unsigned int j = 0; j < 3; j++) {
				uint64_t at = address(&w, aims[util_random(
				    &seed) % KVMI_COUNT(aims)]);
				uint64_t v = util_random(&seed);

				at += util_random(&seed) % 1024 / 4 * 4;
				bytes_poke(&w.mem, at, v % 3 == 0 ? v :
				    v % SIZE, w.k.arch->pointer_size);
			}
			use(&w);
			memcpy(w.mem.p, good, SIZE);
		}
		free(good);
		done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_hole),
		cmocka_unit_test(test_damaged),
	};

	samples = argv + 1;
	n_samples = argc - 1;
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
