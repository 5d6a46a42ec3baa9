/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of modules, and where the memory of each is, in struct module
 * (include/linux/module.h), which has begun with state, list and name since 2.6.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/endian.h"
#include "os/linux/infer.h"

#define NAME_END	64		/* MODULE_NAME_LEN and a pointer */
#define ALIGN		32		/* the least of a cache line */
#define PAGE		4096
#define LAST_STATE	3		/* MODULE_STATE_UNFORMED */
#define MAX_MODULES	4096
#define MAX_MODULE	1024		/* as far as the places are looked for */
#define PARTS		7		/* MOD_MEM_NUM_TYPES */
#define DATA_PART	1

struct range {
	uint64_t	start, end;
};

/* At the beginning of an object: a name, and nothing but zeros behind it. */
static bool
is_module(struct kvmi_infer *x, uint64_t va)
{
	char p[NAME_END + 2 * 8];
	size_t at = 3 * x->ptr, end = NAME_END + 2 * x->ptr;

	if (*x->budget == 0 || va % ALIGN != 0)
		return (false);
	--*x->budget;
	if (kvmi_kread(x->k, x->cx, va, p, end) != 0 ||
	    kvmi_get_uint((uint8_t *)p, 4, x->k->big_endian) > LAST_STATE ||
	    !isalnum((unsigned char)p[at]))
		return (false);
	while (at < end && (isalnum((unsigned char)p[at]) || p[at] == '_' ||
	    p[at] == '-'))
		at++;
	if (at == end)
		return (false);
	while (at < end && p[at] == '\0')
		at++;
	return (at == end);
}

/* Is it the head of a list of modules?  They are then in x->modules. */
static bool
is_head(struct kvmi_infer *x, uint64_t head)
{
	uint64_t at = head, next;

	kvmi_addrs_deinit(&x->modules);
	for (;;) {
		next = kvmi_infer_read(x, at, x->ptr);
		if (!kvmi_infer_is_ptr(x, next) ||
		    kvmi_infer_read(x, next + x->ptr, x->ptr) != at)
			return (false);
		if (next == head)
			return (x->modules.n > 0);
		if (!is_module(x, next - x->ptr) || x->modules.n ==
		    MAX_MODULES || kvmi_addrs_add(&x->modules, next -
		    x->ptr) != 1)
			return (false);
		at = next;
	}
}

/* Cheap at first: nearly nothing is so. */
static bool
may_be_head(struct kvmi_infer *x, uint64_t va, const uint64_t word[2],
    void *arg)
{
	(void)arg;
	return ((word[0] - x->ptr) % ALIGN == 0 &&
	    (word[1] - x->ptr) % ALIGN == 0 &&
	    kvmi_infer_is_ptr(x, word[0]) && kvmi_infer_is_ptr(x, word[1]) &&
	    is_head(x, va));
}

/* Memory that a module has, whole pages; false: it cannot be that. */
static bool
read_range(struct kvmi_infer *x, uint64_t base_va, uint64_t size_va,
    struct range *ret)
{
	ret->start = kvmi_infer_read(x, base_va, x->ptr);
	ret->end = ret->start + kvmi_infer_read(x, size_va, 4);
	return (kvmi_infer_is_ptr(x, ret->start) && ret->start % PAGE == 0 &&
	    ret->end > ret->start);
}

static int
by_start(const void *a, const void *b)
{
	const struct range *p = a, *q = b;

	return (p->start < q->start ? -1 : p->start > q->start);
}

static bool
apart(struct range *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 1; i < n; i++)
		if (v[i].start < v[i - 1].end)
			return (false);
	return (true);
}

/*
 * Up to 6.3 core_layout: base, size, and in it text_size, ro_size and
 * ro_after_init_size, which each include the one before.  The structure itself
 * is a part of what it describes.
 */
static bool
is_layout(struct kvmi_infer *x, uint64_t off, struct range *v)
{
	for (size_t i = 0; i < x->modules.n; i++) {
		uint64_t va = x->modules.v[i], size = va + off + x->ptr,
		    last = 0;

		if (!read_range(x, va + off, size, &v[i]) ||
		    va < v[i].start || va >= v[i].end)
			return (false);
		for (unsigned int j = 0; j < 4; j++) {
			uint64_t part = kvmi_infer_read(x, size + 4 * (j + 1) %
			    16, 4);

			if (part < last)
				return (false);
			last = part;
		}
	}
	return (apart(v, x->modules.n));
}

