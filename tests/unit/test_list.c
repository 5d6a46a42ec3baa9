/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the kernel's doubly linked lists, whole and broken. */
#include "flat_memory.h"

#include "os/linux/tasks.h"

#define HEAD	UINT64_C(0x1000)
#define OFF	0x18		/* of the list_head in its structure */
#define NODE(i)	(0x2000 + (uint64_t)(i) * 0x40)	/* the list_head of entry i */
#define SIZE	0x40000
#define MAX_NODES	3968
#define NOWHERE	UINT64_C(0xdead0000)

/* Kernel memory is what the image has, address for address. */
static int
same_address(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	(void)s;
	*ret = (struct kvmi_mapping){ .va = va & ~UINT64_C(0xfff),
		.len = 0x1000, .pa = va & ~UINT64_C(0xfff) };
	if (va < SIZE || va > UINT64_MAX - 0x10000)
		return (0);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%" PRIx64
	    ")", va));
}

static const struct kvmi_space_ops same_ops = { .translate = same_address };

/* A kernel of one word size and byte order, to link lists in. */
struct world {
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem;
	unsigned int	 ptr;
};

static void
world_init(struct world *w, unsigned int ptr, bool big_endian)
{
	*w = (struct world){ .ptr = ptr, .mem.big_endian = big_endian };
	w->arch = kvmi_arch_x86_64;
	w->arch.pointer_size = (uint8_t)ptr;
	w->k.arch = &w->arch;
	w->k.big_endian = big_endian;
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, SIZE);
}

static void
set(struct world *w, uint64_t node, bool prev, uint64_t to)
{
	bytes_poke(&w->mem, (size_t)node + (prev ? w->ptr : 0), to, w->ptr);
}

/* Head, entries 0 .. n - 1, head. */
static void
link_all(struct world *w, size_t n)
{
	set(w, HEAD, false, n == 0 ? HEAD : NODE(0));
	set(w, HEAD, true, n == 0 ? HEAD : NODE(n - 1));
	for (size_t i = 0; i < n; i++) {
		set(w, NODE(i), false, i + 1 < n ? NODE(i + 1) : HEAD);
		set(w, NODE(i), true, i > 0 ? NODE(i - 1) : HEAD);
	}
}

static int
collect(struct world *w, struct kvmi_addrs *a)
{
	struct bytes b = { 0 };
	int r;

	flat_open(&w->k, &w->mem, &b);
	w->k.space.ops = &same_ops;
	kvmi_damage_reset(w->cx);
	kvmi_space_flush(w->cx);
	r = kvmi_list_collect(&w->k, w->cx, HEAD, OFF, "task", a);
	kvmi_image_close(w->k.img);
	bytes_free(&b);
	return (r);
}

static void
world_deinit(struct world *w)
{
	bytes_free(&w->mem);
	kvmi_cx_free(w->cx);
}

/* Which entries there are, each of them once. */
static void
mark(const char *name, const struct kvmi_addrs *a, bool there[MAX_NODES])
{
	memset(there, 0, MAX_NODES * sizeof(there[0]));
	for (size_t i = 0; i < a->n; i++) {
		uint64_t at = (a->v[i] + OFF - NODE(0)) / (NODE(1) - NODE(0));

		UTIL_TRUE(name, at < MAX_NODES && !there[at]);
		there[at] = true;
	}
}

