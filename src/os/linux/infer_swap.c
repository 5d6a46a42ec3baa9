/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Swap devices: swap_info, an array of pointers near nr_swap_pages, which is
 * exported, and struct swap_info_struct (include/linux/swap.h).
 */
#include "base/math.h"
#include "os/linux/infer_path.h"

#define NEAR		4096		/* both are small objects of a file */
#define MAX_DEVICES	32
#define MAX_FLAGS	96		/* as far as flags are looked for */
#define SPAN		640		/* and behind swap_map pages are */
#define FILE_SPAN	12		/* pointers from there to swap_file */
#define SWP_ACTIVE	3		/* SWP_USED and SWP_WRITEOK */
#define SWP_USED	1

struct devices {
	struct kvmi_infer *x;
	uint64_t	 va[MAX_DEVICES];
	size_t		 n;
	uint64_t	 active[MAX_DEVICES];	/* those of them in use */
	size_t		 n_active;
	/* Offsets. */
	uint64_t	 flags, max, map, pages, inuse, file;
	unsigned int	 inuse_size;
};

/*
 * flags, prio, list, type, max, swap_map: the type is the device's number, and
 * a list in the order of priorities has the number the other way round.
 */
static bool
is_device(struct devices *d, uint64_t va, uint64_t off, size_t number)
{
	struct kvmi_infer *x = d->x;
	uint64_t prio = off + x->ptr, list = kvmi_infer_up(prio + 2, x->ptr),
	    nodes = kvmi_infer_up(list + 4, x->ptr),
	    type = nodes + 4 * x->ptr,
	    flags = kvmi_infer_read(x, va + off, x->ptr);

	d->max = type + 4;
	d->map = kvmi_infer_up(d->max + 4, x->ptr);
	if (kvmi_infer_read(x, va + type, 1) != number)
		return (false);
	/* swapoff(2) may take hours; its device is on no list. */
	if ((flags & SWP_ACTIVE) == SWP_USED)
		return (kvmi_infer_read(x, va + d->max, 4) > 1);
	if ((flags & SWP_ACTIVE) != SWP_ACTIVE)
		return (kvmi_infer_read(x, va + d->max, 4) == 0);
	return ((uint16_t)(kvmi_infer_read(x, va + prio, 2) +
	    kvmi_infer_read(x, va + list, 4)) == 0 &&
	    kvmi_infer_is_linked(x, va + nodes) &&
	    kvmi_infer_is_linked(x, va + nodes + 2 * x->ptr) &&
	    kvmi_infer_read(x, va + d->max, 4) > 1 &&
	    kvmi_infer_is_ptr(x, kvmi_infer_read(x, va + d->map, x->ptr)));
}

/* The pointers of the table at va, up to the first that is none. */
static bool
read_table(struct kvmi_infer *x, uint64_t va, struct devices *d)
{
	*d = (struct devices){ .x = x };
	while (d->n < MAX_DEVICES) {
		uint64_t at = kvmi_infer_read(x, va + d->n * x->ptr, x->ptr);

		if (at == 0)
			break;
		if (!kvmi_infer_is_ptr(x, at))
			return (false);
		d->va[d->n++] = at;
	}
	return (d->n > 0 && d->n < MAX_DEVICES);
}

static bool
are_devices(struct devices *d, uint64_t off)
{
	d->flags = off;
	d->n_active = 0;
	for (size_t i = 0; i < d->n; i++) {
		if (!is_device(d, d->va[i], off, i))
			return (false);
		if ((kvmi_infer_read(d->x, d->va[i] + off, d->x->ptr) &
		    SWP_ACTIVE) == SWP_ACTIVE)
			d->active[d->n_active++] = d->va[i];
	}
	return (d->n_active > 0);
}

/* Where flags are when there is a table at va; false: there is none. */
static bool
find_devices(struct kvmi_infer *x, uint64_t va, struct devices *d)
{
	unsigned int found = 0;
	uint64_t one = 0;

	if (!read_table(x, va, d))
		return (false);
	for (uint64_t off = 0; off < MAX_FLAGS; off += x->ptr)
		if (are_devices(d, off)) {
			found++;
			one = off;
		}
	return (found == 1 && are_devices(d, one));
}

