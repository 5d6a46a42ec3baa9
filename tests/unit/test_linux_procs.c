/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of Linux kernels of the versions that no machine is booted with. */
#include "linux_world.h"

static int64_t
nsec(struct kvm_timeval tv)
{
	return (tv.tv_sec * NSEC + tv.tv_usec * 1000);
}

static void
check_others(struct world *w)
{
	const struct kinfo_proc *ki = w->procs.v;

	UTIL_EQ(w->name, ki[0].ki_pid, V_PARENT);
	UTIL_STR(w->name, ki[0].ki_comm, "init");
	UTIL_EQ(w->name, ki[0].ki_stat, SSLEEP);
	UTIL_EQ(w->name, ki[0].ki_tdflags, TDF_SINTR);
	UTIL_EQ(w->name, ki[0].ki_ppid, 0);
	UTIL_EQ(w->name, ki[0].ki_pgid, V_PARENT);
	UTIL_EQ(w->name, ki[0].ki_kiflag, KI_SLEADER);
	UTIL_EQ(w->name, ki[1].ki_pid, 2);
	UTIL_EQ(w->name, ki[1].ki_stat, SSLEEP);
	UTIL_EQ(w->name, ki[1].ki_tdflags, TDF_NOLOAD);
	UTIL_TRUE(w->name, (ki[1].ki_flag & P_KPROC) != 0);
	UTIL_EQ(w->name, ki[1].ki_size, 0);
	UTIL_EQ(w->name, ki[3].ki_pid, V_ZOMBIE);
	UTIL_EQ(w->name, ki[3].ki_stat, SZOMB);
	UTIL_EQ(w->name, ki[3].ki_xstat, V_ZOMBIE_CODE);
	UTIL_EQ(w->name, ki[3].ki_ppid, V_PID);
}

static void
check_worker(struct world *w, const struct kinfo_proc *ki)
{
	uint64_t page = UINT64_C(1) << w->k.arch->page_shift;

	UTIL_EQ(w->name, ki->ki_pid, V_PID);
	UTIL_STR(w->name, ki->ki_comm, "worker");
	UTIL_EQ(w->name, ki->ki_ppid, V_PARENT);
	UTIL_EQ(w->name, ki->ki_pgid, V_PGRP);
	UTIL_EQ(w->name, ki->ki_sid, V_SESSION);
	UTIL_EQ(w->name, ki->ki_tsid, V_SESSION);
	UTIL_EQ(w->name, ki->ki_tpgid, V_PGRP);
	UTIL_EQ(w->name, ki->ki_tdev, V_TTY_MAJOR << 8 | V_TTY_MINOR);
	UTIL_EQ(w->name, ki->ki_stat, SRUN);
	UTIL_EQ(w->name, ki->ki_numthreads, 2);
	UTIL_EQ(w->name, ki->ki_nice, V_NICE);
	UTIL_EQ(w->name, ki->ki_lastcpu, V_CPU);
	UTIL_EQ(w->name, ki->ki_oncpu, V_CPU);
	UTIL_EQ(w->name, ki->ki_ruid, V_UID);
	UTIL_EQ(w->name, ki->ki_uid, V_EUID);
	UTIL_EQ(w->name, ki->ki_rgid, V_GID);
	UTIL_EQ(w->name, ki->ki_svgid, V_GID + 2);
	UTIL_EQ(w->name, ki->ki_ngroups, 2);
	UTIL_EQ(w->name, ki->ki_groups[1], V_GROUP);
	UTIL_EQ(w->name, nsec(ki->ki_start),
	    (V_BOOT + V_START) / 1000 * 1000);
	UTIL_EQ(w->name, ki->ki_runtime, (V_RUNTIME(0) + V_RUNTIME(1) +
	    V_GONE_UTIME + V_GONE_STIME) / 1000);
	UTIL_EQ(w->name, nsec(ki->ki_rusage.ru_utime), V_UTIME(0) +
	    V_UTIME(1) + V_GONE_UTIME);
	UTIL_EQ(w->name, nsec(ki->ki_rusage.ru_stime), V_STIME(0) +
	    V_STIME(1) + V_GONE_STIME);
	UTIL_EQ(w->name, nsec(ki->ki_rusage_ch.ru_utime), V_CHILDREN_UTIME);
	UTIL_EQ(w->name, ki->ki_rusage.ru_minflt, V_FAULTS(0) + V_FAULTS(1));
	UTIL_EQ(w->name, ki->ki_rusage.ru_nvcsw, V_SWITCHES(0) +
	    V_SWITCHES(1));
	UTIL_EQ(w->name, ki->ki_size, V_TOTAL_VM * page);
	UTIL_EQ(w->name, ki->ki_rssize, V_RSS_FILE + V_RSS_ANON +
	    V_RSS_SHARED + 2 * V_RSS_HELD);
	UTIL_EQ(w->name, ki->ki_swrss, V_SWAPPED);
	UTIL_EQ(w->name, ki->ki_dsize, V_DATA_VM);
	UTIL_EQ(w->name, ki->ki_ssize, V_STACK_VM);
	UTIL_EQ(w->name, ki->ki_textvp, 0x1230);
	UTIL_EQ(w->name, ki->ki_sigignore.__bits[0], 1);
	UTIL_EQ(w->name, ki->ki_sigcatch.__bits[0], 2);
	UTIL_EQ(w->name, ki->ki_siglist.__bits[0], 1 << 9);
}