/* Both word sizes and byte orders, up to more than the hash first has. */
static void
test_whole(void **state)
{
	static const struct {
		const char *name;
		unsigned int ptr;
		bool big;
	} shape[] = {
		{ "64-bit", 8, false }, { "64-bit big-endian", 8, true },
		{ "32-bit", 4, false }, { "32-bit big-endian", 4, true },
	};
	static const size_t length[] = { 0, 1, 2, 3, 255, 256, 257, 1000,
		3000 };

	(void)state;
	for (size_t s = 0; s < KVMI_COUNT(shape); s++)
		for (size_t l = 0; l < KVMI_COUNT(length); l++) {
			struct kvmi_addrs a = { 0 };
			struct world w;

			world_init(&w, shape[s].ptr, shape[s].big);
			link_all(&w, length[l]);
			UTIL_EQ(shape[s].name, collect(&w, &a), 0);
			UTIL_EQ(shape[s].name, a.n, length[l]);
			for (size_t i = 0; i < a.n; i++)
				UTIL_EQ(shape[s].name, a.v[i], NODE(i) - OFF);
			UTIL_EQ(shape[s].name, w.cx->damage, 0);
			kvmi_addrs_deinit(&a);
			kvmi_addrs_deinit(&a);
			world_deinit(&w);
		}
}

enum side { NEXT, PREV };

/* A list of ten with links that are wrong. */
static const struct {
	const char *name;
	struct { uint64_t node; enum side side; uint64_t to; } change[4];
	bool damage;
	bool missing[10];
	const char *why;
} broken[] = {
	{ "next leads nowhere", { { NODE(4), NEXT, NOWHERE } }, true, { false },
	    "0x20e8" },		/* entry 4, by its own address */
	{ "next is 0", { { NODE(4), NEXT, 0 } }, true, { false }, "task" },
	{ "next is poison", { { NODE(4), NEXT,
	    UINT64_C(0xdead000000000100) } }, true, { false }, "task" },
	{ "next is all ones", { { NODE(4), NEXT, UINT64_MAX } }, true,
	    { false }, "task" },
	{ "prev leads nowhere", { { NODE(4), PREV, NOWHERE } }, true,
	    { false }, "does not point back" },
	{ "the head's next leads nowhere", { { HEAD, NEXT, NOWHERE } }, true,
	    { false }, "task" },
	{ "the head's prev leads nowhere", { { HEAD, PREV, NOWHERE } }, false,
	    { false }, "" },
	{ "broken both ways at one place", { { NODE(4), NEXT, NOWHERE },
	    { NODE(5), PREV, NOWHERE } }, true, { false }, "task" },
	{ "two breaks, three lost", { { NODE(3), NEXT, NOWHERE },
	    { NODE(7), PREV, NOWHERE } }, true, { [4] = true, [5] = true,
	    [6] = true }, "task" },
	{ "head broken both ways", { { HEAD, NEXT, NOWHERE },
	    { HEAD, PREV, NOWHERE } }, true, { true, true, true, true, true,
	    true, true, true, true, true }, "task" },
	{ "one points to itself", { { NODE(4), NEXT, NODE(4) } }, true,
	    { false }, "does not point back" },
	{ "one is alone", { { NODE(4), NEXT, NODE(4) },
	    { NODE(4), PREV, NODE(4) } }, true, { [4] = true },
	    "does not point back" },
	{ "a cycle without the head", { { NODE(6), NEXT, NODE(3) },
	    { NODE(3), PREV, NODE(6) } }, true, { [3] = true, [4] = true,
	    [5] = true, [6] = true }, "does not point back" },
	{ "a shortcut", { { NODE(2), NEXT, NODE(7) } }, true, { false },
	    "does not point back" },
	{ "a shortcut both ways", { { NODE(2), NEXT, NODE(7) },
	    { NODE(7), PREV, NODE(2) } }, false, { [3] = true, [4] = true,
	    [5] = true, [6] = true }, "" },
	{ "the head is empty", { { HEAD, NEXT, HEAD }, { HEAD, PREV, HEAD } },
	    false, { true, true, true, true, true, true, true, true, true,
	    true }, "" },
};

/* The address of an entry, where the ten begin with that of number first. */
static uint64_t
moved(uint64_t node, size_t first)
{
	return (node >= NODE(0) && node < NODE(10) ? node + NODE(first) -
	    NODE(0) : node);
}

