/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Swap devices of a Linux image, those that /proc/swaps lists (mm/swapfile.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/infer.h"
#include "os/linux/linux.h"

/* include/linux/swap.h: SWP_USED, SWP_WRITEOK */
#define SWP_SHOWN	1
#define SWP_FLAGS	3

/* MAX_SWAPFILES is below. */
#define MAX_DEVICES	32

#define PATH_LEN	4096

/* Without the last two there are devices, but no names. */
enum { S_FLAGS, S_PAGES, S_INUSE, NEEDED, S_FILE = NEEDED, F_PATH, MEMBERS };

static const char *const spellings[MEMBERS] = {
	[S_FLAGS] = "swap_info_struct.flags",
	[S_PAGES] = "swap_info_struct.pages",
	[S_INUSE] = "swap_info_struct.inuse_pages",
	[S_FILE] = "swap_info_struct.swap_file",
	[F_PATH] = "file.f_path file.__f_path",
};

struct lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_member m[MEMBERS];
	struct kvmi_swaps *out;
	char		*path;
};

static int
number(const struct lister *x, uint64_t base, unsigned int id, uint64_t *ret)
{
	int r = kvmi_kread_member(x->k, x->cx, base, &x->m[id], ret);

	return (r == 0 ? 0 : kvmi_wrap(&x->cx->err, r, "%s", spellings[id]));
}

/* A name is not worth losing the numbers for. */
static void
fill_name(const struct lister *x, uint64_t file, struct kvmi_swap *s)
{
	const char *name = x->path;

	if (x->m[F_PATH].size == 0 || kvmi_linux_path(x->k, x->cx,
	    file + x->m[F_PATH].off, x->path, PATH_LEN) != 0)
		name = "?";
	s->device = strncmp(name, "/dev/", 5) == 0;
	if (s->device)
		name += 5;
	memcpy(s->name, name, strnlen(name, sizeof(s->name) - 1));
}

static int
add_device(const struct lister *x, uint64_t info)
{
	struct kvmi_swap s = { .name = "" };
	uint64_t flags, file = 1;
	int r;

	r = number(x, info, S_FLAGS, &flags);
	if (r != 0 || (flags & SWP_SHOWN) == 0)
		return (r);
	r = number(x, info, S_PAGES, &s.total);
	if (r == 0)
		r = number(x, info, S_INUSE, &s.used);
	if (r == 0 && x->m[S_FILE].size != 0)
		r = number(x, info, S_FILE, &file);
	/* Being set up, or taken down. */
	if (r != 0 || file == 0)
		return (r);
	/* A long since then, which where it is short nothing else fills. */
	if (x->m[S_INUSE].size == 8 || x->k->arch->pointer_size == 4)
		s.used &= ~KVMI_SWAP_OFFLIST;
	s.flags = (int)(flags & SWP_FLAGS);
	fill_name(x, file, &s);
	x->out->v[x->out->n++] = s;
	return (0);
}

/* The same of a kernel that lists no variables but tells how much is free. */
static int
find_unlisted(struct lister *x, uint64_t *table, uint64_t *n)
{
	uint64_t va, left;
	int r = kvmi_linux_variable(x->k, x->cx, KVMI_ONCE_SWAP, table, n);
	struct kvmi_err why = x->cx->err;

	if (r == 0 || kvmi_kernel_addr(x->k, x->cx, "nr_swap_pages",
	    &va) != 0 || kvmi_kread_ptr(x->k, x->cx, va, &left) != 0)
		return (r);
	x->cx->err = why;
	return (kvmi_wrap(&x->cx->err, r, left == 0 ? "there are none, or all "
	    "are full" : "%" PRIu64 " pages are free", left));
}

/* The array of pointers to them, and how many are in it; *n 0: no swap. */
static int
find_table(struct lister *x, uint64_t *table, uint64_t *n)
{
	uint64_t va;
	int r = kvmi_kernel_addr(x->k, x->cx, "swap_info", table);

	*n = 0;
	if (r == KVMI_ENOENT && kvmi_linux_variables(x->k, x->cx) != 0)
		return (find_unlisted(x, table, n));
	/* A kernel without CONFIG_SWAP has none of these. */
	if (r == KVMI_ENOENT)
		return (0);
	if (r == 0)
		r = kvmi_kernel_addr(x->k, x->cx, "nr_swapfiles", &va);
	if (r == 0)
		r = kvmi_kread_uint(x->k, x->cx, va, 4, n);
	if (r == 0 && *n > MAX_DEVICES)
		r = kvmi_fail(&x->cx->err, KVMI_EFORMAT, "nr_swapfiles is %"
		    PRIu64, *n);
	return (r);
}

static int
find_members(struct lister *x)
{
	struct kvmi_types *t;
	int r = kvmi_kernel_types(x->k, x->cx, &t);

	if (r == 0)
		r = kvmi_type_members(t, spellings, NEEDED, x->m,
		    &x->cx->err);
	for (unsigned int i = NEEDED; i < MEMBERS && r == 0; i++)
		if (kvmi_type_first(t, spellings[i], &x->m[i],
		    &x->cx->err) != 0)
			x->m[i].size = 0;
	return (r);
}

static int
list_devices(struct lister *x)
{
	unsigned int ptr = x->k->arch->pointer_size;
	uint64_t table, n, info;
	int r;

	r = find_table(x, &table, &n);
	if (r != 0 || n == 0)
		return (r);
	r = find_members(x);
	x->out->v = calloc((size_t)n, sizeof(*x->out->v));
	x->path = malloc(PATH_LEN);
	if (r == 0 && (x->out->v == NULL || x->path == NULL))
		r = kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory");
	for (uint64_t i = 0; i < n && r == 0; i++) {
		r = kvmi_kread_ptr(x->k, x->cx, table + i * ptr, &info);
		if (r == 0 && info != 0)
			r = add_device(x, info);
		if (r != 0)
			r = kvmi_wrap(&x->cx->err, r, "swap_info[%" PRIu64 "]",
			    i);
	}
	return (r);
}

int
kvmi_linux_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out)
{
	struct lister x = { .k = k, .cx = cx, .out = out };
	int r;

	*out = (struct kvmi_swaps){ 0 };
	r = list_devices(&x);
	free(x.path);
	if (r != 0) {
		free(out->v);
		*out = (struct kvmi_swaps){ 0 };
	}
	return (r);
}
