/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual reads by several threads, also of a file that shrinks meanwhile. */
#include <pthread.h>
#include <stdatomic.h>

#include "space_memory.h"

#define THREADS	8

struct job {
	const struct kvmi_space *s;
	struct kvmi_threads *t;
	uint64_t	 seed;
	bool		 shrinks;
	atomic_uint	*wrong, *lost;
};

static void *
read_often(void *arg)
{
	struct job *j = arg;
	struct kvmi_cx *cx = kvmi_cx_get(j->t);
	uint8_t want[64], got[64];

	for (int i = 0; i < 10000; i++) {
		uint64_t va = random_va(&j->seed);
		size_t len = util_random(&j->seed) % 64, n, done;
		int code = expected(va, want, len, &n), r;

		if (!j->shrinks) {
			if (!read_is_right(j->s, cx, va, len))
				atomic_fetch_add(j->wrong, 1);
			continue;
		}
		r = kvmi_space_read(j->s, cx, va, got, len, &done);
		if (memcmp(got, want, done) != 0 || (r != KVMI_ETRUNC &&
		    (r != code || done != n)))
			atomic_fetch_add(j->wrong, 1);
		if (r == KVMI_ETRUNC)
			atomic_fetch_add(j->lost, 1);
	}
	return (NULL);
}

static void
run_threads(const char *name, struct kvmi_space *s, int fd, size_t size)
{
	atomic_uint wrong = 0, lost = 0;
	struct kvmi_threads t;
	struct job job[THREADS];
	pthread_t id[THREADS];

	UTIL_EQ(name, kvmi_threads_init(&t), 0);
	for (size_t i = 0; i < THREADS; i++) {
		job[i] = (struct job){ s, &t, i + 1, fd >= 0, &wrong, &lost };
		pthread_create(&id[i], NULL, read_often, &job[i]);
	}
	for (size_t left = size & ~(size_t)0xffff; fd >= 0 && left > 0x10000;
	    left -= 0x10000) {
		if (ftruncate(fd, (off_t)left) != 0)
			abort();
		usleep(1000);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	UTIL_EQ(name, wrong, 0);
	UTIL_EQ(name, lost > 0, fd >= 0);
	kvmi_threads_deinit(&t);
}

/* Eight threads read one space, and each has its own error. */
static void
test_threads(void **state)
{
	static const enum store which[] = { ELF, ELF_READ, FLAT, KDUMP_ZLIB,
		ELF_FILE };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(which); i++) {
		struct kvmi_image *img = open_store(which[i]);
		struct kvmi_space s = space_of(img);

		run_threads(store[which[i]].name, &s, -1, 0);
		kvmi_image_close(img);
	}
}

/* The same while the file shrinks: right bytes, or "truncated". */
static void
test_shrinks(void **state)
{
	static const struct { const char *name; enum store s; } which[] = {
		{ "ELF", ELF }, { "flattened", FLAT }, { "kdump", KDUMP_ZLIB },
		{ "raw kdump", KDUMP_RAW },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(which); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_space s;
		int fd;

		if (which[i].s == ELF)
			make_elf(&b);
		else if (which[i].s == FLAT)
			make_flattened(&b);
		else
			make_kdump(&b, which[i].s == KDUMP_ZLIB);
		fd = util_file(b.p, b.len);
		img = util_image(which[i].name, util_file_src(fd));
		s = space_of(img);
		run_threads(which[i].name, &s, fd, b.len);
		kvmi_image_close(img);
		close(fd);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
