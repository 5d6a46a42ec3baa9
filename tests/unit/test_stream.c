/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed images: each method, read at any place, whole and damaged. */
#include <pthread.h>

#include "build_stream.h"

static void
test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		uint64_t run;

		make(k, &b);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, NULL, &s, &err),
		    0, &err);
		UTIL_EQ(k->name, s->size, LEN);
		UTIL_TRUE(k->name, !s->truncated && s->damage == NULL);
		UTIL_TRUE(k->name, s->ops->map(s, 0, &run) == NULL);
		UTIL_EQ(k->name, s->ops->file_off(s, 0), -1);
		check_reads(k, s, LEN, 40, 7);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

/* Zeros behind it are the rest of a device's block; anything else is not. */
static void
test_tail(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;

		make(k, &b);
		bytes_fill(&b, 0, 512);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, NULL, &s, &err),
		    0, &err);
		UTIL_TRUE(k->name, s->size == LEN && !s->truncated);
		kvmi_src_close(s);
		bytes_put(&b, "x", 1);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, NULL, &s, &err),
		    0, &err);
		UTIL_TRUE(k->name, s->size == LEN && s->truncated &&
		    strstr(s->damage, "something else") != NULL);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

/* Everything before the cut can be read, and what is behind says why not. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		uint64_t last = 0;
		uint8_t c;

		make(k, &b);
		for (size_t n = 0; n < 40; n++) {
			size_t len = n < 20 ? n : b.len - 1 - (39 - n) *
			    (b.len / 21);
			int r = open_stream(k, b.p, len, NULL, &s, &err);

			if (r != 0) {
				UTIL_TRUE(k->name, err.text[0] != '\0' &&
				    last == 0);
				continue;
			}
			UTIL_TRUE(k->name, s->size >= last && s->size <= LEN);
			UTIL_TRUE(k->name, s->size == LEN || s->truncated ||
			    k->members > 1 || len == 0);
			last = s->size;
			check_reads(k, s, s->size, 10, n);
			UTIL_FAILS(k->name, kvmi_src_read(s, s->size, &c, 1,
			    "x", &err), KVMI_ETRUNC, &err);
			UTIL_TRUE(k->name, !s->truncated ||
			    strstr(err.text, " of the file, 0x") != NULL);
			kvmi_src_close(s);
		}
		UTIL_TRUE(k->name, last > LEN / 2);
		bytes_free(&b);
	}
}

/* All of what may be damaged; 1 when it is, or when it cannot be had. */
static unsigned int
use_flipped(const struct kind *k, struct kvmi_src *s, size_t at, uint64_t rnd)
{
	static uint8_t all[LEN];
	struct kvmi_err err = { 0 };
	int r = 0;

	if (s->size > 0 && s->size <= LEN)
		r = kvmi_src_read(s, 0, all, (size_t)s->size, "all", &err);
	/* What was decoded once can be decoded again. */
	UTIL_TRUE(k->name, r == 0 || (k->listed && r == KVMI_ETRUNC &&
	    err.text[0] != '\0'));
	if (r == 0 && at > 1000)
		check_reads(k, s, kvmi_min(s->size, at / 4), 3, rnd);
	return (r != 0 || s->truncated);
}

/* No flipped bit does harm; what comes before it is right. */
static void
test_flipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		uint64_t rnd = 5;
		unsigned int noticed = 0;

		make(k, &b);
		for (int n = 0; n < 40; n++) {
			size_t at = n < 20 ? (size_t)n : (size_t)
			    (util_random(&rnd) % b.len);
			uint8_t bit = (uint8_t)(1u << n % 8);

			b.p[at] ^= bit;
			if (open_stream(k, b.p, b.len, NULL, &s, &err) != 0) {
				UTIL_TRUE(k->name, err.text[0] != '\0');
				noticed++;
			} else {
				noticed += use_flipped(k, s, at, rnd);
				kvmi_src_close(s);
			}
			b.p[at] ^= bit;
		}
		/* Time and system in the headers are nobody's concern. */
		UTIL_TRUE(k->name, noticed >= (k->unchecked ? 4 : 30));
		bytes_free(&b);
	}
}

/* A length that is known beforehand hides nothing of what can be had. */
static void
test_damage_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		size_t n = 0;
		uint8_t got;

		if (!k->listed || k->members > 1)
			continue;
		make(k, &b);
		memset(b.p + b.len / 2, 0xff, 100);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, NULL, &s, &err),
		    0, &err);
		while (n < LEN && kvmi_src_read(s, n, &got, 1, "x", &err) == 0)
			n += 1009;
		UTIL_TRUE(k->name, n > LEN / 8 && n < LEN && n % 32768 >= 1009);
		UTIL_TRUE(k->name, strstr(err.text, "damaged at 0x") != NULL);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

struct job {
	const struct kind *k;
	struct kvmi_src	*s;
	uint64_t	 rnd;
};

static void *
read_much(void *arg)
{
	const struct job *j = arg;

	check_reads(j->k, j->s, LEN, 10, j->rnd);
	return (NULL);
}

static void
test_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		pthread_t t[4];
		struct job job[4];

		make(k, &b);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, NULL, &s, &err),
		    0, &err);
		for (size_t n = 0; n < 4; n++) {
			job[n] = (struct job){ k, s, n + 1 };
			pthread_create(&t[n], NULL, read_much, &job[n]);
		}
		for (size_t n = 0; n < 4; n++)
			pthread_join(t[n], NULL);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_damage_behind),
		cmocka_unit_test(test_threads),
	};

	make_content();
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
