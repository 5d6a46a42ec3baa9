/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of exported symbols as include/linux/export.h lays them out: of every
 * word size and byte order, relative and not, with a namespace and without.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_bytes.h"
#include "sym/exports.h"

#define VA64	UINT64_C(0xffffffff81000000)
#define VA32	UINT64_C(0xc1000000)
#define ANCHOR	"init_uts_ns"
#define LEAD	256
#define N	40

static struct kvmi_err err;

struct layout {
	const char	*name;
	unsigned int	 pointer_size;
	bool		 big_endian;
	bool		 relative;
	unsigned int	 parts;
};

static const struct layout layouts[] = {
	{ "x86-64", 8, false, true, 3 },
	{ "x86-64 before 5.4", 8, false, true, 2 },
	{ "i386", 4, false, true, 3 },
	{ "arm", 4, false, false, 3 },
	{ "arm before 5.4", 4, false, false, 2 },
	{ "s390x", 8, true, true, 3 },
	{ "64 bits, absolute, big-endian", 8, true, false, 3 },
};

struct built {
	struct bytes	 b;
	struct kvmi_window w;
	size_t		 table, names;	/* where these begin */
};

/* The i-th name: "anchor" stands in the middle. */
static void
name_of(unsigned int i, char buf[32])
{
	if (i == N / 2)
		snprintf(buf, 32, ANCHOR);
	else
		snprintf(buf, 32, "exported_%u", i);
}

static uint64_t
va_of(const struct built *x, unsigned int i)
{
	return (x->w.va + 0x10000 + 16 * i);
}

static void
put_part(struct built *x, const struct layout *l, uint64_t va)
{
	if (l->relative)
		bytes_uint(&x->b, va - (x->w.va + x->b.len), 4);
	else
		bytes_uint(&x->b, va, l->pointer_size);
}

static void
build(struct built *x, const struct layout *l)
{
	unsigned int word = l->relative ? 4 : l->pointer_size;
	uint64_t at;
	char name[32];

	*x = (struct built){ .b = { .big_endian = l->big_endian },
		.table = LEAD };
	x->w.va = l->pointer_size == 8 ? VA64 : VA32;
	x->names = LEAD + N * (size_t)l->parts * word + 64;
	/* The name as part of a longer one, and alone but not exported. */
	bytes_put(&x->b, "not_" ANCHOR, sizeof("not_" ANCHOR));
	bytes_put(&x->b, ANCHOR, sizeof(ANCHOR));
	bytes_fill(&x->b, 0, LEAD - x->b.len);
	at = x->w.va + x->names;
	for (unsigned int i = 0; i < N; i++) {
		name_of(i, name);
		put_part(x, l, va_of(x, i));
		put_part(x, l, at);
		if (l->parts == 3)
			put_part(x, l, x->w.va + x->names - 1);
		at += strlen(name) + 1;
	}
	bytes_fill(&x->b, 0, x->names - x->b.len);
	for (unsigned int i = 0; i < N; i++) {
		name_of(i, name);
		bytes_put(&x->b, name, strlen(name) + 1);
	}
	x->w.p = x->b.p;
	x->w.len = x->b.len;
	x->w.big_endian = l->big_endian;
	x->w.pointer_size = (uint8_t)l->pointer_size;
}

static struct kvmi_symtab *
table(void)
{
	struct kvmi_symtab *t;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	return (t);
}

static void
test_layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(layouts); i++) {
		struct kvmi_symtab *t = table();
		struct kvmi_sym sym;
		struct built x;

		build(&x, &layouts[i]);
		/* One is known already, from another place. */
		assert_int_equal(kvmi_symtab_add(t, "exported_3", 10, "", 0x10,
		    0, 'T', &err), 0);
		if (kvmi_exports_add(&x.w, ANCHOR, va_of(&x, N / 2), t,
		    &err) != 0)
			fail_msg("%s", layouts[i].name);
		assert_int_equal(kvmi_symtab_count(t), N);
		for (unsigned int j = 0; j < N; j++) {
			char name[32];

			name_of(j, name);
			assert_int_equal(kvmi_symtab_by_name(t, name, &sym,
			    &err), 0);
			assert_int_equal(sym.addr, j == 3 ? 0x10 :
			    va_of(&x, j));
		}
		kvmi_symtab_destroy(t);
		bytes_free(&x.b);
	}
}

static void
test_others(void **state)
{
	struct kvmi_symtab *t = table();
	struct built x;

	(void)state;
	build(&x, &layouts[0]);
	/* At another address than it should be, or not there at all. */
	assert_int_equal(kvmi_exports_add(&x.w, ANCHOR, va_of(&x, 0), t, &err),
	    KVMI_ENOENT);
	assert_int_equal(kvmi_exports_add(&x.w, "init_task", va_of(&x, N / 2),
	    t, &err), KVMI_ENOENT);
	assert_int_equal(kvmi_symtab_count(t), 0);
	kvmi_symtab_destroy(t);
	bytes_free(&x.b);
}

/*
 * More entries than any kernel has, all of one name: no more are taken than
 * would be worth their memory.
 */
static void
test_endless(void **state)
{
	const size_t n = 1 << 18, lead = 64;
	struct bytes b = { 0 };
	struct kvmi_symtab *t = table();
	struct kvmi_window w = { .va = VA64, .pointer_size = 8 };

	(void)state;
	bytes_put(&b, "\0" ANCHOR, 1 + sizeof(ANCHOR));
	bytes_fill(&b, 0, lead - b.len);
	for (size_t i = 0; i < n; i++) {
		bytes_uint(&b, 0x10000 - b.len, 4);
		bytes_uint(&b, 1 - b.len, 4);
	}
	w.p = b.p;
	w.len = b.len;
	assert_int_equal(kvmi_exports_add(&w, ANCHOR, VA64 + 0x10000, t, &err),
	    0);
	assert_int_equal(kvmi_symtab_count(t), 1 << 17);
	kvmi_symtab_destroy(t);
	bytes_free(&b);
}

/* However much of it there is, and whatever a byte of it is. */
static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(layouts); i++) {
		struct built x;

		build(&x, &layouts[i]);
		for (size_t len = 0; len < x.b.len; len += 7) {
			struct kvmi_symtab *t = table();
			struct kvmi_window w = x.w;
			uint8_t *cut = malloc(len + 1);

			assert_non_null(cut);
			memcpy(cut, x.b.p, len);
			w.p = cut;
			w.len = len;
			kvmi_exports_add(&w, ANCHOR, va_of(&x, N / 2), t,
			    &err);
			assert_true(kvmi_symtab_count(t) <= N);
			free(cut);
			kvmi_symtab_destroy(t);
		}
		for (size_t at = 0; at < x.b.len; at += 3) {
			struct kvmi_symtab *t = table();
			uint8_t was = x.b.p[at];

			x.b.p[at] ^= 0xff;
			kvmi_exports_add(&x.w, ANCHOR, va_of(&x, N / 2), t,
			    &err);
			assert_true(kvmi_symtab_count(t) <= x.b.len / 8);
			x.b.p[at] = was;
			kvmi_symtab_destroy(t);
		}
		bytes_free(&x.b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_bad),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