/* The ten from number first on, in a list of n. */
static void
check_broken(size_t i, size_t first, size_t n)
{
	bool whole = broken[i].change[0].node != HEAD || !broken[i].missing[0];
	const char *name = broken[i].name;
	bool there[MAX_NODES];
	struct kvmi_addrs a = { 0 };
	struct world w;

	world_init(&w, 8, false);
	link_all(&w, n);
	for (size_t c = 0; c < 4 && broken[i].change[c].node != 0; c++)
		set(&w, moved(broken[i].change[c].node, first),
		    broken[i].change[c].side == PREV,
		    moved(broken[i].change[c].to, first));
	UTIL_EQ(name, collect(&w, &a), 0);
	UTIL_EQ(name, w.cx->damage, broken[i].damage);
	mark(name, &a, there);
	for (size_t at = 0; at < n; at++)
		UTIL_TRUE(name, there[at] || (at >= first && at < first + 10 ?
		    broken[i].missing[at - first] : !whole));
	UTIL_TRUE(name, first != 0 || strstr(w.cx->damage_why,
	    broken[i].why) != NULL);
	kvmi_addrs_deinit(&a);
	world_deinit(&w);
}

/* Short, and so long that it is followed from both ends at once. */
static void
test_broken(void **state)
{
	static const struct { size_t first, n; } in[] = {
		{ 0, 10 }, { 0, 3000 }, { 508, 3000 }, { 1755, 3000 },
		{ 2400, 3000 }, { 2990, 3000 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(broken); i++)
		for (size_t j = 0; j < KVMI_COUNT(in); j++)
			check_broken(i, in[j].first, in[j].n);
}

/* Any links at all: it ends, without repeats. */
static void
test_random(void **state)
{
	uint64_t rnd = 37;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct kvmi_addrs a = { 0 };
		struct world w;

		world_init(&w, round % 2 ? 8 : 4, round % 3 == 0);
		link_all(&w, 20);
		for (uint64_t n = util_random(&rnd) % 12; n > 0; n--) {
			uint64_t node = util_random(&rnd) % 21;
			uint64_t to = util_random(&rnd) % 24;

			set(&w, node == 20 ? HEAD : NODE(node),
			    util_random(&rnd) % 2, to == 20 ? HEAD : to > 20 ?
			    util_random(&rnd) % (2 * SIZE) : NODE(to));
		}
		UTIL_EQ("random", collect(&w, &a), 0);
		UTIL_TRUE("random", a.n <= 10000);
		for (size_t n = 0; n < a.n; n++)
			for (size_t m = 0; m < n; m++)
				UTIL_TRUE("no repeats", a.v[n] != a.v[m]);
		kvmi_addrs_deinit(&a);
		world_deinit(&w);
	}
}

/* A head that cannot be read is damage, and no entry. */
static void
test_no_head(void **state)
{
	struct kvmi_addrs a = { 0 };
	struct world w;
	static const uint64_t head[] = { NOWHERE, UINT64_MAX, UINT64_MAX - 8,
		SIZE - 8 };

	(void)state;
	world_init(&w, 8, false);
	link_all(&w, 3);
	collect(&w, &a);
	kvmi_addrs_deinit(&a);
	for (size_t i = 0; i < KVMI_COUNT(head); i++) {
		const struct util_elf e = { 0 };
		const struct util_phdr load = { 1, 0x100, 0, 0, 1, 1 };
		struct bytes b = { 0 };

		util_elf(&b, &e, &load, 1);
		bytes_fill(&b, 0, 0x100);
		w.k.img = util_image("memory", util_bytes(&b, b.len));
		w.k.space.img = w.k.img;
		kvmi_space_flush(w.cx);
		kvmi_damage_reset(w.cx);
		UTIL_EQ("no head", kvmi_list_collect(&w.k, w.cx, head[i], 0,
		    "task", &a), 0);
		UTIL_EQ("no head", a.n, 0);
		UTIL_EQ("no head", w.cx->damage, 1);
		UTIL_TRUE("no head", strstr(w.cx->damage_why, "head") != NULL);
		kvmi_addrs_deinit(&a);
		kvmi_image_close(w.k.img);
		bytes_free(&b);
	}
	world_deinit(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_no_head),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
