/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_read(3): reading and writing by virtual and by physical address. */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "api/kd.h"

/* A space that can be read from, or NULL after a failure. */
static const struct kvmi_space *
ready_space(kvm_t *kd, struct kvmi_cx *cx)
{
	const struct kvmi_space *s = &kd->kernel->space;
	int r;

	if (__atomic_load_n(&s->ops, __ATOMIC_ACQUIRE) != NULL)
		return (s);
	r = kvmi_kd_memory(kd, cx);
	if (r != 0) {
		kvmi_kd_fail(kd, cx, r);
		return (NULL);
	}
	return (s);
}

static struct kvmi_cx *
enter(kvm_t *kd, size_t nbytes)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);

	if (cx != NULL && nbytes > SSIZE_MAX) {
		kvmi_kd_fail(kd, cx, kvmi_fail(&cx->err, KVMI_EINVAL,
		    "%zu bytes are more than a call can return", nbytes));
		return (NULL);
	}
	return (cx);
}

/* As far as it goes, and why no further; -1: it did not begin. */
static int
read_some(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes, size_t *done,
    int *why)
{
	struct kvmi_cx *cx = enter(kd, nbytes);
	const struct kvmi_space *s;

	*done = 0;
	*why = 0;
	if (cx == NULL)
		return (-1);
	if (nbytes == 0)
		return (0);
	if ((s = ready_space(kd, cx)) == NULL)
		return (-1);
	*why = kvmi_space_read(s, cx, addr, buf, nbytes, done);
	if (*why != 0)
		kvmi_kd_fail(kd, cx, *why);
	return (0);
}

static __attribute__((noinline)) ssize_t
read_slow(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes)
{
	size_t done;
	int r;

	if (read_some(kd, addr, buf, nbytes, &done, &r) != 0)
		return (-1);
	/* BSD's one short count: the end of a file that was cut short. */
	return (r == 0 || r == KVMI_ETRUNC ? (ssize_t)done : -1);
}

/* Other lengths, as far as this thread's cache has them in one piece. */
static __attribute__((noinline)) ssize_t
read_near(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_tlb_entry *e;

	if (cx == NULL)
		return (-1);
	e = kvmi_tlb_near(&cx->tlb, addr);
	/* Of nothing buf may be NULL. */
	if (e == NULL || nbytes == 0 || nbytes > e->len - (addr - e->va))
		return (read_slow(kd, addr, buf, nbytes));
	memcpy(buf, kvmi_tlb_host(e, addr), nbytes);
	if (atomic_load(&kvmi_lost_ever))
		return (read_slow(kd, addr, buf, nbytes));
	return ((ssize_t)nbytes);
}

/*
 * Most reads are of a word near one that was read before: those end here, in as
 * few instructions as will do.  So nothing is called but what is called last.
 * Pages of a file that was cut short are noticed behind the copy.
 */
ssize_t
kvm_read2(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes)
{
	const struct kvmi_tlb_entry *e;

	if (kd == NULL || !kvmi_cx_is_last(&kd->threads) ||
	    (e = kvmi_tlb_word(&kvmi_last_cx.cx->tlb, addr)) == NULL)
		return (read_near(kd, addr, buf, nbytes));
	if (__builtin_expect(nbytes == 8, 1))
		memcpy(buf, kvmi_tlb_host(e, addr), 8);
	else if (nbytes == 4)
		memcpy(buf, kvmi_tlb_host(e, addr), 4);
	else
		return (read_near(kd, addr, buf, nbytes));
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&kvmi_lost_ever, memory_order_relaxed))
		return (read_slow(kd, addr, buf, nbytes));
	return ((ssize_t)nbytes);
}

ssize_t
kvm_read(kvm_t *kd, unsigned long addr, void *buf, size_t nbytes)
{
	return (kvm_read2(kd, addr, buf, nbytes));
}

ssize_t
kvm_read_partial(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes)
{
	size_t done;
	int ignored;

	if (read_some(kd, addr, buf, nbytes, &done, &ignored) != 0)
		return (-1);
	return ((ssize_t)done);
}

ssize_t
kvm_read_phys(kvm_t *kd, kpaddr_t pa, void *buf, size_t nbytes)
{
	struct kvmi_cx *cx = enter(kd, nbytes);
	size_t done;
	int r;

	if (cx == NULL)
		return (-1);
	if (nbytes == 0)
		return (0);
	if (ready_space(kd, cx) == NULL)
		return (-1);
	r = kvmi_image_read(kd->kernel->img, pa, buf, nbytes, &done, &cx->err);
	return (r == 0 ? (ssize_t)nbytes : kvmi_kd_fail(kd, cx, r));
}

int
kvm_vtophys(kvm_t *kd, kvaddr_t addr, kpaddr_t *pa, uint64_t *len)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_space *s;
	struct kvmi_mapping m;
	int r;

	if (cx == NULL || (s = ready_space(kd, cx)) == NULL)
		return (-1);
	r = kvmi_space_translate(s, addr, &m, &cx->err);
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	*pa = m.pa + (addr - m.va);
	if (len != NULL)
		*len = m.len - (addr - m.va);
	return (0);
}

static int
write_memory(kvm_t *kd, struct kvmi_cx *cx, uint64_t va, const void *buf,
    size_t len, size_t *done)
{
	struct kvmi_kernel *k = kd->kernel;

	*done = 0;
	if (k->os->write == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "kvm_write not "
		    "implemented for dead kernels (at 0x%" PRIx64 ")", va));
	if (kd->opts.ko_flags != O_RDWR)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "kvm_write: opened "
		    "for reading only; open with O_RDWR to write (at 0x%" PRIx64
		    ")", va));
	return (k->os->write(k, cx, va, buf, len, done));
}

ssize_t
kvm_write(kvm_t *kd, unsigned long addr, const void *buf, size_t nbytes)
{
	struct kvmi_cx *cx = enter(kd, nbytes);
	size_t done;
	int r;

	if (cx == NULL)
		return (-1);
	r = write_memory(kd, cx, addr, buf, nbytes, &done);
	if (r == 0)
		return ((ssize_t)nbytes);
	if (done > 0)
		kvmi_wrap(&cx->err, r, "kvm_write: only %zu of %zu bytes were "
		    "written", done, nbytes);
	kvmi_kd_fail(kd, cx, r);
	/* As BSD: what was written counts. */
	return (done > 0 ? (ssize_t)done : -1);
}
