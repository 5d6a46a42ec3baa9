/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF as compilers write it: the arguments are the samples that
 * dwarf/meson.build had built.  A machine without a compiler has empty ones.
 */
#include <fcntl.h>
#include <unistd.h>

#include <elf.h>
#include <pthread.h>

#include "sym/elf_file.h"
#include "type/dwarf_impl.h"
#include "util.h"
#include "check_list.h"

static char **samples;
static int n_samples;
static struct kvmi_err err;

struct sample {
	const char	*name;
	struct kvmi_elf	*elf;
	struct kvmi_types *t;
	bool		 is64, big_endian;
};

static struct kvmi_src *
open_file(const char *path)
{
	struct kvmi_src *src;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(kvmi_file_open(fd, path, &src, &err), 0);
	return (src);
}

static int
open_types(struct kvmi_src *src, struct sample *s)
{
	struct kvmi_elf_view view;
	int r;

	s->t = NULL;
	r = kvmi_elf_open(src, &s->elf, &err);
	if (r != 0) {
		s->elf = NULL;
		return (r);
	}
	r = kvmi_elf_dwarf(s->elf, &view, &err);
	return (r != 0 ? r : kvmi_dwarf_open(&view, &s->t, &err));
}

static void
close_types(struct sample *s)
{
	kvmi_types_close(s->t);
	kvmi_elf_close(s->elf);
}

/* false: it was not built. */
static bool
open_sample(int i, struct sample *s)
{
	struct kvmi_src *src = open_file(samples[i]);
	uint8_t ident[EI_NIDENT];

	*s = (struct sample){ .name = strrchr(samples[i], '/') + 1 };
	if (src->size == 0) {
		kvmi_src_close(src);
		return (false);
	}
	assert_int_equal(kvmi_src_read(src, 0, ident, sizeof(ident), "ident",
	    &err), 0);
	s->is64 = ident[EI_CLASS] == ELFCLASS64;
	s->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	if (open_types(src, s) != 0)
		fail_msg("%s: %s", s->name, err.text);
	return (true);
}

struct want {
	const char	*type, *path;
	int		 r;
	struct kvmi_member m64;
	uint64_t	 off32, size32;	/* where they differ from m64's */
	const char	*text;
};

static const struct want wants[] = {
	{ "sample", "first", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "sample", "second", 0, { 4, 4, 1, 0, 0, false, false } },
	{ "sample", "in", 0, { 8, 8, 1, 0, 0, false, false } },
	{ "sample", "in.a", 0, { 8, 2, 1, 0, 0, true, false } },
	{ "sample", "in.b[3]", 0, { 13, 1, 1, 0, 0, true, false } },
	{ "sample", "many", 0, { 16, 32, 4, 0, 0, false, false } },
	{ "sample", "many[3].a", 0, { 40, 2, 1, 0, 0, true, false } },
	{ "sample", "u_int", 0, { 48, 4, 1, 0, 0, true, false } },
	{ "sample", "deep", 0, { 48, 2, 1, 0, 0, true, false } },
	{ "sample", "deeper", 0, { 50, 2, 1, 0, 0, false, false } },
	{ "sample", "qualified", 0, { 52, 4, 1, 0, 0, true, false } },
	{ "sample", "grid", 0, { 56, 60, 5, 0, 0, true, false } },
	{ "sample", "grid[1]", 0, { 68, 12, 3, 0, 0, true, false } },
	{ "sample", "grid[4][2]", 0, { 112, 4, 1, 0, 0, true, false } },
	{ "sample", "low", 0, { 116, 1, 1, 0, 1, false, false } },
	{ "sample", "mid", 0, { 116, 2, 1, 1, 12, false, false } },
	{ "sample", "neg", 0, { 117, 2, 1, 5, 7, true, false } },
	{ "sample", "pointer", 0, { 120, 8, 1, 0, 0, false, true }, 120, 4 },
	{ "sample", "away", 0, { 128, 8, 1, 0, 0, false, true }, 124, 4 },
	{ "sample", "away_too", 0, { 136, 8, 1, 0, 0, false, true }, 128, 4 },
	{ "sample", "links", 0, { 144, 32, 2, 0, 0, false, false }, 132, 16 },
	{ "sample", "links[1].prev", 0, { 168, 8, 1, 0, 0, false, true }, 144,
	    4 },
	{ "sample", "colour", 0, { 176, 4, 1, 0, 0, false, false }, 148, 4 },
	{ "sample", "sign", 0, { 180, 4, 1, 0, 0, true, false }, 152, 4 },
	{ "sample", "byte", 0, { 184, 1, 1, 0, 0, false, false }, 156, 1 },
	{ "sample", "sbyte", 0, { 185, 1, 1, 0, 0, true, false }, 157, 1 },
	{ "sample", "named.y", 0, { 192, 4, 1, 0, 0, true, false }, 164, 4 },
	{ "sample", "function", 0, { 200, 8, 1, 0, 0, false, true }, 168, 4 },
	{ "sample", "tail[2]", 0, { 216, 4, 1, 0, 0, true, false }, 180, 4 },
	{ "elsewhere", "here", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "elsewhere_t", "there.two", 0, { 8, 8, 8, 0, 0, true, false } },
	{ "anonymous_t", "of_typedef", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "sample", "away.here", KVMI_ENOENT, .text = "no member sample.away."
	    "here" },
	{ "sample", "grid[5]", KVMI_ENOENT, .text = "no member sample.grid[5]" },
	{ "sample", "pad[2]", KVMI_ENOENT },
	{ "sample", "firs", KVMI_ENOENT, .text = "no member sample.firs" },
	{ "sample", "named.z", KVMI_ENOENT },
	{ "sample", "first.x", KVMI_ENOENT },
	{ "sample", "grid[x]", KVMI_EINVAL, .text = "bad path to a member: "
	    "sample.grid[x]" },
	{ "sample", "", KVMI_EINVAL },
	{ "myint", "x", KVMI_ENOENT },
	{ "no_such", "x", KVMI_ENOENT, .text = "no type no_such" },
};

