/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "os/linux/linux.h"

const void *
kvmi_linux_once(struct kvmi_linux *l, enum kvmi_linux_once which)
{
	return (atomic_load_explicit(&l->once[which], memory_order_acquire));
}

const void *
kvmi_linux_once_set(struct kvmi_linux *l, enum kvmi_linux_once which,
    void *made)
{
	void *there = NULL;

	if (atomic_compare_exchange_strong_explicit(&l->once[which], &there,
	    made, memory_order_acq_rel, memory_order_acquire))
		return (made);
	free(made);
	return (there);
}

void
kvmi_linux_once_deinit(struct kvmi_linux *l)
{
	for (size_t i = 0; i < KVMI_ONCES; i++)
		free(atomic_load_explicit(&l->once[i], memory_order_relaxed));
}
