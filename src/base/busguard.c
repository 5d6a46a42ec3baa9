/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/busguard.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/math.h"

/*
 * A signal handler has no argument of ours, so its table must be global.  The
 * handler may run in any thread at any time: slots are single atomic pointers
 * and are changed under the lock only.
 */
static _Atomic(struct kvmi_map *) slots[256];
static unsigned int nslots;
static struct sigaction previous;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

_Atomic bool kvmi_lost_ever;

static struct kvmi_map *
find(const uint8_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(slots); i++) {
		struct kvmi_map *m = atomic_load(&slots[i]);

		if (m != NULL && addr >= m->base && addr < m->base + m->len)
			return (m);
	}
	return (NULL);
}

static void
pass_on(int sig, siginfo_t *si, void *uc)
{
	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(sig, si, uc);
		return;
	}
	if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(sig);
		return;
	}
	/* What is sent can be ignored, what is met cannot. */
	if (si->si_code <= 0 && previous.sa_handler == SIG_IGN)
		return;
	/* Return to the faulting instruction, which then meets the default. */
	signal(sig, SIG_DFL);
	if (si->si_code <= 0)
		raise(sig);
}

static void
note(_Atomic size_t *start, _Atomic size_t *end, size_t off, size_t page)
{
	size_t v = atomic_load(start);

	while (off < v && !atomic_compare_exchange_weak(start, &v, off))
		;
	v = atomic_load(end);
	while (off + page > v &&
	    !atomic_compare_exchange_weak(end, &v, off + page))
		;
}

static void
on_sigbus(int sig, siginfo_t *si, void *uc)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *addr = si->si_addr;
	struct kvmi_map *m;
	size_t off;

	/* si_code > 0: from the kernel, so that si_addr means something. */
	m = si->si_code > 0 ? find(addr) : NULL;
	if (m == NULL) {
		pass_on(sig, si, uc);
		return;
	}
	off = (size_t)(addr - m->base) & ~(page - 1);
	atomic_store(&kvmi_lost_ever, true);
	note(&m->lost_start, &m->lost_end, off, page);
	if (mmap((void *)(uintptr_t)(m->base + off), page, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		pass_on(sig, si, uc);
}

int
kvmi_busguard_add(struct kvmi_map *m)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	int r = -1;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KVMI_COUNT(slots); i++) {
		if (atomic_load(&slots[i]) != NULL)
			continue;
		if (nslots == 0 && sigaction(SIGBUS, &sa, &previous) != 0)
			break;
		nslots++;
		atomic_store(&slots[i], m);
		r = 0;
		break;
	}
	pthread_mutex_unlock(&lock);
	return (r);
}

void
kvmi_busguard_remove(struct kvmi_map *m)
{
	struct sigaction now;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < KVMI_COUNT(slots); i++) {
		if (atomic_load(&slots[i]) != m)
			continue;
		atomic_store(&slots[i], NULL);
		/* Give the signal back, unless somebody took it meanwhile. */
		if (--nslots == 0 && sigaction(SIGBUS, NULL, &now) == 0 &&
		    (now.sa_flags & SA_SIGINFO) &&
		    now.sa_sigaction == on_sigbus)
			sigaction(SIGBUS, &previous, NULL);
		break;
	}
	pthread_mutex_unlock(&lock);
}
