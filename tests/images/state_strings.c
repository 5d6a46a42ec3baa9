/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments and environments: all of them, none, or not in the dump. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

typedef char **get_fn(kvm_t *kd, const struct kinfo_proc *kp, int nchr);

static void
check_one(struct state *s, const char *kind, get_fn *get, int pid,
    const char *want)
{
	int n = 0, count = atoi(want), number, index, at;
	struct kinfo_proc *ki = kvm_getprocs(s->kd, KERN_PROC_PID, pid, &n);
	char format[32];
	char **v;

	if (!state_check(s, ki != NULL && n == 1, "%ss of %d: no process",
	    kind, pid))
		return;
	v = get(s->kd, ki, 0);
	if (strcmp(want, "absent") == 0) {
		state_check(s, v == NULL && kvm_errkind(s->kd) ==
		    KVM_ERR_NOTINDUMP, "%ss of %d: not absent, but %s", kind,
		    pid, v != NULL ? "there" : kvm_geterr(s->kd));
		return;
	}
	if (!state_check(s, v != NULL, "%ss of %d: %s", kind, pid,
	    kvm_geterr(s->kd)))
		return;
	for (n = 0; v[n] != NULL; n++)
		;
	state_check(s, n == count, "%ss of %d: %d, not %d", kind, pid, n,
	    count);
	snprintf(format, sizeof(format), "%s %%d %%d %%n", kind);
	for (size_t i = 0; i < s->nline; i++) {
		at = 0;
		if (sscanf(s->line[i], format, &number, &index, &at) < 2 ||
		    number != pid || index >= n)
			continue;
		/* An empty string leaves nothing for the blank to match. */
		state_check(s, strcmp(v[index], at != 0 ? s->line[i] + at :
		    "") == 0, "%s %d of %d: %s", kind, index, pid, v[index]);
	}
}

void
state_strings(struct state *s)
{
	char want[32];
	int pid;

	for (size_t i = 0; i < s->nline; i++) {
		if (sscanf(s->line[i], "args %d %31s", &pid, want) == 2)
			check_one(s, "arg", kvm_getargv, pid, want);
		else if (sscanf(s->line[i], "envs %d %31s", &pid, want) == 2)
			check_one(s, "env", kvm_getenvv, pid, want);
	}
}
