/* SPDX-License-Identifier: BSD-2-Clause */
/* Swap devices: the list swtailq of sys/vm/swap_pager.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/addrs.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"

/* nswapdev has no limit, but kernels with more were never seen. */
#define MAX_DEVICES	1024

enum { SW_NEXT, SW_FLAGS, SW_NBLKS, SW_USED, SW_DEV, SW_VP, V_RDEV, SI_NAME,
    MEMBERS };

static const char *const spellings[MEMBERS] = {
	[SW_NEXT] = "swdevt.sw_list.tqe_next",
	[SW_FLAGS] = "swdevt.sw_flags",
	[SW_NBLKS] = "swdevt.sw_nblks",
	[SW_USED] = "swdevt.sw_used",
	[SW_DEV] = "swdevt.sw_dev",
	[SW_VP] = "swdevt.sw_vp",
	[V_RDEV] = "vnode.v_rdev vnode.v_un.vu_cdev",	/* until 11 */
	[SI_NAME] = "cdev.si_name",
};

struct lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_member m[MEMBERS];
	uint64_t	 reserved;	/* pages that are not for use */
	struct kvmi_swaps *out;
};

static int
number(const struct lister *x, uint64_t base, unsigned int id, uint64_t *ret)
{
	int r = kvmi_freebsd_get(x->k, x->cx, base, &x->m[id], ret);

	return (r == 0 ? 0 : kvmi_wrap(&x->cx->err, r, "%s", spellings[id]));
}

/* dev_t has 8 bytes since 12.0, and is unsigned. */
static bool
is_nodev(const struct kvmi_member *m, uint64_t dev)
{
	return (m->size == 4 ? (uint32_t)dev == UINT32_MAX :
	    dev == UINT64_MAX);
}

/* The name in the struct cdev behind the vnode; false: it cannot be had. */
static bool
device_name(const struct lister *x, uint64_t vnode, char *buf, size_t len)
{
	uint64_t cdev, name;

	if (vnode == 0 || x->m[V_RDEV].size == 0 || x->m[SI_NAME].size == 0 ||
	    number(x, vnode, V_RDEV, &cdev) != 0 || cdev == 0)
		return (false);
	name = cdev + x->m[SI_NAME].off;
	/* Until 11 the member was a pointer to the name. */
	if (x->m[SI_NAME].is_pointer && number(x, cdev, SI_NAME, &name) != 0)
		return (false);
	return (kvmi_space_string(&x->k->space, x->cx, name, buf, len) == 0 &&
	    buf[0] != '\0');
}

/* A name is not worth losing the numbers for: devname(3) has one for all. */
static void
fill_name(const struct lister *x, uint64_t dev, uint64_t vnode,
    struct kvmi_swap *s)
{
	if (is_nodev(&x->m[SW_DEV], dev)) {
		snprintf(s->name, sizeof(s->name), "[NFS swap]");
		return;
	}
	s->device = true;
	if (!device_name(x, vnode, s->name, sizeof(s->name)))
		snprintf(s->name, sizeof(s->name), "#C:0x%" PRIx64, dev);
}

static int
add_device(const struct lister *x, uint64_t va)
{
	struct kvmi_swap s = { .name = "" }, *v;
	uint64_t flags, dev, vnode;
	int r;

	r = number(x, va, SW_FLAGS, &flags);
	if (r == 0)
		r = number(x, va, SW_NBLKS, &s.total);
	if (r == 0)
		r = number(x, va, SW_USED, &s.used);
	if (r == 0)
		r = number(x, va, SW_DEV, &dev);
	if (r == 0)
		r = number(x, va, SW_VP, &vnode);
	if (r != 0)
		return (r);
	if ((int64_t)s.total < 0 || (int64_t)s.used < 0)
		return (kvmi_fail(&x->cx->err, KVMI_EFORMAT, "%" PRId64
		    " of %" PRId64 " pages in use", (int64_t)s.used,
		    (int64_t)s.total));
	s.total -= kvmi_min(x->reserved, s.total);
	s.flags = (int)flags;
	fill_name(x, dev, vnode, &s);
	v = realloc(x->out->v, (x->out->n + 1) * sizeof(*v));
	if (v == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	x->out->v = v;
	v[x->out->n++] = s;
	return (0);
}

/* What FreeBSD's own libkvm takes off, which was dmmax until 11. */
static void
find_reserved(struct lister *x)
{
	int32_t n;

	if ((kvmi_freebsd_int(x->k, x->cx, "dmmax", &n) == 0 ||
	    kvmi_freebsd_int(x->k, x->cx, "nsw_cluster_max", &n) == 0) &&
	    n > 0)
		x->reserved = (uint64_t)n;
}

static int
walk(struct lister *x, uint64_t va, struct kvmi_addrs *seen)
{
	int r = 0;

	while (va != 0 && r == 0) {
		r = kvmi_addrs_add(seen, va);
		if (r == 0 || seen->n > MAX_DEVICES)
			return (kvmi_fail(&x->cx->err, KVMI_EFORMAT, "the "
			    "list of swap devices does not end: 0x%" PRIx64,
			    va));
		r = r < 0 ? kvmi_fail(&x->cx->err, r, "out of memory") :
		    add_device(x, va);
		if (r == 0)
			r = number(x, va, SW_NEXT, &va);
	}
	return (r);
}

static int
find_members(struct lister *x)
{
	struct kvmi_types *t;
	int r;

	r = kvmi_kernel_types(x->k, x->cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, V_RDEV, x->m,
		    &x->cx->err);
	for (unsigned int i = V_RDEV; i < MEMBERS && r == 0; i++)
		if (kvmi_type_first(t, spellings[i], &x->m[i],
		    &x->cx->err) != 0)
			x->m[i] = (struct kvmi_member){ 0 };
	return (r);
}

int
kvmi_freebsd_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out)
{
	struct lister x = { .k = k, .cx = cx, .out = out };
	struct kvmi_addrs seen = { 0 };
	uint64_t first;
	int r;

	*out = (struct kvmi_swaps){ 0 };
	r = kvmi_freebsd_ptr(k, cx, "swtailq", &first);
	/* Without a device there is nothing that types are needed for. */
	if (r == 0 && first != 0)
		r = find_members(&x);
	if (r == 0) {
		find_reserved(&x);
		r = walk(&x, first, &seen);
	}
	kvmi_addrs_deinit(&seen);
	if (r == 0)
		return (0);
	free(out->v);
	*out = (struct kvmi_swaps){ 0 };
	return (r);
}
