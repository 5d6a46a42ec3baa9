/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "use_state.h"

#define MAX_ASKED	40		/* processes of a list */

/* An error of this thread's for the next call to leave alone, or replace. */
#define MARK	"no process given"

static void
mark(kvm_t *kd)
{
	kvm_getargv(kd, NULL, 0);
}

/* What failed says why; what did not leaves the error as it was. */
static bool
reasoned(kvm_t *kd, bool failed)
{
	bool marked = strcmp(kvm_geterr(kd), MARK) == 0;
	bool right = failed ? !marked && kvm_geterr(kd)[0] != '\0' : marked;

	mark(kd);
	return (right);
}

static size_t
length(char **strings)
{
	size_t n = 0;

	for (; strings != NULL && *strings != NULL; strings++)
		n += strlen(*strings);
	return (n);
}

static int
see_module(const struct kvm_module *m, void *arg)
{
	*(size_t *)arg += strlen(m->km_name) + strlen(m->km_path);
	return (1);
}

static int
see_frame(const struct kvm_frame *f, void *arg)
{
	*(size_t *)arg += strlen(f->kf_module);
	return (1);
}

/* The list is the descriptor's: the calls here leave it as it is. */
static const char *
use_process(kvm_t *kd, const struct kinfo_proc *ki)
{
	struct kvm_reg regs[8];
	size_t n = 0;
	char **v;

	v = kvm_getargv(kd, ki, 0);
	if (!reasoned(kd, v == NULL))
		return ("kvm_getargv");
	n += length(v);
	v = kvm_getenvv(kd, ki, 100);
	if (!reasoned(kd, v == NULL))
		return ("kvm_getenvv");
	n += length(v);
	if (!reasoned(kd, kvm_walk_stack(kd, ki, see_frame, &n) < 0))
		return ("kvm_walk_stack");
	if (!reasoned(kd, kvm_getregs(kd, ki, 0, regs, 8) < 0))
		return ("kvm_getregs");
	return (NULL);
}

static const char *
use_cpus(kvm_t *kd)
{
	int n = kvm_getmaxcpu(kd);
	uint8_t b[8];
	void *copy;

	if (!reasoned(kd, n < 0))
		return ("kvm_getmaxcpu");
	for (int cpu = 0; cpu < 3; cpu++) {
		copy = kvm_getpcpu(kd, cpu);
		if (!reasoned(kd, copy == (void *)-1))
			return ("kvm_getpcpu");
		if (copy != (void *)-1)
			free(copy);
		if (!reasoned(kd, kvm_read_zpcpu(kd, 0x1000, b, sizeof(b),
		    cpu) < 0))
			return ("kvm_read_zpcpu");
	}
	if (!reasoned(kd, kvm_getncpus(kd) < 0))
		return ("kvm_getncpus");
	/* What these return says nothing of failure. */
	kvm_getpaniccpu(kd);
	kvm_counter_u64_fetch(kd, 0x2040);
	mark(kd);
	return (NULL);
}

const char *
use_state(kvm_t *kd)
{
	struct kvm_swap swap[4];
	struct kinfo_proc *ki;
	long times[CPUSTATES];
	const char *bad;
	double load[3];
	size_t sum = 0;
	int n = 0;

	mark(kd);
	if (!reasoned(kd, kvm_getloadavg(kd, load, 3) < 0))
		return ("kvm_getloadavg");
	if (!reasoned(kd, kvm_getcptime(kd, times) < 0))
		return ("kvm_getcptime");
	if (!reasoned(kd, kvm_getswapinfo(kd, swap, 4, 0) < 0))
		return ("kvm_getswapinfo");
	if (!reasoned(kd, kvm_walk_modules(kd, see_module, &sum) < 0))
		return ("kvm_walk_modules");
	bad = use_cpus(kd);
	ki = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	if (bad == NULL && !reasoned(kd, ki == NULL))
		bad = "kvm_getprocs";
	for (int i = 0; ki != NULL && i < n && i < MAX_ASKED && bad == NULL; i++)
		bad = use_process(kd, &ki[i]);
	return (bad);
}