/*
 * Since 6.4 an array, mem[]: base, size and, for the tree in which they are
 * looked up, the module.  The structure lies in its data.
 */
struct parts {
	uint64_t	size, module, step;
};

static bool
is_parts(struct kvmi_infer *x, uint64_t off, const struct parts *p,
    struct range *v)
{
	size_t n = 0;

	for (size_t i = 0; i < x->modules.n; i++) {
		uint64_t va = x->modules.v[i];

		for (unsigned int j = 0; j < PARTS; j++) {
			uint64_t part = va + off + j * p->step;

			if (j != DATA_PART && kvmi_infer_read(x, part +
			    p->size, 4) == 0)
				continue;
			if (!read_range(x, part, part + p->size, &v[n]) ||
			    kvmi_infer_read(x, part + p->module, x->ptr) != va)
				return (false);
			if (j == DATA_PART && (va < v[n].start ||
			    va >= v[n].end))
				return (false);
			n++;
		}
	}
	return (apart(v, n));
}

static void
add_parts(struct kvmi_infer *x, uint64_t off, const struct parts *p)
{
	static const char *const sizes[PARTS] = { "mem[0].size",
		"mem[1].size", "mem[2].size", "mem[3].size", "mem[4].size",
		"mem[5].size", "mem[6].size" };

	kvmi_infer_add_ptr(x, "module", "mem[0].base", off);
	for (unsigned int i = 0; i < PARTS; i++)
		kvmi_infer_add(x, "module", sizes[i], off + i * p->step +
		    p->size, 4, false);
}

/* Exactly one place has to fit, in one of the shapes that there were. */
static void
find_memory(struct kvmi_infer *x, struct range *v)
{
	struct parts p, found_parts = { 0 };
	uint64_t found_off = 0;
	unsigned int found = 0;

	for (uint64_t off = NAME_END + 2 * x->ptr; off < MAX_MODULE;
	    off += x->ptr) {
		if (is_layout(x, off, v)) {
			found++;
			found_off = off;
			found_parts.step = 0;
		}
		/* is_rox came before size with 6.13. */
		for (unsigned int i = 0; i < 2; i++) {
			p.size = x->ptr + 4 * i;
			p.module = kvmi_infer_up(p.size + 4, x->ptr);
			p.step = p.module + 7 * x->ptr;
			if (!is_parts(x, off, &p, v))
				continue;
			found++;
			found_off = off;
			found_parts = p;
		}
	}
	if (found != 1)
		return;
	x->memory = (struct kvmi_infer_memory){ .base = found_off,
		.size = found_parts.step != 0 ? found_parts.size : x->ptr,
		.step = found_parts.step,
		.n = found_parts.step != 0 ? PARTS : 1 };
	if (found_parts.step != 0) {
		add_parts(x, found_off, &found_parts);
		return;
	}
	kvmi_infer_add_ptr(x, "module", "core_layout.base", found_off);
	kvmi_infer_add(x, "module", "core_layout.size", found_off + x->ptr, 4,
	    false);
	kvmi_infer_add(x, "module", "core_layout.text_size", found_off +
	    x->ptr + 4, 4, false);
}

void
kvmi_infer_modules(struct kvmi_infer *x)
{
	static const char t[] = "module";
	const uint64_t *known = kvmi_linux_once(x->k->priv,
	    KVMI_ONCE_MODULES);
	uint64_t head = known != NULL ? known[0] : 0;
	struct range *v;

	if ((known == NULL && !kvmi_infer_scan(x, x->l->stext,
	    KVMI_INFER_IMAGE, may_be_head, NULL, &head)) || !is_head(x, head))
		return;
	kvmi_infer_found(x, KVMI_ONCE_MODULES, head, 0);
	kvmi_infer_add(x, t, "list", x->ptr, 2 * x->ptr, false);
	kvmi_infer_add(x, t, "name", 3 * x->ptr, NAME_END - x->ptr, false);
	v = calloc(x->modules.n * PARTS, sizeof(*v));
	if (v != NULL)
		find_memory(x, v);
	free(v);
}
