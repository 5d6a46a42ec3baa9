/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layouts that were worked out from the tasks are those that the kernel's own
 * types tell: of a dump that has types, or with those of a vmlinux.  When a task
 * is damaged they are the same, or none; of a busy machine they are the same.
 *
 * usage: test_infer [-k VMLINUX] DUMP...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "bend.h"
#include "os/linux/infer.h"

/* Names that the kernels of tests/vm have, new ones first; true: must be found. */
static const struct {
	const char	*inferred;
	const char	*told;
	bool		 needed;
} rows[] = {
	{ "task_struct.__state", "task_struct.__state task_struct.state",
	    true },
	{ "task_struct.stack", NULL, true },
	{ "task_struct.flags", NULL, true },
	{ "task_struct.ptrace", NULL, true },
	/* In another place before 5.16. */
	{ "task_struct.thread_info.cpu",
	    "task_struct.thread_info.cpu task_struct.cpu", false },
	{ "task_struct.on_cpu", NULL, false },
	{ "task_struct.prio", NULL, true },
	{ "task_struct.static_prio", NULL, true },
	{ "task_struct.normal_prio", NULL, true },
	{ "task_struct.policy", NULL, true },
	{ "task_struct.tasks", NULL, true },
	{ "task_struct.mm", NULL, true },
	{ "task_struct.exit_state", NULL, true },
	{ "task_struct.exit_code", NULL, true },
	{ "task_struct.pid", NULL, true },
	{ "task_struct.tgid", NULL, true },
	{ "task_struct.real_parent", NULL, true },
	{ "task_struct.parent", NULL, true },
	{ "task_struct.group_leader", NULL, true },
	{ "task_struct.thread_node", NULL, true },
	{ "task_struct.vfork_done", NULL, true },
	{ "task_struct.nvcsw", NULL, true },
	{ "task_struct.nivcsw", NULL, true },
	{ "task_struct.start_boottime", NULL, true },
	/* Some kernels have more than one place that fits. */
	{ "task_struct.se.exec_start", NULL, false },
	{ "task_struct.se.sum_exec_runtime", NULL, false },
	{ "task_struct.utime", NULL, false },
	{ "task_struct.stime", NULL, false },
	{ "task_struct.min_flt", NULL, true },
	{ "task_struct.maj_flt", NULL, true },
	{ "task_struct.cred", NULL, true },
	{ "task_struct.comm", NULL, true },
	{ "task_struct.signal", NULL, true },
	{ "task_struct.sighand", NULL, true },
	{ "task_struct.blocked", NULL, true },
	{ "task_struct.pending.signal", NULL, true },
	{ "signal_struct.nr_threads", NULL, true },
	{ "signal_struct.thread_head", NULL, true },
	{ "signal_struct.pids[2]", NULL, true },
	{ "signal_struct.pids[3]", NULL, true },
	{ "signal_struct.leader", NULL, true },
	{ "signal_struct.tty", NULL, true },
	{ "signal_struct.shared_pending.signal", NULL, true },
	{ "signal_struct.group_exit_code", NULL, true },
	{ "signal_struct.flags", NULL, true },
	{ "signal_struct.utime", NULL, true },
	{ "signal_struct.stime", NULL, true },
	{ "signal_struct.cutime", NULL, true },
	{ "signal_struct.cstime", NULL, true },
	{ "signal_struct.gtime", NULL, true },
	{ "signal_struct.cgtime", NULL, true },
	{ "signal_struct.nvcsw", NULL, true },
	{ "signal_struct.nivcsw", NULL, true },
	{ "signal_struct.cnvcsw", NULL, true },
	{ "signal_struct.cnivcsw", NULL, true },
	{ "signal_struct.min_flt", NULL, true },
	{ "signal_struct.maj_flt", NULL, true },
	{ "signal_struct.cmin_flt", NULL, true },
	{ "signal_struct.cmaj_flt", NULL, true },
	{ "signal_struct.inblock", NULL, true },
	{ "signal_struct.oublock", NULL, true },
	{ "signal_struct.cinblock", NULL, true },
	{ "signal_struct.coublock", NULL, true },
	{ "signal_struct.maxrss", NULL, true },
	{ "signal_struct.cmaxrss", NULL, true },
	{ "signal_struct.ioac.rchar", NULL, true },
	{ "signal_struct.ioac.read_bytes", NULL, true },
	{ "signal_struct.ioac.write_bytes", NULL, true },
	{ "signal_struct.sum_sched_runtime", NULL, true },
	{ "signal_struct.rlim", NULL, true },
	{ "task_struct.ioac.rchar", NULL, true },
	{ "task_struct.ioac.read_bytes", NULL, true },
	{ "task_struct.ioac.write_bytes", NULL, true },
	{ "tty_struct.driver", NULL, true },
	{ "tty_struct.index", NULL, true },
	{ "tty_struct.ctrl.pgrp", "tty_struct.ctrl.pgrp tty_struct.pgrp",
	    true },
	{ "tty_struct.ctrl.session",
	    "tty_struct.ctrl.session tty_struct.session", true },
	{ "tty_driver.major", NULL, true },
	{ "tty_driver.minor_start", NULL, true },
	{ "sighand_struct.action", NULL, true },
	{ "cred.uid", NULL, true },
	{ "cred.gid", NULL, true },
	{ "cred.suid", NULL, true },
	{ "cred.sgid", NULL, true },
	{ "cred.euid", NULL, true },
	{ "cred.egid", NULL, true },
	{ "cred.group_info", NULL, true },
	{ "group_info.ngroups", NULL, true },
	{ "mm_struct.start_code", NULL, true },
	{ "mm_struct.end_code", NULL, true },
	{ "mm_struct.arg_start", NULL, true },
	{ "mm_struct.arg_end", NULL, true },
	{ "mm_struct.env_start", NULL, true },
	{ "mm_struct.env_end", NULL, true },
	{ "mm_struct.pgd", NULL, true },
	{ "mm_struct.hiwater_rss", NULL, true },
	{ "mm_struct.total_vm", NULL, true },
	{ "mm_struct.data_vm", NULL, true },
	{ "mm_struct.stack_vm", NULL, true },
	{ "mm_struct.rss_stat", NULL, true },
	/* Since 6.2 it is made of these. */
	{ "percpu_counter.count", NULL, false },
	{ "percpu_counter.counters", NULL, false },
	{ "module.list", NULL, true },
	{ "module.name", NULL, true },
	{ "module.mem[0].base module.core_layout.base", NULL, true },
	{ "module.mem[0].size module.core_layout.text_size", NULL, true },
	{ "module.mem[1].size module.core_layout.size", NULL, true },
	{ "module.mem[6].size module.core_layout.size", NULL, true },
	{ "module.kallsyms", NULL, true },
	{ "mod_kallsyms.symtab", NULL, true },
	{ "mod_kallsyms.num_symtab", NULL, true },
	{ "mod_kallsyms.strtab", NULL, true },
	{ "mod_kallsyms.typetab", NULL, true },
	{ "kernel_cpustat.cpustat", NULL, true },
	/* Where the tick is stopped; flags since 6.9, and 7.2 has no times. */
	{ "tick_sched.flags", NULL, false },
	{ "tick_sched.idle_entrytime", NULL, false },
	{ "tick_sched.idle_sleeptime", NULL, false },
	{ "tick_sched.iowait_sleeptime", NULL, false },
	/* Some have nr_swap_pages among small data, far away. */
	{ "swap_info_struct.flags", NULL, false },
	{ "swap_info_struct.pages", NULL, false },
	{ "swap_info_struct.inuse_pages", NULL, false },
	{ "swap_info_struct.swap_file", NULL, false },
	{ "file.f_path", "file.f_path file.__f_path", false },
	{ "path.mnt", NULL, false },
	{ "path.dentry", NULL, false },
	{ "dentry.d_parent", NULL, false },
	{ "dentry.d_name.name", "dentry.d_name.name dentry.__d_name.name",
	    false },
	{ "mount.mnt", NULL, false },
	{ "mount.mnt.mnt_root", NULL, false },
	{ "mount.mnt_parent", NULL, false },
	{ "mount.mnt_mountpoint", NULL, false },
	{ "timekeeper.offs_real", NULL, true },
	{ "timekeeper.offs_boot", NULL, true },
	{ "timekeeper.tkr_mono.base", NULL, true },
	{ "timekeeper.tkr_mono.shift", NULL, true },
	{ "timekeeper.tkr_mono.xtime_nsec", NULL, true },
	/* An array without a size of its own. */
	{ "pid.numbers", NULL, true },
	{ "group_info.gid", NULL, true },
};