/*
 * pages and inuse_pages, since 6.9 a long with a flag in it: what is free of
 * all is nr_swap_pages, and neither is more than max.
 */
static bool
are_pages(struct devices *d, uint64_t off, uint64_t inuse, unsigned int size,
    uint64_t nr_free)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < d->n_active; i++) {
		uint64_t va = d->active[i],
		    max = kvmi_infer_read(d->x, va + d->max, 4),
		    pages = kvmi_infer_read(d->x, va + off, 4),
		    used = kvmi_infer_read(d->x, va + inuse, size);

		used &= ~KVMI_SWAP_OFFLIST;
		if (pages == 0 || pages >= max || used > pages)
			return (false);
		sum += pages - used;
	}
	return (sum == nr_free);
}

static bool
find_pages(struct devices *d)
{
	unsigned int ptr = d->x->ptr, found = 0;
	uint64_t va, nr_free;

	if (kvmi_kernel_addr(d->x->k, d->x->cx, "nr_swap_pages", &va) != 0)
		return (false);
	nr_free = kvmi_infer_read(d->x, va, ptr);
	for (uint64_t off = d->map + ptr; off < d->map + SPAN; off += 4) {
		uint64_t wide = kvmi_infer_up(off + 4, ptr);

		for (unsigned int size = 4; size <= ptr; size += 4) {
			uint64_t at = size == 4 ? off + 4 : wide;

			if (!are_pages(d, off, at, size, nr_free))
				continue;
			/* A word of the other width that reads the same. */
			if (found != 0 && d->pages == off)
				continue;
			found++;
			d->pages = off;
			d->inuse = at;
			d->inuse_size = size;
		}
	}
	return (found == 1);
}

/* One device looks like much else, but not with as many pages free. */
static bool
is_table(struct kvmi_infer *x, uint64_t va, const uint64_t word[2],
    void *arg)
{
	(void)arg;
	struct devices d;

	return (kvmi_infer_is_ptr(x, word[0]) && find_devices(x, va, &d) &&
	    find_pages(&d));
}

/* bdev and swap_file. */
static bool
find_file(struct devices *d, uint64_t files[MAX_DEVICES])
{
	unsigned int ptr = d->x->ptr, found = 0;

	for (uint64_t off = kvmi_infer_up(d->inuse + d->inuse_size, ptr);
	    off < d->inuse + FILE_SPAN * ptr; off += ptr) {
		bool fits = true;

		for (size_t i = 0; i < d->n_active && fits; i++) {
			files[i] = kvmi_infer_read(d->x, d->active[i] + off,
			    ptr);
			fits = kvmi_infer_is_ptr(d->x, files[i]) &&
			    kvmi_infer_is_ptr(d->x, kvmi_infer_read(d->x,
			    d->active[i] + off - ptr, ptr));
		}
		if (fits && kvmi_infer_are_files(d->x, files, d->n_active)) {
			found++;
			d->file = off;
		}
	}
	for (size_t i = 0; i < d->n_active; i++)
		files[i] = kvmi_infer_read(d->x, d->active[i] + d->file, ptr);
	return (found == 1);
}

void
kvmi_infer_swap(struct kvmi_infer *x)
{
	static const char t[] = "swap_info_struct";
	uint64_t va, table, files[MAX_DEVICES];
	struct devices d;

	if (kvmi_kernel_addr(x->k, x->cx, "nr_swap_pages", &va) != 0 ||
	    !kvmi_infer_scan(x, va - NEAR, 2 * NEAR, is_table, NULL, &table) ||
	    !find_devices(x, table, &d) || !find_pages(&d))
		return;
	kvmi_infer_found(x, KVMI_ONCE_SWAP, table, d.n);
	kvmi_infer_add(x, t, "flags", d.flags, x->ptr, false);
	kvmi_infer_add(x, t, "pages", d.pages, 4, false);
	kvmi_infer_add(x, t, "inuse_pages", d.inuse, d.inuse_size, false);
	if (!find_file(&d, files))
		return;
	kvmi_infer_add_ptr(x, t, "swap_file", d.file);
	kvmi_infer_path(x, files, d.n_active);
}
