/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of the library's own, which end before the call that began them. */
#ifndef KVMI_WORKER_H
#define KVMI_WORKER_H

#include <pthread.h>

/* All signals stay with the program's threads.  0, or an errno. */
int kvmi_worker_start(pthread_t *ret, void *(*fn)(void *), void *arg);

/* How many of them run at once: the CPUs that this thread may use. */
unsigned int kvmi_worker_cpus(void);

#endif