static void
check_member(const struct sample *s, const struct want *w)
{
	struct kvmi_member m = { 0 }, want = w->m64;
	char name[128];
	int r;

	snprintf(name, sizeof(name), "%s: %s.%s", s->name, w->type, w->path);
	r = kvmi_type_member(s->t, w->type, w->path, &m, &err);
	if (w->r != 0) {
		UTIL_FAILS(name, r, w->r, &err);
		if (w->text != NULL)
			UTIL_TRUE(name, strstr(err.text, w->text) != NULL);
		return;
	}
	if (r != 0)
		fail_msg("%s: %s", name, err.text);
	if (!s->is64 && w->size32 != 0) {
		want.off = w->off32;
		want.size = w->size32;
	}
	/* Plain char has no sign on arm and powerpc. */
	if (strstr(w->path, "in.b") != NULL || strstr(w->path, "two") != NULL)
		want.is_signed = m.is_signed;
	UTIL_EQ(name, m.off, want.off);
	UTIL_EQ(name, m.size, want.size);
	UTIL_EQ(name, m.count, want.count);
	UTIL_EQ(name, m.bit_off, want.bit_off);
	UTIL_EQ(name, m.bit_size, want.bit_size);
	UTIL_EQ(name, m.is_signed, want.is_signed);
	UTIL_EQ(name, m.is_pointer, want.is_pointer);
}

static void
test_members(void **state)
{
	int done = 0;
	struct sample s;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!open_sample(i, &s))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(wants); j++)
			check_member(&s, &wants[j]);
		assert_true(check_list(s.t, "sample", "first") > 10);
		close_types(&s);
		done++;
	}
	print_message("%d of %d samples\n", done, n_samples);
	assert_true(done > 0);
}

/* Bit-fields begin at the first bit of the word, whichever end that is. */
static void
test_bits(void **state)
{
	static const uint8_t little[4] = { 0xa7, 0xd2, 0xe9, 0x5b };
	static const uint8_t big[4] = { 0x5b, 0xe9, 0xd2, 0xa7 };
	static const struct {
		const char *path;
		int64_t little, big;
	} row[] = {
		/* 0x5be9d2a7 from its low end, and from its high end. */
		{ "low", 1, 0 },
		{ "mid", 0x953, 0xb7d },
		{ "neg", 0x4e - 0x80, 0x1d },
		{ "bits", 0x1be, 0x54 },
	};
	uint8_t copy[216];
	struct kvmi_member m;
	struct sample s;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!open_sample(i, &s))
			continue;
		memset(copy, 0, sizeof(copy));
		memcpy(copy + 116, s.big_endian ? big : little, 4);
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			assert_int_equal(kvmi_type_member(s.t, "sample",
			    row[j].path, &m, &err), 0);
			UTIL_EQ(s.name, kvmi_member_get(&m, copy, sizeof(copy),
			    s.big_endian), s.big_endian ? row[j].big :
			    row[j].little);
		}
		close_types(&s);
	}
}

static void
test_sizes(void **state)
{
	static const struct {
		const char *type;
		int r;
		uint64_t size64, size32;
	} row[] = {
		{ "sample", 0, 208, 172 },
		{ "struct sample", KVMI_ENOENT },
		{ "link", 0, 16, 8 },
		{ "myint", 0, 4, 4 },
		{ "myptr", 0, 8, 4 },
		{ "int", 0, 4, 4 },
		{ "colour", 0, 4, 4 },
		{ "elsewhere", 0, 16, 16 },
		{ "elsewhere_t", 0, 16, 16 },
		{ "empty", 0, 0, 0 },
		{ "no_such", KVMI_ENOENT },
		{ "", KVMI_ENOENT },
	};
	uint64_t size;
	struct sample s;
	int r;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!open_sample(i, &s))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			size = 0;
			r = kvmi_type_size(s.t, row[j].type, &size, &err);
			UTIL_EQ(row[j].type, r, row[j].r);
			UTIL_EQ(row[j].type, size, s.is64 ? row[j].size64 :
			    row[j].size32);
		}
		close_types(&s);
	}
}