#define ROUNDS	400
#define LOST	20

static unsigned int
check_row(const char *dump, size_t i, struct kvmi_types *own,
    struct kvmi_types *inferred, bool may_lack, struct kvmi_err *err)
{
	const char *names = rows[i].told != NULL ? rows[i].told :
	    rows[i].inferred;
	struct kvmi_member have, want;

	if (kvmi_type_first(inferred, rows[i].inferred, &have, err) != 0) {
		if (rows[i].needed && !may_lack)
			printf("%s: %s was not found\n", dump,
			    rows[i].inferred);
		return (rows[i].needed && !may_lack);
	}
	if (kvmi_type_first(own, names, &want, err) != 0) {
		printf("%s: %s\n", dump, err->text);
		return (1);
	}
	/* Of a long that is enough, and of an array the first. */
	if (have.off == want.off && (have.size <= want.size ||
	    want.size == 0))
		return (0);
	printf("%s: %s is at %" PRIu64 " (%" PRIu64 " bytes), not %" PRIu64
	    " (%" PRIu64 ")\n", dump, rows[i].inferred, want.off, want.size,
	    have.off, have.size);
	return (1);
}

/* How many members that have to be found were not. */
static unsigned int
n_lacking(struct kvmi_types *inferred, struct kvmi_err *err)
{
	struct kvmi_member m;
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		n += rows[i].needed && kvmi_type_first(inferred,
		    rows[i].inferred, &m, err) != 0;
	return (n);
}

