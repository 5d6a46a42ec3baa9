/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getprocs(3). */
#include <stdlib.h>

#include "api/kd.h"

struct kinfo_proc *
kvm_getprocs(kvm_t *kd, int op, int arg, int *cnt)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_procs procs = { 0 };
	struct kinfo_proc *old;
	struct kvmi_err before;
	bool threads;
	int r;

	if (cx == NULL)
		return (NULL);
	before = cx->err;
	kvmi_damage_reset(cx);
	r = kvmi_procs_op(op, &op, &threads, &cx->err);
	if (r == 0)
		r = kd->kernel->os->procs(kd->kernel, cx, op, arg, threads,
		    &procs);
	/* An empty answer is an array too: NULL means failure. */
	if (r == 0 && procs.v == NULL &&
	    (procs.v = calloc(1, sizeof(*procs.v))) == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	if (r != 0) {
		free(procs.v);
		kvmi_kd_fail(kd, cx, r);
		return (NULL);
	}
	kvmi_kd_restore(cx, &before);
	pthread_mutex_lock(&kd->lock);
	old = kd->procs.v;
	kd->procs = procs;
	pthread_mutex_unlock(&kd->lock);
	free(old);
	*cnt = (int)procs.n;
	return (procs.v);
}
