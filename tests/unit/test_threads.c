/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many threads on one descriptor: each reads the right bytes and keeps an
 * error of its own.  And the SIGBUS handler of the application, which the
 * library's stands in front of, still gets what is not the library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kvm.h>

#define THREADS	8
#define ROUNDS	20000

struct job {
	kvm_t	*kd;
	kvaddr_t va;
	char	 want[64];
	kvaddr_t hole;
	int	 wrong;
};

static void *
work(void *arg)
{
	struct job *j = arg;
	char buf[sizeof(j->want)], says[64];

	snprintf(says, sizeof(says), "0x%" PRIx64, j->hole);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t word;

		if (kvm_read2(j->kd, j->va, buf, sizeof(buf)) != sizeof(buf) ||
		    memcmp(buf, j->want, sizeof(buf)) != 0)
			j->wrong++;
		/* Its own address in its own error, whatever others do. */
		if (kvm_read2(j->kd, j->hole, &word, 8) != -1 ||
		    strstr(kvm_geterr(j->kd), says) == NULL)
			j->wrong++;
	}
	return (NULL);
}

static const char *
image(const char *name)
{
	static char path[2][4096];
	static int next;
	const char *dir = getenv("KVM_IMAGES");

	if (dir == NULL)
		skip();
	next = !next;
	snprintf(path[next], sizeof(path[0]), "%s/%s", dir, name);
	return (path[next]);
}

static void
threads_on(const char *kernel, const char *core, const char *symbol)
{
	kvm_t *kd = kvm_open2(kernel, core, O_RDONLY, NULL, NULL);
	struct kvm_nlist nl[] = { { .n_name = symbol }, { 0 } };
	struct job job[THREADS] = { { 0 } };
	pthread_t id[THREADS];

	assert_non_null(kd);
	assert_int_equal(kvm_nlist2(kd, nl), 0);
	for (int i = 0; i < THREADS; i++) {
		job[i].kd = kd;
		job[i].va = nl[0].n_value;
		job[i].hole = 0x1000 * (kvaddr_t)(i + 1);
		assert_int_equal(kvm_read2(kd, job[i].va, job[i].want,
		    sizeof(job[i].want)), sizeof(job[i].want));
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&id[i], NULL, work, &job[i]),
		    0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(id[i], NULL);
		assert_int_equal(job[i].wrong, 0);
	}
	/* What other threads failed at is not this one's error. */
	assert_string_equal(kvm_geterr(kd), "");
	kvm_close(kd);
}

static void
mapped(void **state)
{
	(void)state;
	threads_on(image("fbsd-v3-kernel.elf"), image("fbsd-v3-kernel"),
	    "version");
}

static void
compressed(void **state)
{
	(void)state;
	threads_on(NULL, image("linux-kdump-symbols"), "init_uts_ns");
}

static sigjmp_buf back;
static volatile sig_atomic_t caught;

static void
on_bus(int sig)
{
	(void)sig;
	caught++;
	siglongjmp(back, 1);
}

/* A file of ours, cut under a mapping of ours. */
static volatile char *
broken_mapping(void)
{
	char name[] = "/tmp/kvm-bus-XXXXXX";
	int fd = mkstemp(name);
	char *p;

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(ftruncate(fd, 8192), 0);
	p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	return (p);
}

static void
sigbus_of_others(void **state)
{
	struct sigaction mine = { .sa_handler = on_bus }, before, now;
	volatile char *p = broken_mapping();
	kvm_t *kd;

	(void)state;
	assert_int_equal(sigaction(SIGBUS, &mine, &before), 0);
	kd = kvm_open2(NULL, image("fbsd-v3-tiny"), O_RDONLY, NULL, NULL);
	assert_non_null(kd);
	if (sigsetjmp(back, 1) == 0)
		(void)*p;
	assert_int_equal(caught, 1);
	kvm_close(kd);
	/* And it is given back. */
	assert_int_equal(sigaction(SIGBUS, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, on_bus);
	sigaction(SIGBUS, &before, NULL);
	munmap((void *)(uintptr_t)p, 8192);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mapped),
		cmocka_unit_test(compressed),
		cmocka_unit_test(sigbus_of_others),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