static void
test_enumerators(void **state)
{
	static const struct {
		const char *name;
		int r;
		int64_t v;
	} row[] = {
		{ "RED", 0, 0 },
		{ "BLUE", 0, 200 },
		{ "MINUS", 0, -3 },
		{ "LAST", 0, 77 },
		{ "colour", KVMI_ENOENT },
		{ "NO_SUCH", KVMI_ENOENT },
	};
	struct sample s;
	int64_t v;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!open_sample(i, &s))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			v = 0;
			UTIL_EQ(row[j].name, kvmi_type_enumerator(s.t,
			    row[j].name, &v, &err), row[j].r);
			UTIL_EQ(row[j].name, v, row[j].v);
		}
		close_types(&s);
	}
}

/* What no string is of takes one unit, not all; what was not seen is found. */
static void
test_nowhere(void **state)
{
	unsigned int early = 0;
	struct sample s;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_dwarf *d;
		uint64_t size;
		int64_t v;

		if (!open_sample(i, &s))
			continue;
		d = (struct kvmi_dwarf *)s.t;
		UTIL_EQ(s.name, kvmi_type_size(s.t, "no_such_type", &size,
		    &err), KVMI_ENOENT);
		early += !d->whole;
		UTIL_EQ(s.name, kvmi_type_enumerator(s.t, "NO_SUCH_NUMBER",
		    &v, &err), KVMI_ENOENT);
		UTIL_EQ(s.name, kvmi_type_size(s.t, "elsewhere_t", &size,
		    &err), 0);
		/* Names that are in their entries: all have to be seen. */
		d->own_names = true;
		UTIL_EQ(s.name, kvmi_type_size(s.t, "no_such_type", &size,
		    &err), KVMI_ENOENT);
		UTIL_TRUE(s.name, d->whole);
		close_types(&s);
	}
	assert_true(early > 0 || n_samples == 0);
}

static void
ask_all(struct kvmi_types *t)
{
	struct kvmi_member m;
	uint64_t size;
	int64_t v;

	for (size_t j = 0; j < KVMI_COUNT(wants); j++)
		kvmi_type_member(t, wants[j].type, wants[j].path, &m, &err);
	kvmi_type_size(t, "sample", &size, &err);
	kvmi_type_enumerator(t, "LAST", &v, &err);
}

/* Flipped bytes and cut files: any answer, but an answer. */
static void
test_damage(void **state)
{
	uint64_t seed = 42;
	struct sample s;
	struct kvmi_src *src;
	size_t len, at;
	uint8_t *p;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		src = open_file(samples[i]);
		len = (size_t)src->size;
		p = malloc(len + 1);
		assert_non_null(p);
		if (len > 0)
			assert_int_equal(kvmi_src_read(src, 0, p, len,
			    "sample", &err), 0);
		for (int n = 0; len > 0 && n < 40; n++) {
			uint8_t *copy = malloc(len);

			assert_non_null(copy);
			memcpy(copy, p, len);
			for (int k = 0; k < 20; k++) {
				at = util_random(&seed) % len;
				copy[at] = (uint8_t)util_random(&seed);
			}
			if (open_types(util_src(copy, n % 4 == 0 ?
			    util_random(&seed) % len + 1 : len,
			    &(struct util_src_opts){ .piece = UINT64_MAX }), &s) == 0)
				ask_all(s.t);
			close_types(&s);
			free(copy);
		}
		free(p);
		kvmi_src_close(src);
	}
}

static void
test_none(void **state)
{
	struct sample s = { .name = "stripped" };
	struct util_phdr ph = { .type = 1 };
	struct bytes b = { 0 };

	(void)state;
	util_elf(&b, &(struct util_elf){ .type = ET_EXEC }, &ph, 1);
	UTIL_FAILS("none", open_types(util_bytes(&b, b.len), &s), KVMI_ENOENT,
	    &err);
	UTIL_TRUE("none", strstr(err.text, "no DWARF") != NULL);
	close_types(&s);
	bytes_free(&b);
}

static void *
ask_thread(void *arg)
{
	struct kvmi_err e;
	uint64_t size = 0;

	for (int i = 0; i < 50; i++)
		if (kvmi_type_size(arg, "elsewhere", &size, &e) != 0 ||
		    size != 16 || kvmi_type_size(arg, "no_such", &size, &e) !=
		    KVMI_ENOENT)
			return (arg);
	return (NULL);
}

static void
test_threads(void **state)
{
	pthread_t thread[4];
	struct sample s;
	void *failed;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!open_sample(i, &s))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(thread); j++)
			assert_int_equal(pthread_create(&thread[j], NULL,
			    ask_thread, s.t), 0);
		for (size_t j = 0; j < KVMI_COUNT(thread); j++) {
			pthread_join(thread[j], &failed);
			UTIL_TRUE(s.name, failed == NULL);
		}
		close_types(&s);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_enumerators),
		cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_damage),
	};

	samples = argv + 1;
	n_samples = argc - 1;
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
