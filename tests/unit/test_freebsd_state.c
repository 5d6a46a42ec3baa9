/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load, CPU times, per-CPU data and swap of FreeBSD kernels of several
 * releases, word sizes and byte orders; whole and damaged.
 */
#include "typed_memory.h"

#define WILD	UINT64_C(0x7fff0000)
#define NCPUS	2
#define ZONE	UINT64_C(0x20000)	/* a page for each CPU */

const struct typed_var typed_vars[] = {
	{ "averunnable", 4 }, { "its rest", 8 }, { "fscale", 4 },
	{ "mp_maxcpus", 4 }, { "mp_ncpus", 4 }, { "cpuid_to_pcpu", 0 },
	{ "more of it", 0 }, { "swtailq", 0 },
	{ "nsw_cluster_max", 4 },
};
const size_t typed_nvars = KVMI_COUNT(typed_vars);

static void
test_load(void **state)
{
	struct typed w;
	double avg[3];

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint64_t at = typed_var("averunnable");

		if (!typed_init(&w, samples[i]))
			continue;
		for (unsigned int j = 0; j < 3; j++)
			bytes_poke(&w.mem, (size_t)at + 4 * j, 1000 * j + 500,
			    4);
		bytes_poke(&w.mem, (size_t)at + (w.ptr == 8 ? 16 : 12), 1000,
		    w.ptr);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_loadavg(&w.k, w.cx, avg), 0);
		for (unsigned int j = 0; j < 3; j++)
			UTIL_EQ(w.name, avg[j] * 10, 10 * j + 5);
		/* The variable counts, and a scale of 0 is none. */
		typed_set_var(&w, "fscale", 500);
		typed_open(&w);
		kvmi_freebsd_loadavg(&w.k, w.cx, avg);
		UTIL_EQ(w.name, avg[2], 5);
		typed_set_var(&w, "fscale", 0);
		bytes_poke(&w.mem, (size_t)at + (w.ptr == 8 ? 16 : 12), 0,
		    w.ptr);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_loadavg(&w.k, w.cx, avg), 0);
		UTIL_EQ(w.name, avg[2] * 2048, 2500);
		typed_done(&w);
	}
}

/* CPUs 0 and 2; 1 is missing. */
static bool
make_cpus(struct typed *w, int i, uint64_t pcpu[3])
{
	uint64_t table = typed_var("cpuid_to_pcpu");

	if (!typed_init(w, samples[i]))
		return (false);
	typed_set_var(w, "mp_maxcpus", 3);
	typed_set_var(w, "mp_ncpus", NCPUS);
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		pcpu[cpu] = cpu == 1 ? 0 : typed_new(w, "pcpu");
		bytes_poke(&w->mem, (size_t)table + cpu * w->ptr, pcpu[cpu],
		    w->ptr);
		bytes_poke(&w->mem, (size_t)ZONE + 0x1000 * cpu + 8,
		    100 + cpu, 8);
		if (pcpu[cpu] == 0)
			continue;
		typed_set(w, pcpu[cpu], "pcpu.pc_cpuid", cpu);
		for (unsigned int s = 0; s < CPUSTATES; s++)
			bytes_poke(&w->mem, (size_t)typed_at(w, pcpu[cpu],
			    "pcpu.pc_cp_time", NULL) + s * w->ptr,
			    10 * s + cpu, w->ptr);
		if (typed_has(w, "pcpu.pc_zpcpu_offset"))
			typed_set(w, pcpu[cpu], "pcpu.pc_zpcpu_offset",
			    ZONE + 0x1000 * cpu);
	}
	typed_open(w);
	return (true);
}

static void
test_cpus(void **state)
{
	uint64_t ticks[CPUSTATES], pcpu[3], va, len, base;
	uint32_t running, max;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make_cpus(&w, i, pcpu))
			continue;
		UTIL_EQ(w.name, kvmi_freebsd_cptime(&w.k, w.cx, ticks), 0);
		UTIL_EQ(w.name, ticks[4], 82);
		UTIL_EQ(w.name, kvmi_freebsd_cpus(&w.k, w.cx, &running, &max),
		    0);
		UTIL_EQ(w.name, running, NCPUS);
		UTIL_EQ(w.name, max, 3);
		UTIL_EQ(w.name, kvmi_freebsd_pcpu(&w.k, w.cx, 2, &va, &len),
		    0);
		UTIL_EQ(w.name, va, pcpu[2]);
		UTIL_EQ(w.name, len >= 64, 1);
		for (uint32_t cpu = 1; cpu < 5; cpu += 2) {
			UTIL_EQ(w.name, kvmi_freebsd_pcpu(&w.k, w.cx, cpu,
			    &va, &len), 0);
			UTIL_EQ(w.name, len, 0);
			UTIL_EQ(w.name, kvmi_freebsd_zpcpu(&w.k, w.cx, 8, cpu,
			    &va), KVMI_ENOENT);
		}
		base = typed_has(&w, "pcpu.pc_zpcpu_offset") ? 8 : ZONE + 8;
		UTIL_EQ(w.name, kvmi_freebsd_zpcpu(&w.k, w.cx, base, 2, &va),
		    0);
		UTIL_EQ(w.name, va, ZONE + 0x2008);
		typed_done(&w);
	}
}