static unsigned int
check_busy(const char *dump, kvm_t *kd, struct kvmi_cx *cx,
    struct kvmi_types *own, unsigned int lacking)
{
	unsigned int failed = 0, more;
	struct kinfo_proc *ki;
	struct kvmi_types *t;
	int n;

	ki = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	if (ki == NULL || n < 10)
		return (1);
	bend_busy(kd->kernel, cx, own, ki, n);
	if (kvmi_linux_infer(kd->kernel, cx, &t) != 0) {
		printf("%s: busy: %s\n", dump, cx->err.text);
		return (1);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		failed += check_row(dump, i, own, t, true, &cx->err);
	more = n_lacking(t, &cx->err);
	kvmi_types_close(t);
	printf("%s: busy, %u wrong, %u members lost\n", dump, failed,
	    more - lacking);
	return (failed + (more > lacking));
}

/* A page of a task is lost: right or refused. */
static unsigned int
check_lost(const char *dump, struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *own, const struct kinfo_proc *ki, int n)
{
	unsigned int failed = 0, refused = 0;

	for (unsigned int round = 0; round < LOST; round++) {
		uint64_t va = (ki[random() % (n - 3) + 3].ki_paddr &
		    ~UINT64_C(4095)) + (uint64_t)(random() % 2) * 4096;
		uint8_t *p = bend_pages(k, cx, va), was[4096];
		struct kvmi_types *t;

		if (p == NULL)
			continue;
		memcpy(was, p, sizeof(was));
		memset(p, 0, sizeof(was));
		if (kvmi_linux_infer(k, cx, &t) == 0) {
			for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]);
			    i++)
				failed += check_row(dump, i, own, t, true,
				    &cx->err);
			kvmi_types_close(t);
		} else {
			printf("%s\n", cx->err.text);
			refused++;
		}
		memcpy(p, was, sizeof(was));
	}
	printf("%s: %d pages lost, %u refused, %u wrong\n", dump, LOST,
	    refused, failed);
	return (failed);
}

/* A word of a task becomes another's, or anything: right or refused. */
static unsigned int
check_damaged(const char *dump, kvm_t *kd, struct kvmi_cx *cx,
    struct kvmi_types *own)
{
	unsigned int failed = 0, refused = 0, lacking = 0;
	struct kinfo_proc *ki;
	int n;

	ki = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	if (ki == NULL || n < 10)
		return (1);
	srandom(3);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t va = ki[random() % n].ki_paddr +
		    (uint64_t)(random() % 480) * 8, v = (uint64_t)random();
		uint8_t *p = bend_pages(kd->kernel, cx, va), was[8];
		struct kvmi_types *t;

		/* Of a compressed file it is not there. */
		if (p == NULL)
			return (0);
		if (round % 3 != 0)
			v = ki[random() % n].ki_paddr + v % 512 * 8;
		memcpy(was, p, sizeof(was));
		memcpy(p, &v, sizeof(v));
		if (kvmi_linux_infer(kd->kernel, cx, &t) == 0) {
			for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]);
			    i++)
				failed += check_row(dump, i, own, t, true,
				    &cx->err);
			lacking += n_lacking(t, &cx->err);
			kvmi_types_close(t);
		} else {
			refused++;
		}
		memcpy(p, was, sizeof(was));
	}
	printf("%s: %d damaged, %u refused, %u wrong, %u members lost\n", dump,
	    ROUNDS, refused, failed, lacking);
	failed += check_lost(dump, kd->kernel, cx, own, ki, n);
	/* Numbers may agree by chance, which differs from boot to boot. */
	return (failed > ROUNDS / 100 ? failed : 0);
}

static unsigned int
check(const char *dump, const char *kernel)
{
	struct kvmi_types *own, *inferred;
	unsigned int failed = 0, lacking;
	struct kvmi_cx *cx;
	char why[2048];
	kvm_t *kd;

	kd = kvm_open2(kernel, dump, O_RDONLY, why, NULL);
	if (kd == NULL || (cx = kvmi_kd_enter(kd)) == NULL) {
		printf("%s: %s\n", dump, why);
		return (1);
	}
	if (kvmi_kernel_types(kd->kernel, cx, &own) != 0 ||
	    kvmi_linux_infer(kd->kernel, cx, &inferred) != 0) {
		printf("%s: %s\n", dump, cx->err.text);
		kvm_close(kd);
		return (1);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		failed += check_row(dump, i, own, inferred, false, &cx->err);
	lacking = n_lacking(inferred, &cx->err);
	kvmi_types_close(inferred);
	printf("%s: %zu members, %u wrong\n", dump,
	    sizeof(rows) / sizeof(rows[0]), failed);
	failed += check_damaged(dump, kd, cx, own);
	failed += check_busy(dump, kd, cx, own, lacking);
	kvm_close(kd);
	return (failed);
}

int
main(int argc, char **argv)
{
	const char *kernel = NULL;
	unsigned int failed = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-k") == 0) {
		kernel = argv[2];
		i = 3;
	}
	for (; i < argc; i++)
		failed += check(argv[i], kernel);
	return (failed != 0);
}