static void
test_procs(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		const struct kinfo_proc *ki;

		if (!make(&w, samples[i]))
			continue;
		list(&w, false, 4);
		check_others(&w);
		check_worker(&w, &w.procs.v[2]);
		list(&w, true, 5);
		ki = &w.procs.v[3];
		UTIL_EQ(w.name, ki->ki_pid, V_PID);
		UTIL_EQ(w.name, ki->ki_tid, V_TID);
		UTIL_STR(w.name, ki->ki_tdname, "second");
		UTIL_EQ(w.name, ki->ki_stat, SSLEEP);
		UTIL_EQ(w.name, ki->ki_tdflags, 0);
		UTIL_EQ(w.name, ki->ki_oncpu, -1);
		UTIL_EQ(w.name, ki->ki_sigmask.__bits[0], 1 << 14);
		UTIL_EQ(w.name, nsec(ki->ki_rusage.ru_utime), V_UTIME(1));
		done(&w);
	}
}

/* A thread is of one process, whatever others' lists say. */
static void
test_shared_threads(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint64_t init, worker, signal = 0;
		struct kvmi_member m;

		if (!make(&w, samples[i]))
			continue;
		init = address(&w, "init_proc");
		worker = address(&w, "worker");
		assert_int_equal(kvmi_type_first(w.k.types,
		    "task_struct.signal", &m, &w.cx->err), 0);
		assert_int_equal(kvmi_kread_member(&w.k, w.cx, worker, &m,
		    &signal), 0);
		bytes_poke(&w.mem, init + m.off, signal, m.size);
		take(&w);
		w.cx->damage = 0;
		free(w.procs.v);
		w.procs = (struct kvmi_procs){ 0 };
		assert_int_equal(kvmi_linux_procs(&w.k, w.cx, KERN_PROC_ALL, 0,
		    true, &w.procs), 0);
		/* Two as init's; the worker is there without. */
		UTIL_EQ(w.name, w.procs.n, 5);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_TRUE(w.cx->damage_why, strstr(w.cx->damage_why,
		    "was there before") != NULL);
		done(&w);
	}
}

/* More than one thread lists, and one of them more than one share. */
#define CROWD	3500
#define CROWD_PID	1000

/* CROWD kernel threads at the end of the list; their size. */
static uint64_t
add_crowd(struct world *w)
{
	unsigned int ptr = w->k.arch->pointer_size;
	struct kvmi_member tasks, pid, tgid;
	uint64_t size, at, head, last, like = address(w, "kthreadd");
	struct kvmi_err *err = &w->cx->err;

	assert_int_equal(kvmi_type_size(w->k.types, "task_struct", &size, err),
	    0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.tasks",
	    &tasks, err), 0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.pid", &pid,
	    err), 0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.tgid", &tgid,
	    err), 0);
	size = (size + 63) & ~UINT64_C(63);
	bytes_fill(&w->mem, 0, CROWD * size);
	head = address(w, "init_task") + tasks.off;
	last = kvmi_get_uint(w->mem.p + head + ptr, ptr, w->k.big_endian);
	at = SIZE;
	for (unsigned int i = 0; i < CROWD; i++, at += size) {
		memcpy(w->mem.p + at, w->mem.p + like, size);
		bytes_poke(&w->mem, at + pid.off, CROWD_PID + i, 4);
		bytes_poke(&w->mem, at + tgid.off, CROWD_PID + i, 4);
		bytes_poke(&w->mem, at + tasks.off + ptr, last, ptr);
		bytes_poke(&w->mem, last, at + tasks.off, ptr);
		last = at + tasks.off;
	}
	bytes_poke(&w->mem, last, head, ptr);
	bytes_poke(&w->mem, head + ptr, last, ptr);
	return (size);
}

static void
test_crowd(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_member cred;
		uint64_t size;

		if (!make(&w, samples[i]))
			continue;
		/* Tables map no more than there was. */
		if (address(&w, "swapper_pg_dir") != 0) {
			done(&w);
			continue;
		}
		size = add_crowd(&w);
		take(&w);
		list(&w, false, 4 + CROWD);
		for (unsigned int j = 0; j < CROWD; j++) {
			const struct kinfo_proc *ki = &w.procs.v[
			    w.procs.n - CROWD + j];

			UTIL_EQ(w.name, ki->ki_pid, CROWD_PID + j);
			UTIL_EQ(w.name, ki->ki_paddr, SIZE + j * size);
			UTIL_TRUE(w.name, (ki->ki_flag & P_KPROC) != 0);
		}
		/* Whoever listed the last one has to say what it lacks. */
		UTIL_EQ(w.name, kvmi_type_first(w.k.types, "task_struct.cred",
		    &cred, &w.cx->err), 0);
		bytes_poke(&w.mem, SIZE + (CROWD - 1) * size + cred.off,
		    w.mem.len, w.k.arch->pointer_size);
		take(&w);
		free(w.procs.v);
		w.procs = (struct kvmi_procs){ 0 };
		UTIL_EQ(w.name, kvmi_linux_procs(&w.k, w.cx, KERN_PROC_ALL, 0,
		    false, &w.procs), 0);
		UTIL_EQ(w.name, w.procs.n, 4 + CROWD);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_TRUE(w.name, strstr(w.cx->damage_why, "process 4499 ") !=
		    NULL);
		done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_procs),
		cmocka_unit_test(test_shared_threads),
		cmocka_unit_test(test_crowd),
	};

	samples = argv + 1;
	n_samples = argc - 1;
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