static void
test_bad_cpus(void **state)
{
	static const struct {
		const char *var;
		uint64_t value;
	} row[] = { { "mp_maxcpus", 0 }, { "mp_maxcpus", UINT32_MAX },
		{ "mp_maxcpus", 65537 }, { "mp_ncpus", 4 },
		{ "mp_ncpus", 0 } };
	uint64_t ticks[CPUSTATES], pcpu[3];
	uint32_t running, max;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make_cpus(&w, i, pcpu))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			typed_set_var(&w, "mp_maxcpus", 3);
			typed_set_var(&w, "mp_ncpus", NCPUS);
			typed_set_var(&w, row[j].var, row[j].value);
			typed_open(&w);
			UTIL_FAILS(w.name, kvmi_freebsd_cpus(&w.k, w.cx,
			    &running, &max), KVMI_EFORMAT, &w.cx->err);
		}
		typed_set_var(&w, "mp_ncpus", NCPUS);
		bytes_poke(&w.mem, (size_t)typed_var("cpuid_to_pcpu") +
		    2 * w.ptr, WILD, w.ptr);
		typed_open(&w);
		UTIL_FAILS(w.name, kvmi_freebsd_cptime(&w.k, w.cx, ticks),
		    KVMI_ENOTMAPPED, &w.cx->err);
		typed_done(&w);
	}
}

/* A device, a file, and a device whose vnode is lost. */
static bool
make_swap(struct typed *w, int i, uint64_t sw[3])
{
	uint64_t vnode, cdev;

	if (!typed_init(w, samples[i]))
		return (false);
	vnode = typed_new(w, "vnode");
	cdev = typed_new(w, "cdev");
	typed_set(w, vnode, "vnode.v_rdev", cdev);
	typed_text(w, typed_at(w, cdev, "cdev.si_name", NULL), "ada0p3");
	typed_set_var(w, "nsw_cluster_max", 32);
	for (unsigned int j = 0; j < 3; j++) {
		sw[j] = typed_new(w, "swdevt");
		typed_set(w, sw[j], "swdevt.sw_nblks", j == 1 ? 20 : 1000);
		typed_set(w, sw[j], "swdevt.sw_used", 10 + j);
		typed_set(w, sw[j], "swdevt.sw_flags", j);
		typed_set(w, sw[j], "swdevt.sw_dev", j == 1 ? UINT64_MAX :
		    0x60 + j);
		typed_set(w, sw[j], "swdevt.sw_vp", j == 0 ? vnode : WILD);
		if (j > 0)
			typed_set(w, sw[j - 1], "swdevt.sw_list.tqe_next",
			    sw[j]);
	}
	typed_set_var(w, "swtailq", sw[0]);
	typed_open(w);
	return (true);
}

static void
test_swap(void **state)
{
	struct kvmi_swaps s;
	uint64_t sw[3];
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make_swap(&w, i, sw))
			continue;
		UTIL_EQ(w.name, kvmi_freebsd_swaps(&w.k, w.cx, &s), 0);
		UTIL_EQ(w.name, s.n, 3);
		UTIL_STR(w.name, s.v[0].name, "ada0p3");
		UTIL_EQ(w.name, s.v[0].device, true);
		UTIL_EQ(w.name, s.v[0].total, 968);
		UTIL_EQ(w.name, s.v[0].used, 10);
		/* What is kept back is more than there is. */
		UTIL_STR(w.name, s.v[1].name, "[NFS swap]");
		UTIL_EQ(w.name, s.v[1].total, 0);
		UTIL_EQ(w.name, s.v[1].flags, 1);
		UTIL_STR(w.name, s.v[2].name, "#C:0x62");
		free(s.v);
		typed_set_var(&w, "swtailq", 0);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_swaps(&w.k, w.cx, &s), 0);
		UTIL_EQ(w.name, s.n, 0);
		typed_done(&w);
	}
}

static void
test_bad_swap(void **state)
{
	struct kvmi_swaps s;
	uint64_t sw[3];
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make_swap(&w, i, sw))
			continue;
		typed_set(&w, sw[2], "swdevt.sw_list.tqe_next", sw[1]);
		typed_open(&w);
		UTIL_FAILS(w.name, kvmi_freebsd_swaps(&w.k, w.cx, &s),
		    KVMI_EFORMAT, &w.cx->err);
		UTIL_EQ(w.name, s.v == NULL, true);
		typed_set(&w, sw[2], "swdevt.sw_list.tqe_next", WILD);
		typed_open(&w);
		UTIL_FAILS(w.name, kvmi_freebsd_swaps(&w.k, w.cx, &s),
		    KVMI_ENOTMAPPED, &w.cx->err);
		typed_set(&w, sw[2], "swdevt.sw_list.tqe_next", 0);
		typed_set(&w, sw[0], "swdevt.sw_used", UINT32_MAX);
		typed_open(&w);
		UTIL_FAILS(w.name, kvmi_freebsd_swaps(&w.k, w.cx, &s),
		    KVMI_EFORMAT, &w.cx->err);
		typed_done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_bad_cpus),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_bad_swap),
	};

	typed_samples(argc, argv);
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
