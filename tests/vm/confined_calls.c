/* SPDX-License-Identifier: BSD-2-Clause */
#include "confined_calls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As procfs shows it: its number is not always getpid(). */
static int
self(void)
{
	char link[32] = "";

	return (readlink("/proc/self", link, sizeof(link) - 1) > 0 ?
	    atoi(link) : getpid());
}

static bool
ask_procs(kvm_t *kd)
{
	int n = 0, me = self(), found = 0;
	struct kinfo_proc *p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);

	if (p == NULL)
		return (false);
	for (int i = 0; i < n; i++)
		found += p[i].ki_pid == me && p[i].ki_uid == geteuid() &&
		    p[i].ki_runtime < 10 * 1000000 && p[i].ki_start.tv_sec > 0;
	return (found == 1);
}

static bool
ask_argv(kvm_t *kd)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_pid = self() };
	char **v = kvm_getargv(kd, &ki, 0);

	return (v != NULL && v[0] != NULL && v[0][0] != '\0');
}

static bool
ask_uread(kvm_t *kd)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_pid = self() };
	char text[] = "here", copy[sizeof(text)] = "";

	return (kvm_uread(kd, &ki, (uintptr_t)text, copy, sizeof(copy)) ==
	    sizeof(copy) && strcmp(text, copy) == 0);
}

static bool
ask_load(kvm_t *kd)
{
	double avg[3];

	return (kvm_getloadavg(kd, avg, 3) == 3);
}

static bool
ask_swap(kvm_t *kd)
{
	struct kvm_swap swap[8];

	return (kvm_getswapinfo(kd, swap, 8, 0) >= 0);
}

static bool
ask_cptime(kvm_t *kd)
{
	long ticks[CPUSTATES];

	return (kvm_getcptime(kd, ticks) == 0);
}

static bool
ask_cpus(kvm_t *kd)
{
	return (kvm_getncpus(kd) > 0 && kvm_getmaxcpu(kd) >=
	    kvm_getncpus(kd));
}

static int
see_module(const struct kvm_module *m, void *arg)
{
	(void)m;
	(void)arg;
	return (1);
}

static bool
ask_modules(kvm_t *kd)
{
	return (kvm_walk_modules(kd, see_module, NULL) >= 0);
}

static int
see_record(const struct kvm_logrec *rec, void *arg)
{
	(void)rec;
	(void)arg;
	return (0);
}

static bool
ask_log(kvm_t *kd)
{
	return (kvm_walk_log(kd, see_record, NULL) > 0);
}

static bool
ask_symbol(kvm_t *kd)
{
	struct kvm_symbol s;

	return (kvm_symbol_by_name(kd, "schedule", &s) == 0 &&
	    s.ks_value != 0);
}

static bool
ask_types(kvm_t *kd)
{
	uint64_t size = 0;

	return (kvm_type_size(kd, "task_struct", &size) == 0 && size > 0);
}

/* That the address is mapped does not matter. */
static bool
ask_memory(kvm_t *kd)
{
	char byte;

	return (kvm_read2(kd, UINT64_C(0xffffffff81000000), &byte, 1) == 1 ||
	    kvm_errkind(kd) == KVM_ERR_NOTMAPPED);
}

static bool
ask_info(kvm_t *kd)
{
	const struct kvm_info *info = kvm_getinfo(kd);

	return (info != NULL && info->ki_release[0] != '\0');
}

const struct confined_call confined_calls[N_CALLS] = {
	[PROCS] = { "kvm_getprocs", ask_procs },
	[ARGV] = { "kvm_getargv", ask_argv },
	[UREAD] = { "kvm_uread", ask_uread },
	[LOAD] = { "kvm_getloadavg", ask_load },
	[SWAP] = { "kvm_getswapinfo", ask_swap },
	[CPTIME] = { "kvm_getcptime", ask_cptime },
	[CPUS] = { "kvm_getncpus", ask_cpus },
	[MODULES] = { "kvm_walk_modules", ask_modules },
	[LOG] = { "kvm_walk_log", ask_log },
	[SYMBOL] = { "kvm_symbol_by_name", ask_symbol },
	[TYPES] = { "kvm_type_size", ask_types },
	[MEMORY] = { "kvm_read2", ask_memory },
	[INFO] = { "kvm_getinfo", ask_info },
};
