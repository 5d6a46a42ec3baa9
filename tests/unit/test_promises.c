/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What FreeBSD's own tests of libkvm hold it to (kvm_open, kvm_open2, kvm_close,
 * kvm_geterr, kvm_read), each promise tested in our way; what they try on the
 * running system is tried on a dump as well, where there are any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kvm.h>

/* Longer than any text, and never touched where there is nothing to say. */
static char why[2048];

static kvm_t *
open_dump(void)
{
	const char *dir = getenv("KVM_IMAGES");
	char kernel[4096], dump[4096];
	kvm_t *kd;

	if (dir == NULL)
		skip();
	snprintf(kernel, sizeof(kernel), "%s/fbsd-v3-kernel.elf", dir);
	snprintf(dump, sizeof(dump), "%s/fbsd-v3-kernel", dir);
	why[0] = '\0';
	kd = kvm_open2(kernel, dump, O_RDONLY, why, NULL);
	assert_non_null(kd);
	assert_string_equal(why, "");
	return (kd);
}

/* A file of text, which is neither a kernel nor a dump; path is a template. */
static void
make_text(char *path)
{
	static const char text[] = "neither a kernel nor a dump\n";
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) > 0);
	close(fd);
}

static void
close_refuses_null(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(kvm_close(NULL), -1);
	assert_int_equal(errno, EINVAL);
}

static void
geterr_of_null_is_empty(void **state)
{
	(void)state;
	assert_non_null(kvm_geterr(NULL));
	assert_string_equal(kvm_geterr(NULL), "");
}

/* What cannot be written says why, and the descriptor closes all the same. */
static void
check_write_fails(kvm_t *kd)
{
	assert_int_equal(kvm_write(kd, 0, NULL, 0), -1);
	assert_true(kvm_geterr(kd)[0] != '\0');
	assert_int_equal(kvm_close(kd), 0);
}

static void
geterr_after_a_failure(void **state)
{
	kvm_t *kd;

	(void)state;
	why[0] = '\0';
	kd = kvm_open2(NULL, NULL, O_RDONLY, why, NULL);
	/* The memory of this host may be out of reach: then that is said. */
	if (kd == NULL)
		assert_true(why[0] != '\0');
	else {
		assert_string_equal(why, "");
		check_write_fails(kd);
	}
	check_write_fails(open_dump());
}

/* The last failure stays the last one when a call succeeds. */
static void
geterr_survives_success(void **state)
{
	struct nlist nl[2] = { { .n_name = (char *)(uintptr_t)"_mp_ncpus" } };
	kvm_t *kd = open_dump();
	char before[2048];
	int n = 0;

	(void)state;
	assert_int_equal(kvm_nlist(kd, nl), 0);
	assert_int_equal(kvm_write(kd, 0, NULL, 0), -1);
	snprintf(before, sizeof(before), "%s", kvm_geterr(kd));
	assert_true(before[0] != '\0');
	assert_int_equal(kvm_read(kd, nl[0].n_value, &n, sizeof(n)),
	    sizeof(n));
	assert_string_equal(kvm_geterr(kd), before);
	assert_int_equal(kvm_close(kd), 0);
}

/* With and without a name to print before the error; with a buffer and not. */
static void
check_refused(const char *exec, const char *core)
{
	assert_null(kvm_open(exec, core, NULL, O_RDONLY, NULL));
	assert_null(kvm_open(exec, core, NULL, O_RDONLY, "test"));
	snprintf(why, sizeof(why), "untouched");
	assert_null(kvm_open2(exec, core, O_RDONLY, NULL, NULL));
	assert_string_equal(why, "untouched");
	why[0] = '\0';
	assert_null(kvm_open2(exec, core, O_RDONLY, why, NULL));
	assert_true(why[0] != '\0');
}

static void
open_without_core(void **state)
{
	(void)state;
	check_refused(NULL, "/nonexistent");
}

static void
open_without_exec(void **state)
{
	(void)state;
	check_refused("/nonexistent", "/dev/zero");
}

static void
open_of_invalid_core(void **state)
{
	char path[] = "/tmp/libkvm-text-XXXXXX";

	(void)state;
	make_text(path);
	check_refused(NULL, path);
	unlink(path);
}

static void
open_of_invalid_exec(void **state)
{
	char path[] = "/tmp/libkvm-text-XXXXXX";

	(void)state;
	make_text(path);
	check_refused(path, "/bin/sh");
	unlink(path);
}

/* A variable has the value that the kernel's own answer is. */
static void
read_gives_the_value(void **state)
{
	struct nlist nl[2] = { { .n_name = (char *)(uintptr_t)"_mp_ncpus" } };
	kvm_t *kd = open_dump();
	int n = 0;

	(void)state;
	assert_int_equal(kvm_nlist(kd, nl), 0);
	assert_true(nl[0].n_type != 0);
	assert_int_equal(kvm_read(kd, nl[0].n_value, &n, sizeof(n)),
	    sizeof(n));
	assert_int_equal(n, kvm_getncpus(kd));
	assert_int_equal(kvm_close(kd), 0);
}

/* Descriptors end somewhere, and then it is said where. */
static void
too_many_are_refused(void **state)
{
	static kvm_t *kd[PTHREAD_KEYS_MAX + 1];
	size_t n = 0;

	(void)state;
	why[0] = '\0';
	while (n <= PTHREAD_KEYS_MAX && (kd[n] = kvm_open2(NULL, "/dev/null",
	    O_RDONLY, why, NULL)) != NULL)
		n++;
	assert_true(n <= PTHREAD_KEYS_MAX);
	assert_non_null(strstr(why, "PTHREAD_KEYS_MAX"));
	while (n > 0)
		assert_int_equal(kvm_close(kd[--n]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_refuses_null),
		cmocka_unit_test(geterr_of_null_is_empty),
		cmocka_unit_test(geterr_after_a_failure),
		cmocka_unit_test(geterr_survives_success),
		cmocka_unit_test(open_without_core),
		cmocka_unit_test(open_without_exec),
		cmocka_unit_test(open_of_invalid_core),
		cmocka_unit_test(open_of_invalid_exec),
		cmocka_unit_test(read_gives_the_value),
		cmocka_unit_test(too_many_are_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
